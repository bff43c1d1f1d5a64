package dev.interlock.policy.yaml;

import dev.interlock.policy.Path;
import dev.interlock.policy.text.Suggestion;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads paths. */
final class PathExpressionReader {

    /** A bare name, without the prefix that says where it belongs. */
    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,40}");

    private final ReadContext context;

    PathExpressionReader(ReadContext context) {
        this.context = context;
    }

    /** Any path. */
    @Nullable
    Path path(Node node, NodePath at, String what) {
        String text = context.scalars.text(node, at, what);
        if (text == null) {
            return null;
        }
        Path path;
        try {
            path = Path.parse(text);
        } catch (IllegalArgumentException e) {
            context.findings.error("bad-path", node, at, String.valueOf(e.getMessage()), hint(text));
            return null;
        }
        if (isElsewhere(path, node, at)) {
            return null;
        }
        List<String> given = context.given;
        if (given != null && path.root() == Path.Root.CTX && !given.contains(path.member(0))) {
            String nearest = Suggestion.to(path.member(0), given);
            context.findings.error(
                    "not-in-context",
                    node,
                    at,
                    Display.quoted(path.text()) + " is nothing that the host gives: 'context' doesn't name "
                            + Display.quoted(path.member(0)),
                    nearest == null ? "add it to 'context'" : "did you mean 'ctx." + nearest + "'?");
            return null;
        }
        return path;
    }

    /**
     * A path to one value in the arguments.
     *
     * @param within whether the path begins within an element of a list, and so not with {@code args}
     */
    @Nullable
    Path within(Node node, NodePath at, boolean within) {
        String text = context.scalars.nonBlank(node, at, "a path");
        if (text == null) {
            return null;
        }
        String whole = within ? Path.Root.ARGS.text() + "." + text : text;
        Path path;
        try {
            path = Path.parse(whole);
        } catch (IllegalArgumentException e) {
            context.findings.error("bad-path", node, at, String.valueOf(e.getMessage()), within ? null : hint(text));
            return null;
        }
        if (within && text.startsWith(Path.Root.ARGS.text() + ".")) {
            context.findings.warn(
                    "bad-path",
                    node,
                    at,
                    "with 'each', paths begin within an element, so this is its member 'args'",
                    "leave 'args.' out");
        }
        if (path.root() != Path.Root.ARGS) {
            context.findings.error(
                    "bad-path",
                    node,
                    at,
                    "the arguments say which tool is run, not " + Display.quoted(text),
                    "write args.<name>");
            return null;
        }
        if (path.steps().stream().anyMatch(Path.Step.Every.class::isInstance)) {
            context.findings.error(
                    "bad-path", node, at, "'[*]' is every element", "write each: args.<list> for a list of calls");
            return null;
        }
        return path;
    }

    /** Whether the path begins where nothing can be read here; that has then been reported. */
    private boolean isElsewhere(Path path, Node node, NodePath at) {
        Path.Root root = path.root();
        if (root == Path.Root.USAGE) {
            context.findings.error(
                    "bad-path",
                    node,
                    at,
                    Display.quoted(path.text()) + " is known only when the call has ended, and no condition reads it",
                    "count it: increment_from: " + Display.clean(path.text(), 60));
            return true;
        }
        if (root == Path.Root.RESULT) {
            if (!context.ofResult) {
                context.findings.error(
                        "bad-path",
                        node,
                        at,
                        "there is no " + Display.quoted(path.text()) + " before the call has ended",
                        "put conditions on what comes back under 'results'");
            }
            return !context.ofResult;
        }
        boolean params = root == Path.Root.PARAMS;
        if (!context.ofMethod) {
            if (params) {
                context.findings.error(
                        "bad-path",
                        node,
                        at,
                        "a tool call has arguments, and only other requests have " + Display.quoted(path.text()),
                        "did you mean 'args." + Display.clean(path.text().substring("params.".length()), 60) + "'?");
            }
            return params;
        }
        if (params || root == Path.Root.CALL || root == Path.Root.CTX || root == Path.Root.SESSION) {
            return false;
        }
        context.findings.error(
                "bad-path",
                node,
                at,
                "a request that is not a tool call has no " + Display.quoted(path.text()),
                root == Path.Root.ARGS
                        ? "did you mean 'params." + Display.clean(path.text().substring("args.".length()), 60) + "'?"
                        : "the paths here begin with params, call, ctx or session");
        return true;
    }

    /** The path of a mark's values, in the arguments or in what came back. */
    @Nullable
    Path ofMark(Node node, NodePath at) {
        boolean before = context.ofResult;
        context.ofResult = true;
        Path path;
        try {
            path = path(node, at, "value");
        } finally {
            context.ofResult = before;
        }
        if (path == null) {
            return null;
        }
        Path.Root arguments = context.ofMethod ? Path.Root.PARAMS : Path.Root.ARGS;
        if (path.root() != arguments && path.root() != Path.Root.RESULT) {
            context.findings.error(
                    "bad-path",
                    node,
                    at,
                    "a mark's values are those of an argument or of the result, not " + Display.quoted(path.text()),
                    "write " + arguments.text() + ".<name> or result.structured.<path>");
            return null;
        }
        if (path.steps().stream().anyMatch(Path.Step.Any.class::isInstance)) {
            context.findings.error(
                    "bad-path", node, at, "'[any]' is for conditions, and a mark takes all the values", "write [*]");
            return null;
        }
        return path;
    }

    /** The path of an amount: of one argument, or of what is known only when the call has ended. */
    @Nullable
    Path amount(Node node, NodePath at) {
        Path path = afterwards(node);
        if (path == null) {
            return argument(node, at);
        }
        if (context.ofMethod) {
            context.findings.error(
                    "bad-path",
                    node,
                    at,
                    "a limit of a method can't count what is known only when a request has been answered",
                    "write params.<name>");
            return null;
        }
        boolean usage = path.root() == Path.Root.USAGE;
        if (!usage && (path.member(0).equals("text") || path.member(0).equals("is_error"))) {
            context.findings.error(
                    "bad-path",
                    node,
                    at,
                    Display.quoted(path.text()) + " is no amount",
                    "write result.structured.<name>, result.bytes, result.blocks or usage.<key>");
            return null;
        }
        if (!usage && path.steps().size() == 1 && path.member(0).equals("structured")) {
            context.findings.error(
                    "bad-path",
                    node,
                    at,
                    Display.quoted(path.text()) + " is the whole of it, and an amount is one number",
                    "write result.structured.<name>");
            return null;
        }
        return requireOne(path, node, at);
    }

    /** The path to an amount that is known only afterwards; null if it is none. Reports nothing. */
    private static @Nullable Path afterwards(Node node) {
        if (!(node instanceof Node.Scalar scalar)) {
            return null;
        }
        try {
            Path path = Path.parse(scalar.text());
            return path.root() == Path.Root.RESULT || path.root() == Path.Root.USAGE ? path : null;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** The path of one argument that holds an amount. */
    private @Nullable Path argument(Node node, NodePath at) {
        if (node instanceof Node.Scalar scalar && NAME.matcher(scalar.text()).matches()) {
            context.findings.error(
                    "bad-path",
                    node,
                    at,
                    "an amount is read from an argument, which is written args.<name>",
                    "did you mean 'args." + scalar.text() + "'?");
            return null;
        }
        Path path = path(node, at, "a path");
        if (path == null) {
            return null;
        }
        if (path.root() != (context.ofMethod ? Path.Root.PARAMS : Path.Root.ARGS)) {
            context.findings.error(
                    "bad-path",
                    node,
                    at,
                    "an amount is read from an argument, not from " + Display.quoted(path.text()),
                    "write args.<name>");
            return null;
        }
        return requireOne(path, node, at);
    }

    private @Nullable Path requireOne(Path path, Node node, NodePath at) {
        if (!path.isSingle()) {
            context.findings.error(
                    "bad-path",
                    node,
                    at,
                    Display.quoted(path.text()) + " stands for several values, and an amount is one",
                    "name one argument");
            return null;
        }
        return path;
    }

    private static @Nullable String hint(String text) {
        int dot = text.indexOf('.');
        String first = dot < 0 ? text : text.substring(0, dot);
        List<String> roots = new ArrayList<>();
        for (Path.Root root : Path.Root.values()) {
            roots.add(root.text());
        }
        if (roots.contains(first)) {
            return null;
        }
        String nearest = dot < 0 ? null : Suggestion.to(first, roots);
        if (nearest != null) {
            return "did you mean '" + Display.clean(nearest + text.substring(dot), 60) + "'?";
        }
        return NAME.matcher(text).matches() ? "did you mean 'args." + text + "'?" : null;
    }
}
