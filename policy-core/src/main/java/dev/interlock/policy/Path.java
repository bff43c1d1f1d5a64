package dev.interlock.policy;

import java.util.ArrayList;
import java.util.List;

/**
 * What a condition reads: {@code args.items.0.id}, {@code args.recipients[*].email}, {@code state.create_charge.n},
 * {@code call.identity}, {@code tool.risk}, {@code ctx.tenant}, {@code session.untrusted}, {@code result.text},
 * {@code usage.tokens}.
 *
 * @param root where the path starts
 * @param steps the steps after the root; at least one
 * @param text the path as written
 */
public record Path(Root root, List<Step> steps, String text) {

    /** Where a path starts. */
    public enum Root {
        /** The arguments of the call. */
        ARGS("args"),
        /** The parameters of a request other than {@code tools/call}. */
        PARAMS("params"),
        /** A counter. */
        STATE("state"),
        /** What the engine knows of the call: {@code identity}, {@code session}, {@code server}, {@code time}. */
        CALL("call"),
        /** How the tool is rated: {@code category}, {@code risk}. */
        TOOL("tool"),
        /** What the host says about the call. */
        CTX("ctx"),
        /** What the call's session has seen: marks. */
        SESSION("session"),
        /**
         * What came back: {@code text}, {@code structured}, {@code is_error}, {@code bytes}, {@code blocks}. Only rules
         * on results, values of marks and amounts that come afterwards read it.
         */
        RESULT("result"),
        /** What the host tells when a call has ended. Only amounts that come afterwards read it. */
        USAGE("usage");

        private final String text;

        Root(String text) {
            this.text = text;
        }

        /** Returns the root as policies write it. */
        public String text() {
            return text;
        }
    }

    /** One step of a path. */
    public sealed interface Step {

        /**
         * To the member of this name or, in a list, to the element of this number.
         *
         * @param name the member's name
         * @param quoted whether it was written in quotes, so that it can't be the number of an element
         */
        record Member(String name, boolean quoted) implements Step {}

        /** To every element of a list: {@code [*]}. */
        record Every() implements Step {}

        /** To the elements of a list, of which one is enough: {@code [any]}. */
        record Any() implements Step {}
    }

    /** Copies the steps. */
    public Path {
        steps = List.copyOf(steps);
        if (steps.isEmpty()) {
            throw new IllegalArgumentException("a path needs at least one step after '" + root.text() + "'");
        }
    }

    /**
     * Reads a path.
     *
     * @throws IllegalArgumentException if the text is not a path; the message says what was expected
     */
    public static Path parse(String text) {
        return new Parser(text).parse();
    }

    /**
     * Returns the name of the member at step {@code index}.
     *
     * @throws ClassCastException if that step is {@code [*]} or {@code [any]}
     */
    public String member(int index) {
        return ((Step.Member) steps.get(index)).name();
    }

    /** Returns whether the path leads to one value, and not to the elements of a list. */
    public boolean isSingle() {
        for (Step step : steps) {
            if (!(step instanceof Step.Member)) {
                return false;
            }
        }
        return true;
    }

    /** Returns whether this is {@code call.time}, the wall clock when the call is decided. */
    public boolean isTime() {
        return root == Root.CALL
                && steps.get(0) instanceof Step.Member member
                && member.name().equals("time");
    }

    @Override
    public String toString() {
        return text;
    }

    private static final class Parser {

        private static final String ROOTS =
                "args.<name>, state.<tool>.<counter>, call.identity, call.session, call.server, call.time,"
                        + " tool.category, tool.risk or ctx.<key>";

        private final String text;
        private int at;

        Parser(String text) {
            this.text = text;
        }

        Path parse() {
            int dot = text.indexOf('.');
            String first = dot < 0 ? text : text.substring(0, dot);
            Root root = root(first);
            if (dot < 0 || dot == text.length() - 1) {
                throw bad("'" + text + "' names nothing; write " + example(root));
            }
            at = dot;
            List<Step> steps = new ArrayList<>();
            while (at < text.length()) {
                steps.add(step(steps.isEmpty()));
            }
            Path path = new Path(root, steps, text);
            check(path);
            return path;
        }

        private Root root(String first) {
            for (Root root : Root.values()) {
                if (root.text().equals(first)) {
                    return root;
                }
            }
            throw bad("a path must be " + ROOTS);
        }

        private static String example(Root root) {
            return switch (root) {
                case ARGS -> "args.<name>, such as args.amount";
                case PARAMS -> "params.<name>, such as params.uri";
                case STATE -> "state.<tool>.<counter>";
                case CALL -> "call.identity, call.session, call.server or call.time";
                case TOOL -> "tool.category or tool.risk";
                case CTX -> "ctx.<key>, such as ctx.tenant";
                case SESSION -> "session.<mark>, such as session.untrusted";
                case RESULT -> "result.text, result.structured.<path>, result.is_error, result.bytes or result.blocks";
                case USAGE -> "usage.<key>, such as usage.tokens";
            };
        }

        private Step step(boolean first) {
            if (!first && text.startsWith("[*]", at)) {
                at += 3;
                return new Step.Every();
            }
            if (!first && text.startsWith("[any]", at)) {
                at += 5;
                return new Step.Any();
            }
            if (text.charAt(at) != '.') {
                throw bad("'" + text + "' has a stray '" + text.substring(at, text.offsetByCodePoints(at, 1))
                        + "'; steps are joined by '.', '[*]' means every element and '[any]' at least one");
            }
            at++;
            if (at < text.length() && text.charAt(at) == '"') {
                return quoted();
            }
            int start = at;
            while (at < text.length() && text.charAt(at) != '.' && text.charAt(at) != '[') {
                if (text.charAt(at) == '"' || text.charAt(at) == ']') {
                    throw bad("'" + text + "' has a stray '" + text.charAt(at)
                            + "'; quote a whole key that contains it: args.\"a.b\"");
                }
                at++;
            }
            String name = text.substring(start, at);
            if (name.isEmpty()) {
                throw bad(
                        "'" + text + "' has an empty step; quote a key that is empty or contains a dot: args.\"a.b\"");
            }
            if (!name.equals(name.strip())) {
                throw bad("'" + text + "' has space at the edge of a step; quote a key that has it: args.\" a\"");
            }
            return new Step.Member(name, false);
        }

        private Step quoted() {
            int end = text.indexOf('"', at + 1);
            if (end < 0) {
                throw bad("'" + text + "' has a quoted key without its closing quote");
            }
            String name = text.substring(at + 1, end);
            at = end + 1;
            return new Step.Member(name, true);
        }

        private void check(Path path) {
            switch (path.root()) {
                case ARGS, PARAMS, CTX -> {}
                case STATE -> {
                    if (path.steps().size() != 2 || !path.isSingle()) {
                        throw bad(
                                "'" + text + "' must be state.<tool>.<counter>; quote a tool name that contains a dot:"
                                        + " state.\"a.b\".n");
                    }
                }
                case CALL -> one(path, List.of("identity", "session", "server", "time"));
                case TOOL -> one(path, List.of("category", "risk"));
                case SESSION, USAGE -> {
                    if (path.steps().size() != 1) {
                        throw bad("'" + text + "' must be " + example(path.root()));
                    }
                }
                case RESULT -> {
                    if (!path.member(0).equals("structured")) {
                        one(path, List.of("text", "is_error", "bytes", "blocks"));
                    }
                }
            }
        }

        private void one(Path path, List<String> names) {
            if (path.steps().size() != 1 || !path.isSingle() || !names.contains(path.member(0))) {
                throw bad("'" + text + "' must be " + example(path.root()));
            }
        }

        private static IllegalArgumentException bad(String message) {
            return new IllegalArgumentException(message);
        }
    }
}
