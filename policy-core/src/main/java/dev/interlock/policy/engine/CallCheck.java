package dev.interlock.policy.engine;

import dev.interlock.policy.Amount;
import dev.interlock.policy.Condition;
import dev.interlock.policy.Path;
import dev.interlock.policy.TimeWindow;
import dev.interlock.policy.Validation;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.RuleRef;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.Explanation.ExplainedStep;
import dev.interlock.policy.engine.Explanation.Result;
import dev.interlock.policy.text.LookAlikes;
import dev.interlock.policy.tool.SchemaValidator;
import dev.interlock.policy.tool.ToolCatalog.KnownTool;
import dev.interlock.policy.value.MemberName;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One thing that a policy checks in a call. Its possible decisions are created in advance, except those whose message
 * quotes the tool's schema.
 */
abstract sealed class CallCheck {

    /** The decision against the call, or null if the call passes. */
    abstract @Nullable Decision apply(ToolCall call, CounterSnapshot counters);

    /** Explains the check in words. */
    abstract ExplainedStep explain(ToolCall call, CounterSnapshot counters);

    /** Whether the check may need what a predicate of the host's says. */
    boolean asksHost() {
        return false;
    }

    static ExplainedStep step(@Nullable Decision decision, RuleRef rule, String what, List<ExplainedStep> details) {
        return new ExplainedStep(result(decision), rule.name() + ": " + what, rule.place(), details);
    }

    /** A denial that was decided before any check. */
    static ExplainedStep verdict(Decision decision) {
        RuleRef rule = decision.rule();
        String text = rule == null ? decision.message() : rule.name() + ": " + decision.message();
        return new ExplainedStep(result(decision), text, rule == null ? null : rule.place(), List.of());
    }

    static Result result(@Nullable Decision decision) {
        if (decision == null) {
            return Result.PASSED;
        }
        if (decision.audited()) {
            return Result.AUDITED;
        }
        return decision.verdict() == Decision.Verdict.NEEDS_APPROVAL ? Result.ASKS : Result.DENIED;
    }

    static ExplainedStep note(ConditionTest test, ToolCall call, CounterSnapshot counters) {
        Condition condition = test.condition();
        Truth truth = test.test(call, counters);
        Duration wait = truth == Truth.TRUE ? null : test.wait(call);
        String text = Messages.expectation(condition) + ": "
                + truth.name().toLowerCase(java.util.Locale.ROOT) + ", "
                + found(test.found(call, counters), "the value", condition.path())
                + (wait == null ? "" : ", and it holds in " + Messages.span(wait));
        if (test.isUnanswered(call, counters)) {
            text += ", and the host has not answered";
        }
        Path from = condition.operand().from();
        if (from != null) {
            text += "; at " + from + " " + found(test.operand(call, counters), "it", from);
        }
        return new ExplainedStep(Result.NOTED, text, condition.place(), List.of());
    }

    private static String found(@Nullable Value found, String what, Path path) {
        if (found == null) {
            return "nothing is there";
        }
        if (!PathReader.isUnclear(found)) {
            return what + " is " + found.json();
        }
        if (path.root() == Path.Root.SESSION) {
            return "the call has no session, or the mark's values can't be told";
        }
        return path.root() == Path.Root.STATE
                ? "the call lacks a value by which the counter counts separately"
                : "another member's name differs from one of the path only in case or looks like it";
    }

    static List<ExplainedStep> notes(ConditionTest[] tests, ToolCall call, CounterSnapshot counters) {
        List<ExplainedStep> notes = new ArrayList<>();
        for (ConditionTest test : tests) {
            notes.add(note(test, call, counters));
        }
        return notes;
    }

    /** A check of a call that another call makes. */
    static final class OfInner extends CallCheck {
        private final CallCheck check;
        private final InnerCall inner;

        OfInner(CallCheck check, InnerCall inner) {
            this.check = check;
            this.inner = inner;
        }

        @Override
        @Nullable
        Decision apply(ToolCall call, CounterSnapshot counters) {
            return check.apply(inner.call(), counters.from(inner.firstCounter()));
        }

        @Override
        boolean asksHost() {
            return check.asksHost();
        }

        @Override
        ExplainedStep explain(ToolCall call, CounterSnapshot counters) {
            ExplainedStep step = check.explain(inner.call(), counters.from(inner.firstCounter()));
            return new ExplainedStep(
                    step.result(), "runs '" + inner.call().tool() + "': " + step.text(), step.place(), step.details());
        }
    }

    /** A denial by a check that was made already. */
    static final class FixedDecision extends CallCheck {
        private final Decision decision;

        FixedDecision(Decision decision) {
            this.decision = decision;
        }

        @Override
        Decision apply(ToolCall call, CounterSnapshot counters) {
            return decision;
        }

        @Override
        ExplainedStep explain(ToolCall call, CounterSnapshot counters) {
            return verdict(decision);
        }
    }

    /** {@code action: deny}, and limits that no call can meet. */
    static final class Always extends CallCheck {
        private final Decision decision;
        private final RuleRef rule;

        Always(Decision decision, RuleRef rule) {
            this.decision = decision;
            this.rule = rule;
        }

        boolean enforced() {
            return !decision.audited();
        }

        @Override
        Decision apply(ToolCall call, CounterSnapshot counters) {
            return decision;
        }

        @Override
        ExplainedStep explain(ToolCall call, CounterSnapshot counters) {
            return step(decision, rule, "denies every call", List.of());
        }
    }

    /** Denies every call, since the caller's grant is not in force. */
    static final class NotInForce extends CallCheck {
        private final TimeWindow window;
        private final RuleRef rule;

        NotInForce(TimeWindow window, RuleRef rule) {
            this.window = window;
            this.rule = rule;
        }

        @Override
        Decision apply(ToolCall call, CounterSnapshot counters) {
            Duration wait = window.wait(call.time()).orElse(null);
            return Decision.denied(Code.GRANT_NOT_IN_FORCE, rule, Messages.notInForce(wait))
                    .retryAfter(wait);
        }

        @Override
        ExplainedStep explain(ToolCall call, CounterSnapshot counters) {
            return step(apply(call, counters), rule, "in force " + window, List.of());
        }
    }

    /** Conditions that must all be true, each with the decision if it is not. */
    static final class Conditions extends CallCheck {
        private final ConditionTest[] tests;
        private final Decision[] denials;

        /** What denies where the denial depends on the time or on the host's answer; null where it doesn't. */
        private final @Nullable DenialFactory[] varying;

        private final RuleRef rule;

        /**
         * The argument that each condition reads if it differs from the argument of the condition before; otherwise
         * null.
         */
        private final PathReader.@Nullable MemberStep[] arguments;

        Conditions(ConditionTest[] tests, Decision[] denials, @Nullable DenialFactory[] varying, RuleRef rule) {
            this.tests = tests;
            this.denials = denials;
            this.varying = varying;
            this.rule = rule;
            this.arguments = new PathReader.@Nullable MemberStep[tests.length];
            for (int i = 0; i < tests.length; i++) {
                PathReader.MemberStep argument = tests[i].argument();
                arguments[i] = i > 0 && isSame(argument, tests[i - 1].argument()) ? null : argument;
            }
        }

        private static boolean isSame(PathReader.@Nullable MemberStep one, PathReader.@Nullable MemberStep other) {
            return one != null
                    && other != null
                    && one.name().text().equals(other.name().text());
        }

        /**
         * Joins two checks into one, for {@link #apply} only. A later condition is tested only after all earlier ones
         * have passed. So this is only for enforced denials, because the first of these ends the checking.
         */
        Conditions followedBy(Conditions next) {
            ConditionTest[] allTests = Arrays.copyOf(tests, tests.length + next.tests.length);
            System.arraycopy(next.tests, 0, allTests, tests.length, next.tests.length);
            Decision[] allDenials = Arrays.copyOf(denials, denials.length + next.denials.length);
            System.arraycopy(next.denials, 0, allDenials, denials.length, next.denials.length);
            @Nullable DenialFactory[] allVarying = Arrays.copyOf(varying, varying.length + next.varying.length);
            System.arraycopy(next.varying, 0, allVarying, varying.length, next.varying.length);
            return new Conditions(allTests, allDenials, allVarying, rule);
        }

        @Override
        boolean asksHost() {
            return ConditionTest.asksHost(tests);
        }

        /** Whether every denial is enforced. */
        boolean enforced() {
            for (Decision denial : denials) {
                if (denial.audited()) {
                    return false;
                }
            }
            return true;
        }

        @Override
        @Nullable
        Decision apply(ToolCall call, CounterSnapshot counters) {
            ObjectValue root = call.arguments().root();
            Value argument = null;
            for (int i = 0; i < tests.length; i++) {
                ConditionTest test = tests[i];
                if (test.argument() == null) {
                    if (test.test(call, counters) != Truth.TRUE) {
                        return denial(i, call, counters);
                    }
                    continue;
                }
                PathReader.MemberStep member = arguments[i];
                if (member != null) {
                    argument = member.from(root);
                }
                if (!test.holds(argument, call, counters)) {
                    return denials[i];
                }
            }
            return null;
        }

        private Decision denial(int i, ToolCall call, CounterSnapshot counters) {
            DenialFactory factory = varying[i];
            if (factory == null) {
                return denials[i];
            }
            Condition condition = tests[i].condition();
            if (tests[i].isUnanswered(call, counters)) {
                return factory.unanswered(condition);
            }
            Duration wait = tests[i].wait(call);
            return wait == null
                    ? denials[i]
                    : factory.because(Code.CONDITION, Messages.condition(condition, factory.rule(), wait))
                            .retryAfter(wait);
        }

        @Override
        ExplainedStep explain(ToolCall call, CounterSnapshot counters) {
            return step(apply(call, counters), rule, "every condition must hold", notes(tests, call, counters));
        }
    }

    /** An item of {@code deny_if}: denies unless its block is definitely false. */
    static final class DenyIf extends CallCheck {
        private final ConditionTest[] tests;
        private final DenialFactory denials;
        private final Decision denial;

        DenyIf(ConditionTest[] tests, DenialFactory denials) {
            this.tests = tests;
            this.denials = denials;
            this.denial = denials.because(Code.DENY_IF, Messages.denyIf(denials.rule()));
        }

        @Override
        boolean asksHost() {
            return ConditionTest.asksHost(tests);
        }

        @Override
        @Nullable
        Decision apply(ToolCall call, CounterSnapshot counters) {
            return switch (ConditionTest.all(tests, call, counters)) {
                case FALSE -> null;
                case TRUE -> denial;
                case INVALID -> invalid(call, counters);
            };
        }

        private Decision invalid(ToolCall call, CounterSnapshot counters) {
            for (ConditionTest test : tests) {
                if (test.isUnanswered(call, counters)) {
                    return denials.unanswered(test.condition());
                }
            }
            return denial;
        }

        @Override
        ExplainedStep explain(ToolCall call, CounterSnapshot counters) {
            return step(
                    apply(call, counters), denials.rule(), "denies if all of this holds", notes(tests, call, counters));
        }
    }

    /** An amount that a limit counts: it must be present and at most what one call may cost. */
    static final class AmountPresent extends CallCheck {
        private final AmountSource amount;
        private final @Nullable Amount most;
        private final Decision unusable;
        private final Decision tooMuch;
        private final RuleRef rule;

        AmountPresent(AmountSource amount, @Nullable Amount most, Decision unusable, Decision tooMuch, RuleRef rule) {
            this.amount = amount;
            this.most = most;
            this.unusable = unusable;
            this.tooMuch = tooMuch;
            this.rule = rule;
        }

        @Override
        @Nullable
        Decision apply(ToolCall call, CounterSnapshot counters) {
            BigDecimal cost = amount.read(call);
            if (cost == null) {
                return unusable;
            }
            return most != null && cost.compareTo(most.toBigDecimal()) > 0 ? tooMuch : null;
        }

        @Override
        ExplainedStep explain(ToolCall call, CounterSnapshot counters) {
            BigDecimal cost = amount.read(call);
            String what =
                    cost == null ? "this call's amount can't be counted" : "this call counts " + cost.toPlainString();
            return step(apply(call, counters), rule, most == null ? what : what + " of at most " + most, List.of());
        }
    }

    /** The values of the call by which a limit counts separately: the call must have them. */
    static final class PartitionKnown extends CallCheck {
        private final PartitionReader partition;
        private final Decision unknown;
        private final RuleRef rule;

        PartitionKnown(PartitionReader partition, Decision unknown, RuleRef rule) {
            this.partition = partition;
            this.unknown = unknown;
            this.rule = rule;
        }

        boolean isOf(PartitionReader other) {
            return partition.equals(other);
        }

        @Override
        @Nullable
        Decision apply(ToolCall call, CounterSnapshot counters) {
            return partition.isKnown(call) ? null : unknown;
        }

        @Override
        ExplainedStep explain(ToolCall call, CounterSnapshot counters) {
            String values = partition.values(call);
            String what = values != null
                    ? "counts this call under " + partition.text() + " = " + values
                    : "this call can't be counted under " + partition.text();
            return step(apply(call, counters), rule, what, List.of());
        }
    }

    /** The call must end where it is made, and not as a task. */
    static final class NoTask extends CallCheck {
        private static final MemberName TASK = MemberName.of("task");

        private final Decision denial;
        private final Decision answered;
        private final RuleRef rule;

        /**
         * @param answered the denial of an answer that makes a task of the call
         */
        NoTask(Decision denial, Decision answered, RuleRef rule) {
            this.denial = denial;
            this.answered = answered;
            this.rule = rule;
        }

        /** The denial of an answer that makes a task of the call. */
        Decision answered() {
            return answered;
        }

        @Override
        @Nullable
        Decision apply(ToolCall call, CounterSnapshot counters) {
            ObjectValue parameters = call.parameters();
            if (parameters.size() == 0) {
                return null;
            }
            Value task = parameters.read(TASK, PathReader.UNCLEAR);
            return task == null || task == Value.Nil.NULL ? null : denial;
        }

        @Override
        ExplainedStep explain(ToolCall call, CounterSnapshot counters) {
            Decision decision = apply(call, counters);
            return step(decision, rule, decision == null ? "the call is not a task" : "the call is a task", List.of());
        }
    }

    /** The marks that the call may set: it must have a session, and values that can be kept. */
    static final class MarksSettable extends CallCheck {
        private final PlannedMarks marks;
        private final DenialFactory denials;
        private final Decision noSession;
        private final Decision unusable;

        MarksSettable(PlannedMarks marks, DenialFactory denials) {
            this.marks = marks;
            this.denials = denials;
            this.noSession = denials.because(Code.MARK, Messages.noSession(denials.rule()));
            this.unusable = denials.because(Code.MARK, Messages.unusableMark(denials.rule()));
        }

        /** The same for a call that another call makes: only those of its marks count that it may set. */
        MarksSettable of(InnerCall inner) {
            return new MarksSettable(marks.of(inner), denials);
        }

        DenialFactory denials() {
            return denials;
        }

        @Override
        @Nullable
        Decision apply(ToolCall call, CounterSnapshot counters) {
            if (marks.isEmpty()) {
                return null;
            }
            if (call.markSession() == null) {
                return noSession;
            }
            return marks.hasUnusable(call) ? unusable : null;
        }

        @Override
        ExplainedStep explain(ToolCall call, CounterSnapshot counters) {
            Decision decision = apply(call, counters);
            String names = String.join(", ", marks.names());
            return step(
                    decision,
                    denials.rule(),
                    decision == null
                            ? names.isEmpty() ? "sets no mark" : "may mark the session as " + names
                            : decision.message(),
                    List.of());
        }
    }

    /** {@code validate}. */
    static final class Valid extends CallCheck {
        private final Validation validation;
        private final @Nullable SchemaValidator validator;
        private final DenialFactory denials;
        private final List<MemberName> required;

        Valid(Validation validation, @Nullable SchemaValidator validator, DenialFactory denials) {
            this.validation = validation;
            this.validator = validator;
            this.denials = denials;
            this.required = validation.required().stream().map(MemberName::of).toList();
        }

        @Override
        @Nullable
        Decision apply(ToolCall call, CounterSnapshot counters) {
            if (!call.arguments().isKnown()) {
                return denials.validation("the arguments are not known");
            }
            if (validation.maxBytes().isPresent()
                    && call.argumentBytes() > validation.maxBytes().getAsInt()) {
                return denials.validation(
                        "the arguments are larger than " + validation.maxBytes().getAsInt() + " bytes");
            }
            if (validation.maxDepth().isPresent()
                    && call.arguments().depth() > validation.maxDepth().getAsInt()) {
                return denials.validation("the arguments are nested deeper than "
                        + validation.maxDepth().getAsInt() + " levels");
            }
            Decision missing = missing(required, Set.of(), call);
            if (missing != null) {
                return missing;
            }
            return validation.schemaRequired() || validation.schema() || validation.noUnknown()
                    ? againstSchema(call)
                    : null;
        }

        private @Nullable Decision againstSchema(ToolCall call) {
            KnownTool tool = call.definition();
            ObjectValue schema = tool == null ? null : tool.definition().inputSchema();
            if (tool == null || schema == null) {
                return denials.schemaUnknown();
            }
            if (validation.schemaRequired()) {
                Decision missing =
                        missing(tool.required().stream().map(MemberName::of).toList(), tool.properties(), call);
                if (missing != null) {
                    return missing;
                }
            }
            if (validation.noUnknown()) {
                for (String name : call.arguments().root().names()) {
                    if (!tool.properties().contains(name)) {
                        return denials.validation(
                                "an argument is unknown to the tool; it takes " + Messages.list(tool.properties()));
                    }
                }
            }
            if (!validation.schema()) {
                return null;
            }
            if (validator == null) {
                return denials.schemaUnknown();
            }
            String unclear = SchemaNames.problem(schema, call.arguments().root());
            if (unclear != null) {
                return denials.validation(unclear);
            }
            Optional<String> problem =
                    validator.problem(schema, call.arguments().root());
            return problem.isPresent() ? denials.validation(problem.get()) : null;
        }

        private @Nullable Decision missing(List<MemberName> names, Set<String> declared, ToolCall call) {
            ObjectValue arguments = call.arguments().root();
            for (MemberName name : names) {
                Value value = arguments.read(name, PathReader.UNCLEAR);
                if (PathReader.isUnclear(value)) {
                    if (hasUndeclaredLookAlike(name, arguments, declared)) {
                        return denials.validation(SchemaNames.UNCLEAR);
                    }
                    value = arguments.get(name.text());
                }
                if (value == null || value == Value.Nil.NULL) {
                    return denials.validation(
                            LookAlikes.isWord(name.text())
                                    ? "the required argument '" + name + "' is missing"
                                    : "a required argument is missing");
                }
            }
            return null;
        }

        /** Whether the arguments contain a member that looks like {@code name} and that the tool doesn't declare. */
        private static boolean hasUndeclaredLookAlike(MemberName name, ObjectValue arguments, Set<String> declared) {
            return arguments.names().stream()
                    .anyMatch(other ->
                            name.isPassedForBy(other) && !(declared.contains(name.text()) && declared.contains(other)));
        }

        @Override
        ExplainedStep explain(ToolCall call, CounterSnapshot counters) {
            Decision decision = apply(call, counters);
            return step(
                    decision,
                    denials.rule(),
                    decision == null ? "the arguments are valid" : decision.message(),
                    List.of());
        }
    }

    /**
     * {@code require_approval}: asks unless its conditions are definitely false, and then checks the rest of the rule.
     */
    static final class ApprovalNeeded extends CallCheck {
        private final ConditionTest[] tests;
        private final List<CallCheck> rest;
        private final Decision ask;
        private final RuleRef rule;

        ApprovalNeeded(ConditionTest[] tests, List<CallCheck> rest, Decision ask, RuleRef rule) {
            this.tests = tests;
            this.rest = List.copyOf(rest);
            this.ask = ask;
            this.rule = rule;
        }

        @Override
        boolean asksHost() {
            return ConditionTest.asksHost(tests);
        }

        boolean asks(ToolCall call, CounterSnapshot counters) {
            return ConditionTest.all(tests, call, counters) != Truth.FALSE;
        }

        @Override
        @Nullable
        Decision apply(ToolCall call, CounterSnapshot counters) {
            if (!asks(call, counters)) {
                return null;
            }
            for (CallCheck check : rest) {
                Decision denial = check.apply(call, counters);
                if (denial != null) {
                    return denial;
                }
            }
            return ask;
        }

        @Override
        ExplainedStep explain(ToolCall call, CounterSnapshot counters) {
            List<ExplainedStep> details = notes(tests, call, counters);
            if (asks(call, counters)) {
                rest.forEach(check -> details.add(check.explain(call, counters)));
            }
            return step(apply(call, counters), rule, "asks a person if all of this holds", details);
        }
    }
}
