package dev.interlock.policy.yaml;

import dev.interlock.policy.PartitionKey;
import dev.interlock.policy.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads {@code per}: what a limit counts separately besides its scope. */
final class PartitionKeyReader {

    private static final String EXAMPLE =
            "write args.<name>, ctx.<key>, call.identity, call.session, call.server or args";

    private final ReadContext context;
    private final PathExpressionReader paths;

    PartitionKeyReader(ReadContext context, PathExpressionReader paths) {
        this.context = context;
        this.paths = paths;
    }

    /** The keys; empty if there is no {@code per}, null if it is broken. */
    @Nullable
    List<PartitionKey> read(Fields fields) {
        Node.Pair pair = fields.pair("per");
        if (pair == null) {
            return List.of();
        }
        NodePath at = fields.at("per");
        if (!(pair.value() instanceof Node.Sequence sequence)) {
            PartitionKey key = key(pair.value(), at);
            return key == null ? null : List.of(key);
        }
        if (sequence.items().isEmpty()) {
            context.findings.error("missing-key", sequence, at, "per is an empty list", EXAMPLE);
            return null;
        }
        List<PartitionKey> keys = new ArrayList<>();
        for (int i = 0; i < sequence.items().size(); i++) {
            PartitionKey key = key(sequence.items().get(i), at.item(i));
            if (key != null) {
                keys.add(key);
            }
        }
        return keys.size() == sequence.items().size() ? keys : null;
    }

    private @Nullable PartitionKey key(Node node, NodePath at) {
        if (node instanceof Node.Mapping map) {
            Fields fields = Fields.of(Keys.PER, map, at, context.findings, null);
            Node pathNode = Hints.required(fields, "path", context.findings);
            Node foldNode = fields.get("fold");
            Boolean fold = foldNode == null ? Boolean.FALSE : context.scalars.bool(foldNode, at.key("fold"), "fold");
            return pathNode == null || fold == null ? null : key(pathNode, at.key("path"), fold);
        }
        if (node instanceof Node.Sequence) {
            context.scalars.wrongType(node, at, "an item of per", "a path or a map");
            return null;
        }
        return key(node, at, false);
    }

    private @Nullable PartitionKey key(Node node, NodePath at, boolean fold) {
        if (node instanceof Node.Scalar scalar && scalar.text().equals(Path.Root.ARGS.text())) {
            if (context.ofMethod) {
                context.findings.error(
                        "bad-path",
                        node,
                        at,
                        "a request that is not a tool call has no 'args'",
                        "write params.<name>, ctx.<key>, call.identity, call.session or call.server");
                return null;
            }
            if (fold) {
                context.findings.error(
                        "conflict",
                        node,
                        at,
                        "'fold' is for one value, and 'args' is all arguments together",
                        "write path: args.<name>");
                return null;
            }
            return PartitionKey.ALL_ARGUMENTS;
        }
        Path path = paths.path(node, at, "per");
        if (path == null) {
            return null;
        }
        try {
            return new PartitionKey(path, fold);
        } catch (IllegalArgumentException e) {
            context.findings.error(
                    "bad-path",
                    node,
                    at,
                    "a limit can't count separately by " + Display.quoted(path.text()),
                    path.steps().stream().anyMatch(Path.Step.Every.class::isInstance)
                            ? "'[*]' is every element; name one value"
                            : EXAMPLE);
            return null;
        }
    }
}
