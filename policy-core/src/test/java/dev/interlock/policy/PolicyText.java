package dev.interlock.policy;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** A policy as short text, for counterexamples: like the documents people write, without what is usual left in. */
public final class PolicyText {

    private final StringBuilder out = new StringBuilder();

    private PolicyText() {}

    /** The policy, one entry a line. */
    public static String of(Policy policy) {
        PolicyText text = new PolicyText();
        if (policy.mode() == Mode.AUDIT) {
            text.line("", "mode: audit");
        }
        policy.suspended().ifPresent(why -> text.line("", "suspended: " + why));
        text.body("", policy.body(), Posture.ALLOW);
        policy.methods().forEach((pattern, posture) -> text.line("", "method " + pattern + ": " + posture));
        policy.grants().ifPresent(grants -> {
            text.line("", grants.isEmpty() ? "grants: {}" : "grants:");
            grants.forEach((pattern, body) -> {
                text.line(
                        "  ",
                        pattern + ":"
                                + body.during()
                                        .map(window -> " during " + window)
                                        .orElse(""));
                text.body("    ", body, Posture.DENY);
            });
        });
        return text.out.isEmpty() ? "(empty policy)\n" : text.out.toString();
    }

    /** An entry, on one line. */
    public static String of(Entry entry) {
        List<String> parts = new ArrayList<>();
        if (entry.hide()) {
            parts.add("hide");
        }
        entry.require().forEach(block -> parts.add("require " + block(block)));
        entry.denyIf().forEach(block -> parts.add("deny_if " + block(block)));
        entry.askIf().forEach(block -> parts.add("ask_if " + block(block)));
        entry.rules().forEach(rule -> parts.add(rule(rule)));
        entry.limits().forEach(limit -> parts.add(limit(limit)));
        if (entry.unwrap() != null) {
            parts.add("unwrap " + entry.unwrap());
        }
        return parts.isEmpty() ? "{}" : String.join("; ", parts);
    }

    private void line(String indent, String text) {
        out.append(indent).append(text).append('\n');
    }

    private void body(String indent, PolicyBody body, Posture usual) {
        if (body.posture() != usual) {
            line(indent, "default: " + body.posture());
        }
        if (!body.hide().isEmpty()) {
            line(indent, "hide: " + body.hide());
        }
        body.tools().forEach((pattern, entry) -> line(indent, pattern + ": " + of(entry)));
        body.categories().forEach((category, entry) -> line(indent, category + ": " + of(entry)));
        body.risks().forEach((risk, entry) -> line(indent, "risk " + risk.text() + ": " + of(entry)));
        body.star().ifPresent(entry -> line(indent, "\"*\": " + of(entry)));
        body.allTools().ifPresent(entry -> line(indent, "all_tools: " + of(entry)));
        body.servers()
                .ifPresent(servers -> servers.forEach((pattern, inner) -> {
                    line(indent, "on server " + pattern + ":");
                    body(indent + "  ", inner, Posture.ALLOW);
                }));
    }

    private static String rule(Rule rule) {
        String what;
        if (rule instanceof Rule.Check check) {
            what = "check" + demands(check.demands());
        } else if (rule instanceof Rule.Approval approval) {
            what = "ask" + demands(approval.demands());
        } else {
            what = "deny";
        }
        String name = rule.name() == null ? "" : "'" + rule.name() + "' ";
        return name + what + (rule.mode() == Mode.AUDIT ? " (audit)" : "");
    }

    private static String demands(Rule.Demands demands) {
        StringBuilder text = new StringBuilder(conditions(demands.conditions()));
        demands.limits().forEach(limit -> text.append(' ').append(limit(limit)));
        return text.append(Optional.ofNullable(demands.validation())
                        .map(PolicyText::validation)
                        .orElse(""))
                .toString();
    }

    private static String validation(Validation validation) {
        return " validate"
                + (validation.schemaRequired() ? " required" : "")
                + (validation.required().isEmpty() ? "" : " " + validation.required())
                + (validation.schema() ? " schema" : "")
                + (validation.noUnknown() ? " no_unknown" : "")
                + (validation.maxBytes().isEmpty()
                        ? ""
                        : " bytes<=" + validation.maxBytes().getAsInt())
                + (validation.maxDepth().isEmpty()
                        ? ""
                        : " depth<=" + validation.maxDepth().getAsInt());
    }

    private static String limit(Limit limit) {
        return limit.form().name().toLowerCase(Locale.ROOT)
                + (limit.counter() == null ? "" : " " + limit.counter())
                + (limit.max() == null ? "" : " " + limit.max())
                + (limit.window() == null ? " a call" : "/" + limit.window().text())
                + " of " + (limit.incrementFrom() == null ? limit.increment() : limit.incrementFrom())
                + " " + limit.algorithm().text() + " " + limit.scope().text() + " "
                + limit.charge().text();
    }

    private static String block(Block block) {
        return block.conditions().isEmpty()
                ? "(always)"
                : conditions(block.conditions()).strip();
    }

    private static String conditions(List<Condition> conditions) {
        return conditions.stream()
                .map(c -> " [" + c.path() + " " + c.operator().text() + " "
                        + (c.operand().from() == null ? c.operand().value().json() : c.operand()) + "]")
                .collect(Collectors.joining());
    }
}
