package dev.interlock.policy.yaml;

import dev.interlock.policy.Validation;
import dev.interlock.policy.value.ValueLimits;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Reads {@code validate}. */
final class ValidationReader {

    private static final int MOST_DEPTH = 512;

    private final ReadContext context;

    ValidationReader(ReadContext context) {
        this.context = context;
    }

    @Nullable
    Validation read(Node node, NodePath at) {
        if (!(node instanceof Node.Mapping map)) {
            context.scalars.wrongType(node, at, "validate", "a map");
            return null;
        }
        Fields fields = Fields.of(Keys.VALIDATE, map, at, context.findings, null);
        boolean schemaRequired = false;
        List<String> required = List.of();
        Node requiredNode = fields.get("required_args");
        if (requiredNode instanceof Node.Sequence names) {
            required = names(names, at.key("required_args"));
        } else if (requiredNode != null) {
            schemaRequired = flag(requiredNode, at.key("required_args"), "required_args");
        }
        boolean schema = flag(fields, "schema");
        boolean noUnknown = flag(fields, "no_unknown_args");
        OptionalInt maxBytes = bound(fields, "max_bytes", 2, Integer.MAX_VALUE);
        OptionalInt maxDepth = bound(fields, "max_depth", 1, MOST_DEPTH);
        warnAboutHostBound(fields, maxBytes, "max_bytes", ValueLimits.DEFAULT.maxBytes());
        warnAboutHostBound(fields, maxDepth, "max_depth", ValueLimits.DEFAULT.maxDepth());
        return new Validation(schemaRequired, required, schema, noUnknown, maxBytes, maxDepth);
    }

    private List<String> names(Node.Sequence sequence, NodePath at) {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < sequence.items().size(); i++) {
            Node item = sequence.items().get(i);
            if (item instanceof Node.Scalar scalar && scalar.isNull()) {
                context.findings.error(
                        "null-value", item, at.item(i), "there is no name here", "fill it in or take it out");
                continue;
            }
            String name = context.scalars.nonBlank(item, at.item(i), "the name of an argument");
            if (name != null && name.startsWith("args.")) {
                context.findings.error(
                        "bad-value",
                        item,
                        at.item(i),
                        "required_args takes names, not paths",
                        "write " + Display.clean(name.substring("args.".length()), 60));
            } else if (name != null) {
                names.add(name);
            }
        }
        return names;
    }

    private boolean flag(Fields fields, String key) {
        Node node = fields.get(key);
        return node != null && flag(node, fields.at(key), key);
    }

    private boolean flag(Node node, NodePath at, String what) {
        return Boolean.TRUE.equals(context.scalars.bool(node, at, what));
    }

    private OptionalInt bound(Fields fields, String key, int least, int most) {
        Node node = fields.get(key);
        if (node == null) {
            return OptionalInt.empty();
        }
        Long bound = context.scalars.whole(node, fields.at(key), key, least, most);
        return bound == null ? OptionalInt.empty() : OptionalInt.of(bound.intValue());
    }

    private void warnAboutHostBound(Fields fields, OptionalInt bound, String key, int hosts) {
        Node node = fields.get(key);
        if (node != null && bound.isPresent() && bound.getAsInt() > hosts) {
            context.findings.warn(
                    "no-effect",
                    node,
                    fields.at(key),
                    key + " is more than the " + hosts + " that every call is held to anyway",
                    "lower it, or leave it out");
        }
    }
}
