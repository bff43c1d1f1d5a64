package dev.interlock.policy.naive;

import dev.interlock.policy.Condition;
import dev.interlock.policy.Entry;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Path;
import dev.interlock.policy.Path.Step;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Rule;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.tool.ToolRating;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Conditions of one entry, looked at for one call. */
final class NaiveConditions {

    private final TimedCall timed;
    private final World world;
    private final Scoped scoped;
    private final NaiveLedger ledger;

    NaiveConditions(TimedCall timed, World world, Scoped scoped, NaiveLedger ledger) {
        this.timed = timed;
        this.world = world;
        this.scoped = scoped;
        this.ledger = ledger;
    }

    Outcome all(List<Condition> conditions) {
        return Outcome.all(conditions.stream().map(this::holds).toList());
    }

    private Outcome holds(Condition condition) {
        Path from = condition.operand().from();
        if (from == null) {
            return holds(condition, condition.operand().value());
        }
        Value operand = isMember(from) ? walk(start(from), from.steps()) : start(from);
        return operand == null || !NaiveOperators.couldStand(condition, operand)
                ? Outcome.INVALID
                : holds(condition, operand);
    }

    private Outcome holds(Condition condition, Value operand) {
        Path path = condition.path();
        if (path.isTime()) {
            return Outcome.of(NaiveTimeWindow.includes(operand, timed.millis()));
        }
        Value begin = start(path);
        if (!isMember(path) && begin == Value.Nil.NULL) {
            return Outcome.INVALID;
        }
        return isMember(path)
                ? holds(condition, operand, begin, path.steps())
                : NaiveOperators.compare(condition, operand, begin);
    }

    /** Whether the path goes into an object that the call has. */
    private static boolean isMember(Path path) {
        return switch (path.root()) {
            case ARGS, PARAMS, CTX -> true;
            case STATE, CALL, TOOL, SESSION, RESULT, USAGE -> false;
        };
    }

    /** Where a path begins; for what is no object, all that there is, and null's own value if that can't be told. */
    private @Nullable Value start(Path path) {
        ToolCall call = timed.call();
        return switch (path.root()) {
            case ARGS, PARAMS -> call.arguments().root();
            case CTX -> call.context();
            case SESSION, RESULT, USAGE -> throw new IllegalArgumentException("not read here: " + path);
            case STATE -> counter(path.member(0), path.member(1));
            case CALL ->
                text(
                        switch (path.member(0)) {
                            case "identity" -> call.identity();
                            case "session" -> call.session();
                            default -> call.server();
                        });
            case TOOL -> {
                ToolRating rating = world.rating(call.tool());
                if (rating == null) {
                    yield Value.Nil.NULL;
                }
                yield text(
                        path.member(0).equals("risk")
                                ? rating.risk().text()
                                : rating.category().text());
            }
        };
    }

    private static @Nullable Value text(@Nullable String text) {
        return text == null ? null : new Value.Text(text);
    }

    private static Outcome holds(Condition condition, Value operand, @Nullable Value here, List<Step> steps) {
        if (steps.isEmpty() || here == null) {
            return NaiveOperators.compare(condition, operand, here);
        }
        List<Step> rest = steps.subList(1, steps.size());
        if (!(steps.get(0) instanceof Step.Member)) {
            if (!(here instanceof Value.Array list)) {
                return Outcome.INVALID;
            }
            List<Outcome> outcomes = list.items().stream()
                    .map(item -> holds(condition, operand, item, rest))
                    .toList();
            return steps.get(0) instanceof Step.Any ? Outcome.any(outcomes) : ofEvery(outcomes);
        }
        Step.Member member = (Step.Member) steps.get(0);
        return here instanceof ObjectValue object && !NaiveNames.isClear(object, member.name())
                ? Outcome.INVALID
                : holds(condition, operand, step(here, member), rest);
    }

    private static Outcome ofEvery(List<Outcome> outcomes) {
        return outcomes.contains(Outcome.INVALID) ? Outcome.INVALID : Outcome.all(outcomes);
    }

    /** Where steps to one value lead; null if nowhere, or if that isn't clear. */
    static @Nullable Value walk(Value from, List<Step> steps) {
        Value here = from;
        for (Step step : steps) {
            Step.Member member = (Step.Member) step;
            boolean clear = !(here instanceof ObjectValue object) || NaiveNames.isClear(object, member.name());
            here = here == null || !clear ? null : step(here, member);
        }
        return here;
    }

    private static @Nullable Value step(Value here, Step.Member member) {
        if (here instanceof ObjectValue object) {
            return object.get(member.name());
        }
        if (here instanceof Value.Array list && !member.quoted()) {
            for (int i = 0; i < list.items().size(); i++) {
                if (member.name().equals(Integer.toString(i))) {
                    return list.items().get(i);
                }
            }
        }
        return null;
    }

    /** A counter's value before this call; null's own value if the call doesn't say which count is meant. */
    private @Nullable Value counter(String scope, String name) {
        PolicyBody body = scoped.body();
        ToolCall call = timed.call();
        if (scope.equals(scoped.counters()) && !scoped.isGlobal()) {
            return counter(scoped, call, name);
        }
        if (scope.equals(Scoped.GLOBAL)) {
            return Stream.of(
                            body.star().map(entry -> neighbour("star", Scoped.GLOBAL, entry)),
                            body.allTools().map(entry -> neighbour("all", Scoped.GLOBAL, entry)))
                    .flatMap(Optional::stream)
                    .map(place -> counter(place, call, name))
                    .filter(Objects::nonNull)
                    .findFirst()
                    .orElse(null);
        }
        Entry other = body.tools().get(new NamePattern(scope));
        ToolCall otherCall = ToolCall.of(scope, call.arguments())
                .in(call.session())
                .by(call.identity())
                .on(call.server())
                .with(call.context());
        return other == null ? null : counter(neighbour("tool " + scope, scope, other), otherCall, name);
    }

    private Scoped neighbour(String key, String counters, Entry entry) {
        return new Scoped(scoped.body(), scoped.owner(), key, counters, entry);
    }

    private @Nullable Value counter(Scoped place, ToolCall call, String name) {
        for (Rule rule : place.entry().rules()) {
            Limit state = rule.demands().limit(Limit.Form.STATE);
            if (state != null && state.label().equals(name)) {
                return used(NaiveCharges.key(place, call, name, state), NaiveCharges.cap(state));
            }
        }
        for (Limit limit : place.entry().limits()) {
            if (limit.counter().equals(name)) {
                return used(NaiveCharges.key(place, call, name, limit), NaiveCharges.cap(limit));
            }
        }
        return null;
    }

    private Value used(@Nullable List<Object> key, Cap cap) {
        return key == null ? Value.Nil.NULL : NumberValue.of(ledger.used(key, cap, timed.millis()));
    }
}
