package dev.interlock.policy.yaml;

import dev.interlock.policy.Block;
import dev.interlock.policy.Mode;
import dev.interlock.policy.ResultRule;
import dev.interlock.policy.ResultRule.TextRedaction;
import dev.interlock.policy.text.Regex;
import dev.interlock.policy.text.Suggestion;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads rules on what comes back. */
final class ResultReader {

    private static final List<String> PRESETS = Arrays.stream(TextRedaction.Preset.values())
            .map(TextRedaction.Preset::text)
            .toList();

    /** No one counts bytes past this. */
    private static final long MOST_BYTES = 1L << 40;

    private final ReadContext context;
    private final ConditionReader conditions;

    ResultReader(ReadContext context, ConditionReader conditions) {
        this.context = context;
        this.conditions = conditions;
    }

    /** The rules of {@code results}. A broken one is reported and left out. */
    List<ResultRule> read(Node node, NodePath at, EntryKey owner) {
        if (!(node instanceof Node.Sequence sequence)) {
            String hint = node instanceof Node.Mapping ? "begin each rule with '- '" : null;
            if (hint == null) {
                context.scalars.wrongType(node, at, "results", "a list");
            } else {
                context.findings.error("wrong-type", node, at, "results must be a list, not a map", hint);
            }
            return List.of();
        }
        List<ResultRule> rules = new ArrayList<>(sequence.items().size());
        boolean before = context.ofResult;
        context.ofResult = true;
        try {
            for (int i = 0; i < sequence.items().size(); i++) {
                ResultRule rule = rule(sequence.items().get(i), at.item(i), owner);
                if (rule != null) {
                    rules.add(rule);
                }
            }
        } finally {
            context.ofResult = before;
        }
        return rules;
    }

    private @Nullable ResultRule rule(Node node, NodePath at, EntryKey owner) {
        if (!(node instanceof Node.Mapping map)) {
            if (node instanceof Node.Scalar scalar && scalar.isNull()) {
                context.findings.error("null-value", node, at, "there is no rule here", Hints.DROPPED);
            } else {
                context.scalars.wrongType(node, at, "a rule on results", "a map");
            }
            return null;
        }
        Fields fields = Fields.of(Keys.RESULT, map, at, context.findings, null);
        Node nameNode = fields.get("name");
        String name = nameNode == null ? null : context.scalars.nonBlank(nameNode, at.key("name"), "name");
        List<Block> require = blocks(fields, "require", owner, ConditionReader.ConditionUse.ALLOWS);
        List<Block> denyIf = blocks(fields, "deny_if", owner, ConditionReader.ConditionUse.DENIES);
        List<TextRedaction> redact = redactions(fields);
        Node bytesNode = fields.get("max_bytes");
        Long maxBytes = bytesNode == null
                ? null
                : context.scalars.whole(bytesNode, at.key("max_bytes"), "max_bytes", 1, MOST_BYTES);
        boolean cuts = cuts(fields);
        Node messageNode = fields.get("on_deny");
        String message =
                messageNode == null ? null : context.scalars.message(messageNode, at.key("on_deny"), "on_deny");
        Node modeNode = fields.get("mode");
        Mode mode = modeNode != null
                        && "audit"
                                .equals(context.scalars.word(
                                        modeNode, at.key("mode"), "mode", List.of("enforce", "audit")))
                ? Mode.AUDIT
                : Mode.ENFORCE;
        if (!fields.has("require") && !fields.has("deny_if") && !fields.has("redact") && !fields.has("max_bytes")) {
            context.findings.error(
                    "nothing-to-check",
                    node,
                    at,
                    "this rule does nothing with a result",
                    "add require, deny_if, redact or max_bytes");
            return null;
        }
        return new ResultRule(
                name, require, denyIf, redact, maxBytes, cuts, message, mode, ReadContext.place(node, at));
    }

    private List<Block> blocks(Fields fields, String key, EntryKey owner, ConditionReader.ConditionUse use) {
        Node node = fields.get(key);
        return node == null ? List.of() : conditions.blocks(node, fields.at(key), key, owner, use);
    }

    private boolean cuts(Fields fields) {
        Node.Pair pair = fields.pair("on_exceed");
        if (pair == null) {
            return false;
        }
        NodePath at = fields.at("on_exceed");
        if (!fields.has("max_bytes")) {
            context.findings.error(
                    "conflict",
                    pair.key(),
                    at,
                    "'on_exceed' says what happens to a result that is too large, and no size is too large here",
                    "add max_bytes, or take it out");
        }
        return "cut".equals(context.scalars.word(pair.value(), at, "on_exceed", List.of("withhold", "cut")));
    }

    private List<TextRedaction> redactions(Fields fields) {
        Node node = fields.get("redact");
        if (node == null) {
            return List.of();
        }
        NodePath at = fields.at("redact");
        if (!(node instanceof Node.Sequence sequence)) {
            context.scalars.wrongType(node, at, "redact", "a list");
            return List.of();
        }
        List<TextRedaction> read = new ArrayList<>(sequence.items().size());
        for (int i = 0; i < sequence.items().size(); i++) {
            Node item = sequence.items().get(i);
            TextRedaction redaction =
                    item instanceof Node.Mapping map ? matches(map, at.item(i)) : preset(item, at.item(i));
            if (redaction != null) {
                read.add(redaction);
            }
        }
        return read;
    }

    private @Nullable TextRedaction preset(Node node, NodePath at) {
        String text = context.scalars.text(node, at, "an item of redact");
        if (text == null) {
            return null;
        }
        for (TextRedaction.Preset preset : TextRedaction.Preset.values()) {
            if (preset.text().equals(text)) {
                return preset;
            }
        }
        String nearest = Suggestion.hint(text, PRESETS);
        context.findings.error(
                "bad-value",
                node,
                at,
                "redact can't find " + Display.quoted(text),
                nearest != null ? nearest : "it is " + Scalars.alternatives(PRESETS) + ", or {pattern: <a pattern>}");
        return null;
    }

    private @Nullable TextRedaction matches(Node.Mapping map, NodePath at) {
        Fields fields = Fields.of(Keys.REDACTION, map, at, context.findings, null);
        Node patternNode = Hints.required(fields, "pattern", context.findings);
        String pattern = patternNode == null ? null : context.scalars.text(patternNode, at.key("pattern"), "pattern");
        Node withNode = fields.get("with");
        String with =
                withNode == null ? TextRedaction.REDACTED : context.scalars.text(withNode, at.key("with"), "with");
        if (pattern == null || patternNode == null || with == null) {
            return null;
        }
        if (context.hasTooManyPatterns()) {
            return null; // Already reported.
        }
        if (!context.addPattern(pattern)) {
            context.findings.error(
                    "bad-regex",
                    patternNode,
                    at.key("pattern"),
                    "the patterns up to this one are too large in all when their repetitions are written out",
                    "take repetitions such as {1000} out");
            return null;
        }
        try {
            Regex.compile(pattern);
        } catch (IllegalArgumentException e) {
            context.findings.error(
                    "bad-regex",
                    patternNode,
                    at.key("pattern"),
                    String.valueOf(e.getMessage()),
                    ConditionReader.regexHint(pattern) == null
                            ? null
                            : "RE2 has no look-around and no back-references; let the pattern match what stands there,"
                                    + " too");
            return null;
        }
        return new TextRedaction.Matches(pattern, with);
    }
}
