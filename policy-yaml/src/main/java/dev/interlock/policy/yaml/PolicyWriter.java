package dev.interlock.policy.yaml;

import dev.interlock.policy.Block;
import dev.interlock.policy.Condition;
import dev.interlock.policy.Entry;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.ResultRule;
import dev.interlock.policy.Scope;
import dev.interlock.policy.text.NamePattern;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Writes a policy as canonical YAML: keys in the order of the reference, defaults left out, strings quoted only where
 * they must be. Equal policies are always written the same way.
 */
final class PolicyWriter {

    private final YamlText out = new YamlText();
    private final RuleWriter rules = new RuleWriter(out);

    private PolicyWriter() {}

    static String write(Policy policy) {
        PolicyWriter writer = new PolicyWriter();
        writer.policy(policy);
        return writer.out.toString();
    }

    private void policy(Policy policy) {
        out.line("version", "\"1\"");
        if (!policy.description().isEmpty()) {
            out.line("description", YamlText.scalar(policy.description()));
        }
        out.line("default", text(policy.body().posture()));
        if (policy.mode() == Mode.AUDIT) {
            out.line("mode", "audit");
        }
        policy.suspended().ifPresent(text -> out.line("suspended", text.isBlank() ? "true" : YamlText.scalar(text)));
        body(policy.body());
        if (!policy.methods().isEmpty()) {
            out.block(
                    "methods",
                    () -> policy.methods().forEach((name, posture) -> {
                        Entry entry = policy.methodEntries().get(name);
                        if (entry == null) {
                            out.line(name(name.text()), text(posture));
                        } else {
                            entry(name(name.text()), entry, Scope.TOOL);
                        }
                    }));
        }
        policy.grants().ifPresent(grants -> bodies("grants", grants));
        policy.context().ifPresent(keys -> out.line("context", list(keys)));
    }

    private void body(PolicyBody body) {
        if (!body.hide().isEmpty()) {
            out.line("hide", list(body.hide().stream().map(NamePattern::text).toList()));
        }
        if (!body.tools().isEmpty() || body.star().isPresent()) {
            out.block("tools", () -> {
                body.tools().forEach((pattern, entry) -> entry(name(pattern.text()), entry, Scope.TOOL));
                body.star().ifPresent(entry -> entry("*", entry, Scope.GLOBAL));
            });
        }
        if (!body.categories().isEmpty()) {
            out.block(
                    "categories",
                    () -> body.categories().forEach((category, entry) -> entry(category.text(), entry, Scope.TOOL)));
        }
        if (!body.risks().isEmpty()) {
            out.block("risks", () -> body.risks().forEach((risk, entry) -> entry(risk.text(), entry, Scope.TOOL)));
        }
        body.allTools().ifPresent(entry -> entry("all_tools", entry, Scope.GLOBAL));
        body.servers().ifPresent(servers -> bodies("servers", servers));
    }

    private void bodies(String key, Map<NamePattern, PolicyBody> bodies) {
        if (bodies.isEmpty()) {
            out.line(key, "{}");
            return;
        }
        out.block(
                key,
                () -> bodies.forEach((name, body) -> out.block(name(name.text()), () -> {
                    out.line("default", text(body.posture()));
                    body.during().ifPresent(window -> out.line("during", YamlText.value(window.value())));
                    body(body);
                })));
    }

    private void entry(String key, Entry entry, Scope defaultScope) {
        if (!entry.hide()
                && entry.blocks().isEmpty()
                && entry.rules().isEmpty()
                && entry.limits().isEmpty()
                && entry.rounds() == null
                && entry.unwrap() == null
                && entry.afterwards().isEmpty()) {
            out.line(key, "{}");
            return;
        }
        out.block(key, () -> {
            if (entry.hide()) {
                out.line("hide", "true");
            }
            list("require", entry.require(), this::block);
            list("deny_if", entry.denyIf(), this::block);
            list("ask_if", entry.askIf(), this::block);
            list("rules", entry.rules(), rule -> out.item(() -> rules.rule(rule, defaultScope)));
            list("limits", entry.limits(), limit -> out.item(() -> rules.limit(limit, defaultScope)));
            if (entry.rounds() != null) {
                out.line("rounds", Integer.toString(entry.rounds().most()));
            }
            if (entry.unwrap() != null) {
                out.line("unwrap", RuleWriter.unwrap(entry.unwrap()));
            }
            list("results", entry.afterwards().results(), rule -> out.item(() -> result(rule)));
            list("marks", entry.afterwards().marks(), mark -> out.item(RuleWriter.mark(mark)));
            list("clears", entry.afterwards().clears(), clearing -> out.item(YamlText.scalar(clearing.mark())));
        });
    }

    private void result(ResultRule rule) {
        if (rule.name() != null) {
            out.line("name", YamlText.scalar(rule.name()));
        }
        list("require", rule.require(), this::block);
        list("deny_if", rule.denyIf(), this::block);
        list("redact", rule.redact(), redaction -> out.item(RuleWriter.redaction(redaction)));
        if (rule.maxBytes() != null) {
            out.line("max_bytes", rule.maxBytes().toString());
        }
        if (rule.cuts()) {
            out.line("on_exceed", "cut");
        }
        if (rule.message() != null) {
            out.line("on_deny", YamlText.scalar(rule.message()));
        }
        if (rule.mode() == Mode.AUDIT) {
            out.line("mode", "audit");
        }
    }

    private <T> void list(String key, List<T> items, Consumer<T> item) {
        if (!items.isEmpty()) {
            out.block(key, () -> items.forEach(item));
        }
    }

    private void block(Block block) {
        List<Condition> conditions = block.conditions();
        if (conditions.size() == 1
                && block.message() == null
                && conditions.get(0).place().equals(block.place())) {
            out.item(RuleWriter.condition(conditions.get(0)));
            return;
        }
        out.item(() -> {
            rules.conditions(conditions);
            if (block.message() != null) {
                out.line("on_deny", YamlText.scalar(block.message()));
            }
        });
    }

    private static String list(List<String> names) {
        List<String> scalars = new ArrayList<>();
        for (String name : names) {
            scalars.add(YamlText.scalar(name));
        }
        return "[" + String.join(", ", scalars) + "]";
    }

    private static String name(String name) {
        if (Keys.isNote(name)) {
            throw new IllegalArgumentException("a document can't name " + Display.quoted(name)
                    + ": keys that begin with 'x-' are ignored; use a glob, such as '?" + name.substring(1) + "'");
        }
        return name;
    }

    private static String text(Posture posture) {
        return posture.name().toLowerCase(Locale.ROOT);
    }
}
