package dev.interlock.policy.review;

import dev.interlock.policy.Place;
import dev.interlock.policy.Severity;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One thing in a policy or a server's tools that someone should look at.
 *
 * @param severity how much it matters
 * @param code the kind of finding
 * @param place where in the policy; an empty path if the finding is about the policy as a whole or a tool
 * @param message what was found, on one line, without control or invisible characters
 * @param fix what to do about it, or null if that is obvious
 * @param tools the tools that it is about, by name, as their server wrote them; empty if it is about none in particular
 */
public record Finding(
        Severity severity,
        Problem code,
        Place place,
        String message,
        @Nullable String fix,
        List<String> tools) {

    /** The kind of a finding. A code keeps its meaning from release to release; messages don't. */
    public enum Problem {
        /** No server offers a tool with this name. */
        UNKNOWN_TOOL,
        /** A glob, category or risk that matches none of the tools. */
        MATCHES_NOTHING,
        /** A tool looks like one that the policy names, but differs from it: every call to it is denied. */
        LOOK_ALIKE,
        /** A tool has a name that no call may have: every call to it is denied. */
        BAD_TOOL_NAME,
        /**
         * Two servers offer a tool with the same name, or one server offers it twice: a rule for one of them applies to
         * both.
         */
        AMBIGUOUS_TOOL,
        /** A path that the tool's input schema doesn't have. */
        UNKNOWN_ARGUMENT,
        /** A path into structured content that the tool's output schema doesn't have. */
        UNKNOWN_RESULT,
        /** No value that the schema allows is of a type that the operator can compare. */
        WRONG_TYPE,
        /** The schema never allows this value at that path. */
        IMPOSSIBLE_VALUE,
        /** Conditions that never hold together, for any call or for any call that fits the tool's schema. */
        NEVER_HOLDS,
        /** Conditions that always hold, for any call or for any call that fits the tool's schema. */
        ALWAYS_HOLDS,
        /**
         * A denial or an approval that reads an argument which may be left out, where the tool's schema has a default
         * for it that the denial or approval is about.
         */
        FORBIDDEN_DEFAULT,
        /** Two parts of the policy have demands that no call can meet together: every call is denied. */
        CONFLICT,
        /** No call passes this check, for example because a limit is smaller than what each call counts. */
        NEVER_PASSES,
        /** A rule that never decides, because the call is denied before it. */
        UNREACHABLE_RULE,
        /** A limit that no call can hit. */
        UNREACHABLE_LIMIT,
        /** A grant that no identity gets, because an earlier one matches all of its identities. */
        UNREACHABLE_GRANT,
        /** A tool of high or critical risk may be called without any check or limit. */
        UNCOVERED_TOOL,
        /** A tool's definition contains text that speaks to the model, or that is invisible. */
        SPEAKS_TO_MODEL,
        /** A description that names another tool. */
        NAMES_OTHER_TOOL;

        /** Returns the code in the form that programs read: {@code unknown-tool}. */
        public String text() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** Copies the tools. */
    public Finding {
        tools = List.copyOf(tools);
    }
}
