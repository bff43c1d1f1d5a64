package dev.interlock.policy;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A rule on what comes back of a call.
 *
 * @param name its name, or null; its {@link #place} then stands for it
 * @param require conditions that must all hold, or the result is withheld
 * @param denyIf conditions, each of which withholds the result
 * @param redact what is removed from its texts, in order
 * @param maxBytes the most UTF-8 bytes that the result may have as JSON; null if it may have any number
 * @param cuts whether a result that is too large is cut; otherwise it is withheld
 * @param message what the agent is told if the result is withheld, or null for a built-in message
 * @param mode whether it is enforced
 * @param place where it stands
 */
public record ResultRule(
        @Nullable String name,
        List<Block> require,
        List<Block> denyIf,
        List<TextRedaction> redact,
        @Nullable Long maxBytes,
        boolean cuts,
        @Nullable String message,
        Mode mode,
        Place place) {

    /** Copies the lists. */
    public ResultRule {
        require = List.copyOf(require);
        denyIf = List.copyOf(denyIf);
        redact = List.copyOf(redact);
    }

    /** Returns the name, or the path of its place. */
    public String label() {
        return name == null ? place.path() : name;
    }

    /** Returns the items of {@code require} and {@code deny_if}, in the order of checking. */
    public List<Block> blocks() {
        List<Block> blocks = new ArrayList<>(require);
        blocks.addAll(denyIf);
        return blocks;
    }

    /** What is removed from the texts of a result. */
    public sealed interface TextRedaction {

        /** What takes the place of what is removed, unless the policy says otherwise. */
        String REDACTED = "[redacted]";

        /** What Interlock itself knows how to find. */
        enum Preset implements TextRedaction {
            /** Keys and tokens of well-known forms. */
            SECRETS("secrets"),
            /** Addresses of mailboxes. */
            EMAILS("emails"),
            /** Numbers of payment cards. */
            CARD_NUMBERS("card_numbers"),
            /** International bank account numbers. */
            IBANS("ibans");

            private final String text;

            Preset(String text) {
                this.text = text;
            }

            /** Returns the name as policies write it. */
            public String text() {
                return text;
            }
        }

        /**
         * What a pattern matches.
         *
         * @param pattern an RE2 pattern
         * @param with what takes the place of each match, as it is written
         */
        record Matches(String pattern, String with) implements TextRedaction {}
    }
}
