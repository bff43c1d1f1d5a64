package dev.interlock.policy.yaml;

import dev.interlock.policy.Path;
import dev.interlock.policy.Unwrap;
import org.jspecify.annotations.Nullable;

/** Reads {@code unwrap}. */
final class UnwrapReader {

    private static final String NONE = "none";

    private final ReadContext context;
    private final PathExpressionReader paths;

    UnwrapReader(ReadContext context, PathExpressionReader paths) {
        this.context = context;
        this.paths = paths;
    }

    /** What the pair says; null if it is broken. */
    @Nullable
    Unwrap read(Node.Pair pair, NodePath at) {
        if (!(pair.value() instanceof Node.Mapping map)) {
            context.scalars.wrongType(pair.value(), at, "unwrap", "a map");
            return null;
        }
        Fields fields = Fields.of(Keys.UNWRAP, map, at, context.findings, null);
        Node eachNode = fields.get("each");
        Node toolNode = Hints.required(fields, "tool", context.findings);
        boolean within = eachNode != null;
        Path each = eachNode == null ? null : paths.within(eachNode, at.key("each"), false);
        Path tool = toolNode == null ? null : paths.within(toolNode, at.key("tool"), within);
        Node argumentsNode = fields.get("arguments");
        boolean takesNone =
                argumentsNode instanceof Node.Scalar scalar && scalar.text().equals(NONE);
        Path arguments =
                argumentsNode == null || takesNone ? null : paths.within(argumentsNode, at.key("arguments"), within);
        boolean json = json(fields, argumentsNode, takesNone);
        Node serverNode = fields.get("server");
        String name = serverName(fields, serverNode, within);
        Path server = serverNode == null || name != null ? null : paths.within(serverNode, at.key("server"), within);
        boolean broken = (within && each == null)
                || (argumentsNode != null && !takesNone && arguments == null)
                || (serverNode != null && name == null && server == null);
        return tool == null || broken
                ? null
                : new Unwrap(each, tool, arguments, takesNone, json, server, name, ReadContext.place(pair.key(), at));
    }

    private boolean json(Fields fields, @Nullable Node argumentsNode, boolean takesNone) {
        Node node = fields.get("json");
        if (node == null || !Boolean.TRUE.equals(context.scalars.bool(node, fields.at("json"), "json"))) {
            return false;
        }
        if (argumentsNode == null || takesNone) {
            context.findings.error(
                    "bad-value",
                    node,
                    fields.at("json"),
                    "there are no arguments that could be JSON",
                    "say where they stand, such as arguments: args.arguments");
            return false;
        }
        return true;
    }

    /** The server's name, if {@code server_name} gives it, or {@code server} gives what can't be a path. */
    private @Nullable String serverName(Fields fields, @Nullable Node serverNode, boolean within) {
        Node node = fields.get("server_name");
        if (node != null && serverNode != null) {
            context.findings.error(
                    "bad-value",
                    node,
                    fields.at("server_name"),
                    "'server' says already which server it is",
                    "keep one of the two");
            return null;
        }
        if (node != null) {
            return context.scalars.nonBlank(node, fields.at("server_name"), "server_name");
        }
        boolean named = !within
                && serverNode instanceof Node.Scalar word
                && !word.isNull()
                && !word.text().isBlank()
                && word.text().indexOf('.') < 0;
        return named && serverNode instanceof Node.Scalar word ? word.text() : null;
    }
}
