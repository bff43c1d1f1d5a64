package dev.interlock.policy.review;

import dev.interlock.policy.Place;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One thing that a policy or a server should be looked at for.
 *
 * @param severity how much it matters
 * @param code what kind of finding it is
 * @param place where in the policy; an empty path if the policy as a whole, or a tool, is meant
 * @param message what was found, on one line, without control or invisible characters
 * @param fix what to do about it, or null if that is plain
 * @param tools the tools that are meant, by name, as their server wrote them; empty if it is about none in particular
 */
public record Finding(
        Severity severity,
        Code code,
        Place place,
        String message,
        @Nullable String fix,
        List<String> tools) {

    /** How much a finding matters. */
    public enum Severity {
        /** The policy can't do what it says, or leaves a hole. */
        ERROR,
        /** The policy or the server is perhaps not what was meant. */
        WARNING,
        /** Worth knowing. */
        NOTE;

        /** In lower case, as it is printed. */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What kind of finding it is. A code keeps its meaning from release to release; messages don't. */
    public enum Code {
        /** No server offers a tool of that name. */
        UNKNOWN_TOOL,
        /** A glob, category or risk that matches none of the tools. */
        MATCHES_NOTHING,
        /** A tool that looks like one that the policy names, but isn't: every call of it is denied. */
        LOOK_ALIKE,
        /** A tool whose name no call may have: every call of it is denied. */
        BAD_TOOL_NAME,
        /** Two servers offer a tool of one name, or one server offers it twice: a rule for it is a rule for both. */
        AMBIGUOUS_TOOL,
        /** A path that the tool's input schema doesn't have. */
        UNKNOWN_ARGUMENT,
        /** No value that the schema allows is of a type that the operator can compare. */
        WRONG_TYPE,
        /** A value that the schema never allows at that path. */
        IMPOSSIBLE_VALUE,
        /** Conditions that never hold together: of any call, or of any that fits the tool's schema. */
        NEVER_HOLDS,
        /** Conditions that always hold: of any call, or of any that fits the tool's schema. */
        ALWAYS_HOLDS,
        /** Two parts of the policy ask for what no call has both of: every call is denied. */
        CONFLICT,
        /** A check that no call passes, such as a limit that is smaller than what each call counts. */
        NEVER_PASSES,
        /** A rule that never decides, since the call is denied before it. */
        UNREACHABLE_RULE,
        /** A limit that no call can hit. */
        UNREACHABLE_LIMIT,
        /** A grant that no identity gets, since an earlier one matches all that it does. */
        UNREACHABLE_GRANT,
        /** A tool of high or critical risk that may be called without any check or limit. */
        UNCOVERED_TOOL,
        /** Text in a tool's definition that speaks to the model, or can't be seen. */
        SPEAKS_TO_MODEL,
        /** A description that names another tool. */
        NAMES_OTHER_TOOL;

        /** As programs read it: {@code unknown-tool}. */
        public String text() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** Copies the tools. */
    public Finding {
        tools = List.copyOf(tools);
    }
}
