package dev.interlock.policy.yaml;

import dev.interlock.policy.Condition;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Place;
import dev.interlock.policy.Rule;
import dev.interlock.policy.Validation;
import dev.interlock.policy.text.Suggestion;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Reads rules. */
final class RuleReader {

    private static final List<String> ACTIONS = List.of("evaluate", "allow", "deny", "require_approval");
    private static final List<String> MODES = List.of("enforce", "audit");

    private final ReadContext context;
    private final ConditionReader conditions;
    private final LimitReader limits;
    private final ShorthandReader shorthands;
    private final ValidationReader validations;
    private final WindowReader times;

    RuleReader(ReadContext context, ConditionReader conditions, LimitReader limits, WindowReader times) {
        this.context = context;
        this.conditions = conditions;
        this.limits = limits;
        this.shorthands = new ShorthandReader(context);
        this.validations = new ValidationReader(context);
        this.times = times;
    }

    /** A rule, or null if it is broken. */
    @Nullable
    Rule read(Node node, NodePath at, EntryKey owner) {
        if (!(node instanceof Node.Mapping map)) {
            if (node instanceof Node.Scalar scalar && scalar.isNull()) {
                context.findings.error("null-value", node, at, "there is no rule here", Hints.DROPPED);
            } else {
                context.scalars.wrongType(node, at, "a rule", "a map");
            }
            return null;
        }
        Fields fields = Fields.of(Keys.RULE, map, at, context.findings, Hints.IGNORED);
        String name = name(fields);
        String message = message(fields);
        Mode mode = mode(fields);
        String action = action(fields);
        Place place = ReadContext.place(node, at);
        if (!"require_approval".equals(action)) {
            checkTimeout(fields);
        }
        if ("deny".equals(action)) {
            checkDeny(fields);
            return new Rule.Deny(name, message, mode, place);
        }
        if ("require_approval".equals(action)) {
            Duration timeout = timeout(fields);
            Rule.Demands demands = demands(fields, owner, ConditionReader.ConditionUse.ASKS, place);
            return demands == null ? null : new Rule.Approval(name, demands, timeout, message, mode, place);
        }
        Rule.Demands demands = demands(fields, owner, ConditionReader.ConditionUse.ALLOWS, place);
        noteIntercept(fields, action);
        if (demands == null || action == null) {
            return null;
        }
        if (demands.isEmpty() && action.equals("evaluate")) {
            nothingToCheck(fields, node, at);
            return null;
        }
        return new Rule.Check(name, demands, message, mode, place);
    }

    private @Nullable String name(Fields fields) {
        if (!fields.has("name")) {
            context.intercept.refuses();
        }
        Node node = fields.get("name");
        return node == null ? null : context.scalars.nonBlank(node, fields.at("name"), "name");
    }

    private void nothingToCheck(Fields fields, Node node, NodePath at) {
        String hint = "add conditions or a limit, or write action: allow to just list the tool";
        if (fields.has("on_deny") || fields.has("reason")) {
            hint = "to deny every call, write action: deny; otherwise add conditions or a limit";
        }
        context.findings.error("nothing-to-check", node, at, "this rule checks nothing", hint);
    }

    private @Nullable String message(Fields fields, String key) {
        Node node = fields.get(key);
        return node == null ? null : context.scalars.message(node, fields.at(key), key);
    }

    /** The message under either of its two names. */
    private @Nullable String message(Fields fields) {
        String message = message(fields, "on_deny");
        String reason = message(fields, "reason");
        Node.Pair pair = fields.pair("reason");
        if (pair == null) {
            return message;
        }
        if (fields.has("on_deny")) {
            context.findings.error(
                    "conflict",
                    pair.key(),
                    fields.at("reason"),
                    "'reason' and 'on_deny' are two names for one message",
                    "keep one of them");
        }
        context.intercept.ignores("'reason'", pair.key(), fields.at("reason"));
        return reason;
    }

    private Mode mode(Fields fields) {
        Node.Pair pair = fields.pair("mode");
        if (pair == null) {
            return Mode.ENFORCE;
        }
        context.intercept.ignores("'mode'", pair.key(), fields.at("mode"));
        String word = context.scalars.word(pair.value(), fields.at("mode"), "mode", MODES);
        return "audit".equals(word) ? Mode.AUDIT : Mode.ENFORCE;
    }

    /** The action, or null if it isn't valid; that has then been reported. */
    private @Nullable String action(Fields fields) {
        Node node = fields.get("action");
        if (node == null) {
            return "evaluate";
        }
        NodePath at = fields.at("action");
        String text = context.scalars.text(node, at, "action");
        if (text == null || ACTIONS.contains(text)) {
            return text;
        }
        String nearest = Suggestion.hint(text, ACTIONS);
        String hint = nearest == null ? "it is " + Scalars.alternatives(ACTIONS) : nearest;
        if (fields.get("rate_limit") instanceof Node.Scalar) {
            hint += (nearest == null ? "; " : " ")
                    + "Intercept would have overlooked it beside rate_limit, and only counted";
        }
        context.findings.error("bad-value", node, at, "action can't be " + Display.quoted(text), hint);
        return null;
    }

    private void checkDeny(Fields fields) {
        for (String key : List.of("conditions", "rate_limit", "state", "spend", "concurrent", "validate")) {
            Node.Pair pair = fields.pair(key);
            boolean empty = pair != null
                    && pair.value() instanceof Node.Sequence sequence
                    && sequence.items().isEmpty();
            if (pair != null && !empty) {
                context.findings.error(
                        "not-with-deny",
                        pair.key(),
                        fields.at(key),
                        "a rule that denies every call can't have '" + key + "'",
                        key.equals("conditions")
                                ? "to deny some calls, put the conditions under the entry's deny_if"
                                : "take it out, or take 'action: deny' out");
            }
        }
    }

    private void checkTimeout(Fields fields) {
        Node.Pair pair = fields.pair("approval_timeout");
        if (pair != null) {
            context.findings.error(
                    "conflict",
                    pair.key(),
                    fields.at("approval_timeout"),
                    "'approval_timeout' needs action: require_approval",
                    "no person is asked here");
        }
    }

    private Duration timeout(Fields fields) {
        Node node = fields.get("approval_timeout");
        Duration timeout =
                node == null ? null : times.duration(node, fields.at("approval_timeout"), "approval_timeout");
        return timeout == null ? Rule.Approval.DEFAULT_TIMEOUT : timeout;
    }

    /** What the rule demands, or null if any of it is broken. */
    private Rule.@Nullable Demands demands(
            Fields fields, EntryKey owner, ConditionReader.ConditionUse use, Place place) {
        boolean whole = true;
        List<Condition> list = List.of();
        Node node = fields.get("conditions");
        if (node != null) {
            List<Condition> read = conditions.list(node, fields.at("conditions"), owner, use);
            whole = read != null;
            list = read == null ? List.of() : read;
        }
        List<Limit> counted = new ArrayList<>();
        Node.Pair rate = fields.pair("rate_limit");
        if (rate != null) {
            Limit limit = rateLimit(rate, fields, owner, place);
            whole &= limit != null && counted.add(limit);
        }
        Node stateNode = fields.get("state");
        if (stateNode != null) {
            Limit state = limits.state(stateNode, fields.at("state"), owner, place);
            whole &= state != null && isFixed(state, list, fields, owner);
            // A counter is charged first.
            counted.addAll(0, state == null ? List.of() : List.of(state));
        }
        Node.Pair spendPair = fields.pair("spend");
        if (spendPair != null) {
            context.intercept.ignores("'spend'", spendPair.key(), fields.at("spend"));
            List<Limit> spend = limits.spend(spendPair.value(), fields.at("spend"), owner, place);
            whole &= spend != null;
            counted.addAll(spend == null ? List.of() : spend);
        }
        Node.Pair concurrentPair = fields.pair("concurrent");
        if (concurrentPair != null) {
            context.intercept.ignores("'concurrent'", concurrentPair.key(), fields.at("concurrent"));
            Limit concurrent = limits.concurrent(concurrentPair.value(), fields.at("concurrent"), owner, place);
            whole &= concurrent != null && counted.add(concurrent);
        }
        Validation validation = null;
        Node.Pair validate = fields.pair("validate");
        if (validate != null) {
            context.intercept.ignores("'validate'", validate.key(), fields.at("validate"));
            validation = validations.read(validate.value(), fields.at("validate"));
            whole &= validation != null;
        }
        return whole ? new Rule.Demands(list, counted, validation) : null;
    }

    /** Reports conditions that are the limit of the rule's counter, but whose number is the call's. */
    private boolean isFixed(Limit state, List<Condition> list, Fields fields, EntryKey owner) {
        boolean fixed = true;
        for (int i = 0; i < list.size(); i++) {
            Condition condition = list.get(i);
            if (state.isAfterwards()
                    && condition.operator() == Operator.LT
                    && state.isLimitedBy(condition, owner.segment())) {
                fixed = false;
                context.findings.error(
                        "conflict",
                        ((Node.Sequence) Objects.requireNonNull(fields.get("conditions")))
                                .items()
                                .get(i),
                        fields.at("conditions").item(i),
                        "'lt' can't be the limit of a counter whose amounts are known only when a call has ended",
                        "write lte: a call is let through while the counter is below that number");
            }
            if (condition.operand().from() != null && state.isLimitedBy(condition, owner.segment())) {
                fixed = false;
                context.findings.error(
                        "value-from-limit",
                        ((Node.Sequence) Objects.requireNonNull(fields.get("conditions")))
                                .items()
                                .get(i),
                        fields.at("conditions").item(i),
                        "the limit of a counter can't have 'value_from'",
                        "write a number under 'value'");
            }
        }
        return fixed;
    }

    private @Nullable Limit rateLimit(Node.Pair pair, Fields fields, EntryKey owner, Place place) {
        NodePath at = fields.at("rate_limit");
        if (pair.value() instanceof Node.Mapping map) {
            return limits.rateLimit(map, at, place);
        }
        if (fields.has("state")) {
            context.findings.error(
                    "conflict",
                    pair.key(),
                    at,
                    "a rule can't have both the short rate_limit and state",
                    "the short form is a counter itself: make two rules, or write rate_limit as a map");
        }
        return shorthands.read(pair.value(), at, owner, place);
    }

    /** Notes how Intercept handles a rule that checks the call. */
    private void noteIntercept(Fields fields, @Nullable String action) {
        boolean counts = fields.get("rate_limit") instanceof Node.Scalar;
        boolean checks = fields.get("conditions") instanceof Node.Sequence sequence
                && !sequence.items().isEmpty();
        if (!counts && (!checks || "allow".equals(action))) {
            context.intercept.refuses();
        }
    }
}
