package dev.interlock.policy.yaml;

import dev.interlock.policy.Algorithm;
import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Condition;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Limit.Form;
import dev.interlock.policy.Mark;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Operand;
import dev.interlock.policy.PartitionKey;
import dev.interlock.policy.Path;
import dev.interlock.policy.ResultRule;
import dev.interlock.policy.Rule;
import dev.interlock.policy.Scope;
import dev.interlock.policy.Unwrap;
import dev.interlock.policy.Validation;
import dev.interlock.policy.Window;
import dev.interlock.policy.value.Value;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Writes the parts of entries: rules, conditions, limits. */
final class RuleWriter {

    private final YamlText out;

    RuleWriter(YamlText out) {
        this.out = out;
    }

    void rule(Rule rule, Scope defaultScope) {
        if (rule.name() != null) {
            out.line("name", YamlText.scalar(rule.name()));
        }
        if (rule instanceof Rule.Deny) {
            out.line("action", "deny");
        } else if (rule instanceof Rule.Approval approval) {
            out.line("action", "require_approval");
            demands(approval.demands(), defaultScope);
            if (!approval.timeout().equals(Rule.Approval.DEFAULT_TIMEOUT)) {
                out.line("approval_timeout", duration(approval.timeout()));
            }
        } else if (rule instanceof Rule.Check check) {
            if (check.demands().isEmpty()) {
                out.line("action", "allow");
            }
            demands(check.demands(), defaultScope);
        }
        message(rule.message());
        if (rule.mode() == Mode.AUDIT) {
            out.line("mode", "audit");
        }
    }

    void limit(Limit limit, Scope defaultScope) {
        out.line("counter", YamlText.scalar(limit.label()));
        out.line("window", window(limit));
        ZoneId zone = zone(limit.window());
        if (zone != null) {
            out.line("zone", YamlText.scalar(zone.getId()));
        }
        out.line("max", String.valueOf(limit.max()));
        if (limit.algorithm() != Algorithm.FIXED_WINDOW) {
            out.line("algorithm", limit.algorithm().text());
        }
        if (limit.scope() != defaultScope) {
            out.line("scope", limit.scope().text());
        }
        if (!limit.per().isEmpty()) {
            out.line("per", per(limit));
        }
        if (limit.incrementFrom() != null) {
            out.line("increment_from", YamlText.scalar(limit.incrementFrom().text()));
        }
        if (limit.hold() != null) {
            out.line("hold", limit.hold().toString());
        }
        if (limit.charge() == ChargeMode.FAILURES) {
            out.line("counts", limit.charge().text());
        } else if (limit.charge() != LimitReader.defaultCharge(limit.algorithm())) {
            out.line("charge", limit.charge().text());
        }
        message(limit.message());
    }

    void conditions(List<Condition> conditions) {
        if (conditions.isEmpty()) {
            out.line("conditions", "[]");
            return;
        }
        out.block("conditions", () -> conditions.forEach(condition -> out.item(condition(condition))));
    }

    static String condition(Condition condition) {
        List<String> parts = new ArrayList<>();
        Operand operand = condition.operand();
        if (condition.path().isTime()) {
            parts.add("during: " + YamlText.value(operand.value()));
        } else {
            parts.add("path: " + YamlText.scalar(condition.path().text()));
            parts.add("op: " + condition.operatorText());
            if (operand.from() != null) {
                parts.add("value_from: " + YamlText.scalar(operand.from().text()));
            } else if (operand.predicate() == null || operand.value() != Value.Nil.NULL) {
                parts.add("value: " + YamlText.value(operand.value()));
            }
        }
        if (condition.message() != null) {
            parts.add("on_deny: " + YamlText.scalar(condition.message()));
        }
        return flow(parts);
    }

    static String redaction(ResultRule.TextRedaction redaction) {
        if (redaction instanceof ResultRule.TextRedaction.Preset preset) {
            return preset.text();
        }
        ResultRule.TextRedaction.Matches matches = (ResultRule.TextRedaction.Matches) redaction;
        List<String> parts = new ArrayList<>();
        parts.add("pattern: " + YamlText.scalar(matches.pattern()));
        if (!matches.with().equals(ResultRule.TextRedaction.REDACTED)) {
            parts.add("with: " + YamlText.scalar(matches.with()));
        }
        return flow(parts);
    }

    static String mark(Mark mark) {
        if (mark.value() == null && !mark.onSuccess() && mark.lasting() == null) {
            return YamlText.scalar(mark.name());
        }
        List<String> parts = new ArrayList<>();
        parts.add("name: " + YamlText.scalar(mark.name()));
        if (mark.value() != null) {
            parts.add("value: " + YamlText.scalar(mark.value().text()));
        }
        if (mark.onSuccess()) {
            parts.add("on: success");
        }
        if (mark.lasting() != null) {
            parts.add("for: " + duration(mark.lasting()));
        }
        return flow(parts);
    }

    static String unwrap(Unwrap unwrap) {
        List<String> parts = new ArrayList<>();
        boolean within = unwrap.each() != null;
        if (unwrap.each() != null) {
            parts.add("each: " + YamlText.scalar(unwrap.each().text()));
        }
        parts.add("tool: " + path(unwrap.tool(), within));
        if (unwrap.takesNone()) {
            parts.add("arguments: none");
        } else if (unwrap.arguments() != null) {
            parts.add("arguments: " + path(unwrap.arguments(), within));
        }
        if (unwrap.json()) {
            parts.add("json: true");
        }
        if (unwrap.server() != null) {
            parts.add("server: " + path(unwrap.server(), within));
        }
        if (unwrap.serverName() != null) {
            parts.add("server_name: " + YamlText.scalar(unwrap.serverName()));
        }
        return flow(parts);
    }

    private static String path(Path path, boolean within) {
        String prefix = path.root().text() + ".";
        return YamlText.scalar(within ? path.text().substring(prefix.length()) : path.text());
    }

    private void demands(Rule.Demands demands, Scope defaultScope) {
        if (!demands.conditions().isEmpty()) {
            conditions(demands.conditions());
        }
        limits(demands, defaultScope);
        if (demands.validation() != null) {
            out.line("validate", validation(demands.validation()));
        }
    }

    private void limits(Rule.Demands demands, Scope defaultScope) {
        List<Limit> said = new ArrayList<>();
        Limit rate = demands.limit(Form.RATE_LIMIT);
        if (rate != null && (rate.counter() == null || rate.scope() == defaultScope)) {
            said.add(rate);
            out.line("rate_limit", rateLimit(rate));
        }
        Limit state = demands.limit(Form.STATE);
        if (state != null && state.scope() == defaultScope) {
            said.add(0, state);
            out.line("state", state(state));
        }
        Limit first = demands.limit(Form.SPEND);
        if (first != null) {
            Map<Window.Calendar, Amount> caps = new LinkedHashMap<>();
            ZoneId zone = null;
            for (Limit limit : demands.limits()) {
                Window.Calendar unit = limit.form() == Form.SPEND ? unit(limit.window()) : null;
                if (unit != null) {
                    caps.put(unit, Objects.requireNonNull(limit.max()));
                    zone = zone(limit.window());
                }
            }
            for (Limit limit : Limit.budget(
                    first.perCall(), caps, zone, first.incrementFrom(), first.charge(), defaultScope, first.place())) {
                said.add(limit.per(first.per()).holding(first.hold()));
            }
            out.line("spend", spend(first, caps, zone));
        }
        Limit concurrent = demands.limit(Form.CONCURRENT);
        if (concurrent != null) {
            said.add(concurrent);
            out.line("concurrent", concurrent(concurrent, defaultScope));
        }
        if (!said.equals(demands.limits())) {
            throw new IllegalArgumentException(
                    "a document can't say that one rule has these limits; make several rules: " + demands.limits());
        }
    }

    private static String rateLimit(Limit limit) {
        String window = window(limit);
        if (limit.counter() != null) {
            return limit.max() + "/" + window;
        }
        List<String> parts = new ArrayList<>();
        parts.add("max: " + limit.max());
        parts.add("window: " + window);
        addZone(zone(limit.window()), parts);
        Algorithm usual = limit.window() instanceof Window.Length ? Algorithm.TOKEN_BUCKET : Algorithm.FIXED_WINDOW;
        if (limit.algorithm() != usual) {
            parts.add("algorithm: " + limit.algorithm().text());
        }
        if (limit.scope() != Scope.SESSION) {
            parts.add("scope: " + limit.scope().text());
        }
        addPer(limit, parts);
        if (limit.charge() != LimitReader.defaultCharge(limit.algorithm())) {
            parts.add("charge: " + limit.charge().text());
        }
        return flow(parts);
    }

    private static String state(Limit counter) {
        List<String> parts = new ArrayList<>();
        parts.add("counter: " + YamlText.scalar(counter.label()));
        parts.add("window: " + window(counter));
        addZone(zone(counter.window()), parts);
        if (!counter.increment().equals(Amount.ONE)) {
            parts.add("increment: " + counter.increment());
        }
        if (counter.incrementFrom() != null) {
            parts.add(
                    "increment_from: " + YamlText.scalar(counter.incrementFrom().text()));
        }
        addHold(counter, parts);
        addPer(counter, parts);
        if (counter.charge() != ChargeMode.SUCCESS) {
            parts.add("charge: " + counter.charge().text());
        }
        return flow(parts);
    }

    private static String spend(Limit first, Map<Window.Calendar, Amount> caps, @Nullable ZoneId zone) {
        List<String> parts = new ArrayList<>();
        if (first.perCall() != null) {
            parts.add("per_call: " + first.perCall());
        }
        for (Map.Entry<String, Window.Calendar> cap : LimitReader.CAPS.entrySet()) {
            Amount amount = caps.get(cap.getValue());
            if (amount != null) {
                parts.add(cap.getKey() + ": " + amount);
            }
        }
        if (first.incrementFrom() != null) {
            parts.add("from: " + YamlText.scalar(first.incrementFrom().text()));
        }
        addHold(first, parts);
        addZone(zone, parts);
        addPer(first, parts);
        if (first.charge() != ChargeMode.SUCCESS) {
            parts.add("charge: " + first.charge().text());
        }
        return flow(parts);
    }

    private static void addHold(Limit limit, List<String> parts) {
        if (limit.hold() != null) {
            parts.add("hold: " + limit.hold());
        }
    }

    private static Window.@Nullable Calendar unit(@Nullable Window window) {
        if (window instanceof Window.InZone zoned) {
            return zoned.unit();
        }
        return window instanceof Window.Calendar unit ? unit : null;
    }

    private static @Nullable ZoneId zone(@Nullable Window window) {
        return window instanceof Window.InZone zoned ? zoned.zone() : null;
    }

    private static void addZone(@Nullable ZoneId zone, List<String> parts) {
        if (zone != null) {
            parts.add("zone: " + YamlText.scalar(zone.getId()));
        }
    }

    private static String concurrent(Limit limit, Scope defaultScope) {
        List<String> parts = new ArrayList<>();
        if (limit.scope() != defaultScope) {
            parts.add("scope: " + limit.scope().text());
        }
        addPer(limit, parts);
        Duration lease = Objects.requireNonNull(limit.lease());
        if (!lease.equals(Limit.DEFAULT_LEASE)) {
            parts.add("lease: " + duration(lease));
        }
        if (parts.isEmpty()) {
            return String.valueOf(limit.max());
        }
        parts.add(0, "max: " + limit.max());
        return flow(parts);
    }

    private static void addPer(Limit limit, List<String> parts) {
        if (!limit.per().isEmpty()) {
            parts.add("per: " + per(limit));
        }
    }

    private static String per(Limit limit) {
        List<String> keys = new ArrayList<>();
        for (PartitionKey key : limit.per()) {
            String path = YamlText.scalar(key.text());
            keys.add(key.fold() ? flow(List.of("path: " + path, "fold: true")) : path);
        }
        return keys.size() == 1 ? keys.get(0) : "[" + String.join(", ", keys) + "]";
    }

    private static String window(Limit limit) {
        return Objects.requireNonNull(limit.window()).text();
    }

    private static String validation(Validation validation) {
        List<String> parts = new ArrayList<>();
        if (validation.schemaRequired() && !validation.required().isEmpty()) {
            throw new IllegalArgumentException(
                    "a document can't say both required_args: true and a list of names; make two rules of it");
        }
        if (validation.schemaRequired()) {
            parts.add("required_args: true");
        } else if (!validation.required().isEmpty()) {
            parts.add("required_args: ["
                    + String.join(
                            ", ",
                            validation.required().stream().map(YamlText::scalar).toList())
                    + "]");
        }
        if (validation.schema()) {
            parts.add("schema: true");
        }
        if (validation.noUnknown()) {
            parts.add("no_unknown_args: true");
        }
        validation.maxBytes().ifPresent(bytes -> parts.add("max_bytes: " + bytes));
        validation.maxDepth().ifPresent(depth -> parts.add("max_depth: " + depth));
        return flow(parts);
    }

    private void message(@Nullable String message) {
        if (message != null) {
            out.line("on_deny", YamlText.scalar(message));
        }
    }

    private static String duration(Duration duration) {
        boolean whole = duration.toNanosPart() == 0;
        if (whole && duration.compareTo(Window.Length.MAX) <= 0 && !duration.isZero()) {
            return new Window.Length(duration).text();
        }
        return BigDecimal.valueOf(duration.toSeconds())
                .add(BigDecimal.valueOf(duration.toNanosPart(), 9))
                .stripTrailingZeros()
                .toPlainString();
    }

    private static String flow(List<String> parts) {
        return "{" + String.join(", ", parts) + "}";
    }
}
