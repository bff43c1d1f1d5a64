package dev.interlock.policy.review;

import dev.interlock.policy.Algorithm;
import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Condition;
import dev.interlock.policy.Entry;
import dev.interlock.policy.EntrySelection.Selected;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Operator;
import dev.interlock.policy.PartitionKey;
import dev.interlock.policy.Path;
import dev.interlock.policy.Place;
import dev.interlock.policy.Rule;
import dev.interlock.policy.Scope;
import dev.interlock.policy.Severity;
import dev.interlock.policy.Validation;
import dev.interlock.policy.Window;
import dev.interlock.policy.review.Finding.Problem;
import dev.interlock.policy.text.Suggestion;
import dev.interlock.policy.text.VisibleText;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.ObjectValue;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reviews limits and checks of the arguments: finds what no call passes, and what no call can reach. */
final class LimitReview {

    private static final Set<JsonType> SCALARS = EnumSet.of(JsonType.STRING, JsonType.NUMBER, JsonType.BOOLEAN);

    private final Findings findings;

    LimitReview(Findings findings) {
        this.findings = findings;
    }

    /**
     * A limit that counts the same for each call.
     *
     * @param granted whether it counts only calls under one grant
     * @param max how many calls a window holds
     */
    private record Fixed(
            Place place, boolean granted, Window.Calendar window, Scope scope, ChargeMode charge, long max) {

        /**
         * Whether a call never finds the other limit without room.
         *
         * @param first whether this limit is checked before the other, and so reported if both are full
         */
        boolean hides(Fixed other, boolean first) {
            long windows = times(window, other.window);
            boolean wider = scope == other.scope
                    || ((scope == Scope.TOOL || scope == Scope.ENTRY || scope == Scope.GLOBAL)
                            && (other.scope == Scope.TOOL
                                    || other.scope == Scope.SESSION
                                    || other.scope == Scope.IDENTITY));
            boolean all = !granted || other.granted;
            boolean keeps = charge == ChargeMode.SENT || other.charge == ChargeMode.SUCCESS;
            boolean same = scope != other.scope || (scope != Scope.ENTRY && scope != Scope.GLOBAL);
            return windows > 0 && all && wider && same && keeps && other.max - (first ? 0 : 1) >= windows * max;
        }

        /** At most how many of the shorter windows the longer one contains; 0 if they don't nest. */
        private static long times(Window.Calendar shorter, Window.Calendar longer) {
            if (shorter == longer) {
                return 1;
            }
            if (shorter == Window.Calendar.WEEK || shorter.compareTo(longer) > 0) {
                return 0;
            }
            return switch (longer) {
                case MINUTE -> 0;
                case HOUR -> 60;
                case DAY -> shorter == Window.Calendar.HOUR ? 24 : 24 * 60;
                case WEEK -> 7 * (shorter == Window.Calendar.DAY ? 1 : times(shorter, Window.Calendar.DAY));
                case MONTH -> 31 * (shorter == Window.Calendar.DAY ? 1 : times(shorter, Window.Calendar.DAY));
            };
        }
    }

    /** Reviews the limits that one call to a tool is charged to. */
    void hidden(CallScenario situation, boolean enforced) {
        List<Fixed> fixed = new ArrayList<>();
        for (Selected selected : situation.entries()) {
            Entry entry = selected.entry();
            boolean granted = situation.granted().contains(selected);
            Stream<Limit> rates = entry.rules().stream()
                    .filter(rule -> rule instanceof Rule.Check && rule.mode() == Mode.ENFORCE)
                    .map(rule -> rule.demands().limit(Limit.Form.RATE_LIMIT))
                    .filter(Objects::nonNull);
            Stream.concat(rates, entry.limits().stream()).forEach(limit -> {
                if (limit.algorithm() == Algorithm.FIXED_WINDOW
                        && limit.window() instanceof Window.Calendar unit
                        && limit.max() != null
                        && limit.incrementFrom() == null
                        && limit.charge() != ChargeMode.FAILURES
                        && limit.per().isEmpty()) {
                    long max = limit.max().micros() / Amount.ONE_MICROS;
                    fixed.add(new Fixed(limit.place(), granted, unit, limit.scope(), limit.charge(), max));
                }
            });
        }
        for (int i = 0; enforced && i < fixed.size(); i++) {
            for (int j = 0; j < fixed.size(); j++) {
                Fixed one = fixed.get(i);
                Fixed other = fixed.get(j);
                if (i != j && one.hides(other, i < j)) {
                    findings.add(
                            Severity.WARNING,
                            Problem.UNREACHABLE_LIMIT,
                            other.place(),
                            "no call can hit this limit: " + one.place().path() + " (" + one.max() + " per "
                                    + one.window().text() + ") is always reached first",
                            "lower it, or leave it out",
                            situation.tool().name());
                }
            }
        }
    }

    /** Reviews what an entry counts and checks in a tool's arguments. */
    void review(Selected selected, OfferedTool tool, boolean policyEnforced) {
        Entry entry = selected.entry();
        for (Rule rule : entry.rules()) {
            boolean enforced = policyEnforced && rule.mode() == Mode.ENFORCE;
            if (rule instanceof Rule.Check check) {
                demands(selected, check.demands(), rule, tool, enforced);
            } else if (rule instanceof Rule.Approval approval) {
                // Only for the calls that it asks about.
                arguments(approval.demands(), rule.place(), tool, false);
            }
        }
        for (Limit limit : entry.limits()) {
            Amount max = limit.max();
            amount(limit, limit.charge() == ChargeMode.FAILURES ? null : max, limit.place(), tool, policyEnforced);
            if (limit.incrementFrom() == null
                    && limit.charge() != ChargeMode.FAILURES
                    && max != null
                    && max.compareTo(Amount.ONE) < 0) {
                neverPasses(limit.place(), "each call counts 1, and the limit is " + max, tool, policyEnforced);
            }
        }
    }

    private void demands(Selected selected, Rule.Demands demands, Rule rule, OfferedTool tool, boolean enforced) {
        arguments(demands, rule.place(), tool, enforced);
        Validation validation = demands.validation();
        if (validation != null
                && validation.maxBytes().isPresent()
                && validation.maxBytes().getAsInt() < 2) {
            neverPasses(rule.place(), "no arguments are smaller than the 2 bytes of {}", tool, enforced);
        }
        if (validation != null
                && validation.maxDepth().isPresent()
                && validation.maxDepth().getAsInt() < 1) {
            neverPasses(rule.place(), "no arguments are less deep than 1", tool, enforced);
        }
        for (Limit limit : demands.limits()) {
            if (limit.form() == Limit.Form.STATE) {
                for (Condition condition : demands.conditions()) {
                    if (condition.operand().from() == null && selected.limitsOwnCounter(condition, demands)) {
                        ownLimit(condition, limit, tool, enforced);
                    }
                }
            } else if (limit.form() == Limit.Form.SPEND) {
                cap(limit, rule, tool, enforced);
            }
        }
    }

    private void cap(Limit limit, Rule rule, OfferedTool tool, boolean enforced) {
        Amount max = limit.max();
        Window window = limit.window();
        if (max != null && window != null && limit.incrementFrom() == null && max.compareTo(limit.increment()) < 0) {
            neverPasses(
                    rule.place(),
                    "each call costs " + limit.increment() + ", and " + max + " a " + window.text()
                            + " is all there is",
                    tool,
                    enforced);
        }
    }

    private void ownLimit(Condition condition, Limit counter, OfferedTool tool, boolean enforced) {
        BigDecimal bound = condition.operand().number().toBigDecimal();
        Amount least = counter.incrementFrom() == null ? counter.increment() : Amount.ZERO;
        BigDecimal each = least.toBigDecimal();
        int order = each.compareTo(bound);
        if (order > 0 || (order == 0 && condition.operator() == Operator.LT)) {
            neverPasses(
                    condition.place(),
                    "the counter is at least " + least + " after any call, and this asks for "
                            + condition.operator().text() + " "
                            + VisibleText.brief(condition.operand().value().json()),
                    tool,
                    enforced);
        }
    }

    private void arguments(Rule.Demands demands, Place place, OfferedTool tool, boolean enforced) {
        for (Limit.Form form : Limit.Form.values()) {
            Limit limit = demands.limit(form);
            if (limit != null) {
                amount(limit, limit.perCall(), place, tool, enforced);
            }
        }
        ObjectValue schema = tool.definition().inputSchema();
        if (demands.validation() == null || schema == null) {
            return;
        }
        for (String name : demands.validation().required()) {
            Schemas schemas = new Schemas(schema);
            Schemas.SchemaStep step = schemas.member(schemas.arguments(), name, false);
            if (step.unknown()) {
                String hint = Suggestion.hint(name, step.names());
                findings.add(
                        Severity.WARNING,
                        Problem.UNKNOWN_ARGUMENT,
                        place,
                        "required_args: the tool's schema has no " + VisibleText.quoted(name),
                        hint,
                        tool.name());
            }
        }
    }

    /** Reviews an argument that is counted: it must be a number that is not negative, otherwise the call is denied. */
    private void amount(Limit limit, @Nullable Amount most, Place place, OfferedTool tool, boolean enforced) {
        partitions(limit, place, tool, enforced);
        Path from = limit.incrementFrom();
        if (from == null) {
            return;
        }
        if (limit.isAfterwards()) {
            Amount hold = limit.hold();
            Amount max = limit.max();
            if (hold != null && max != null && hold.compareTo(max) > 0) {
                neverPasses(place, "each call holds " + hold + ", and the limit is " + max, tool, enforced);
            }
            return;
        }
        PathDomain where = PathDomain.of(from, tool.definition().inputSchema());
        String path = VisibleText.brief(from.text());
        if (where.unknown() != null) {
            unknown(where, where.unknown(), path + " is counted", place, tool);
            return;
        }
        Domain numbers = where.domain().and(Domain.COUNTER);
        if (!where.domain().kinds().contains(JsonType.NUMBER)) {
            findings.add(
                    enforced ? Severity.ERROR : Severity.WARNING,
                    Problem.WRONG_TYPE,
                    place,
                    path + " is counted, but is not a number in the tool's schema,"
                            + " so every call that fits it is denied",
                    null,
                    tool.name());
        } else if (most != null && none(numbers, most)) {
            findings.add(
                    enforced ? Severity.ERROR : Severity.WARNING,
                    Problem.NEVER_PASSES,
                    place,
                    path + " is more than " + most + " by the tool's schema, so every call that fits it is denied",
                    null,
                    tool.name());
        }
    }

    /** Reviews the arguments by which a limit counts separately: a call that lacks one of them is denied. */
    private void partitions(Limit limit, Place place, OfferedTool tool, boolean enforced) {
        for (PartitionKey key : limit.per()) {
            Path path = key.path();
            if (path == null || path.root() != Path.Root.ARGS) {
                continue;
            }
            PathDomain where = PathDomain.of(path, tool.definition().inputSchema());
            String text = VisibleText.brief(path.text());
            if (where.unknown() != null) {
                unknown(where, where.unknown(), text + " is counted separately", place, tool);
            } else if (Collections.disjoint(where.domain().kinds(), SCALARS)) {
                findings.add(
                        enforced ? Severity.ERROR : Severity.WARNING,
                        Problem.WRONG_TYPE,
                        place,
                        text
                                + " is counted separately, but the schema of the tool allows no text, number or boolean"
                                + " there, so every call that fits it is denied",
                        null,
                        tool.name());
            }
        }
    }

    private void unknown(PathDomain where, String name, String use, Place place, OfferedTool tool) {
        String hint = Suggestion.hint(name, where.names());
        findings.add(
                Severity.WARNING,
                Problem.UNKNOWN_ARGUMENT,
                place,
                use + ", and the tool's schema has no " + VisibleText.quoted(name),
                hint == null ? ConditionReview.has(where) : hint,
                tool.name());
    }

    private static boolean none(Domain numbers, Amount most) {
        Range room = numbers.numbers().atMost(most.toBigDecimal(), false);
        return numbers.listed() == null
                ? room.isEmpty()
                : numbers.listed().stream()
                        .noneMatch(
                                value -> value instanceof NumberValue number && room.contains(number.toBigDecimal()));
    }

    private void neverPasses(Place place, String why, OfferedTool tool, boolean enforced) {
        findings.add(
                enforced ? Severity.ERROR : Severity.WARNING,
                Problem.NEVER_PASSES,
                place,
                why + (enforced ? ", so no call passes" : ", so every call is recorded as denied"),
                null,
                tool.name());
    }
}
