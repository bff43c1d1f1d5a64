package dev.interlock.policy.engine;

import dev.interlock.policy.Mode;
import dev.interlock.policy.ResultRule;
import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.ResultFate;
import dev.interlock.policy.call.ResultReport;
import dev.interlock.policy.call.RuleRef;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.Explanation.ExplainedStep;
import dev.interlock.policy.text.PatternRedactor;
import dev.interlock.policy.text.PresetRedactor;
import dev.interlock.policy.text.Redactor;
import dev.interlock.policy.text.Regex;
import dev.interlock.policy.tool.SchemaValidator;
import dev.interlock.policy.tool.ToolCatalog.KnownTool;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The rules on what comes back of a call, ready to judge it, in the order in which they apply. */
final class ResultRules {

    static final ResultRules NONE = new ResultRules(List.of());

    private final List<PlannedRule> rules;

    private final boolean hasConditions;
    private final boolean asksHost;
    private final boolean redacts;
    private final @Nullable PlannedRule bound;
    private final @Nullable PlannedRule recordedBound;

    private ResultRules(List<PlannedRule> rules) {
        this.rules = List.copyOf(rules);
        this.hasConditions = rules.stream().anyMatch(PlannedRule::hasConditions);
        this.asksHost = rules.stream().anyMatch(PlannedRule::asksHost);
        this.redacts = rules.stream().anyMatch(rule -> !rule.redactors.isEmpty());
        this.bound = tightest(rules, false);
        this.recordedBound = tightest(rules, true);
    }

    static ResultRules of(List<PlannedRule> rules) {
        return rules.isEmpty() ? NONE : new ResultRules(rules);
    }

    static ResultRules together(List<ResultRules> parts) {
        List<PlannedRule> all = new ArrayList<>();
        parts.forEach(part -> all.addAll(part.rules));
        return of(all);
    }

    /** The same rules for a call that another call makes. */
    ResultRules of(InnerCall call) {
        return of(rules.stream().map(rule -> rule.of(call)).toList());
    }

    boolean isEmpty() {
        return rules.isEmpty();
    }

    /** Whether a rule is enforced, and not only recorded. */
    boolean enforced() {
        return rules.stream().anyMatch(rule -> !rule.audited);
    }

    /** Whether a condition asks a predicate of the host's. */
    boolean asksHost() {
        return asksHost;
    }

    /** Whether there are conditions on the result. */
    boolean hasConditions() {
        return hasConditions;
    }

    /** What the rules will do with the result, each in a step. */
    List<ExplainedStep> explain() {
        return rules.stream().map(PlannedRule::explain).toList();
    }

    /**
     * What the conditions of the rules decide: the first denial that is enforced, or else the first that is only
     * recorded, or else that the result is allowed.
     *
     * @param counters what was read of the world when the call was decided, with the answer in it
     */
    Decision decide(ToolCall call, CounterSnapshot counters) {
        Decision recorded = Decision.ALLOWED;
        for (PlannedRule rule : rules) {
            Decision denial = rule.decide(call, counters);
            if (denial != null && !denial.audited()) {
                return denial;
            }
            if (denial != null && recorded.verdict() == Decision.Verdict.ALLOWED) {
                recorded = denial;
            }
        }
        return recorded;
    }

    /**
     * Does to an answer what the rules say.
     *
     * @param decided what {@link #decide} has said, if that allows the answer
     */
    JudgedResult apply(Decision decided, ToolCall call, CallResult came) {
        if (!decided.allowed()) {
            return JudgedResult.withheld(decided, came);
        }
        Redactor.Effort replaced = new Redactor.Effort();
        Redactor.Effort recorded = new Redactor.Effort();
        CallResult shown = redacts ? redacted(came, replaced, recorded) : came;
        ResultFate fate = replaced.matches() > 0 ? ResultFate.REDACTED : ResultFate.PASSED;
        ResultFate wouldBe = recorded.matches() > 0 ? ResultFate.REDACTED : ResultFate.PASSED;
        Decision decision = decided;
        if (decided.audited()) {
            wouldBe = ResultFate.WITHHELD;
        }
        Decision unfit = unfit(call, came, shown);
        if (unfit != null) {
            return withheld(unfit, came, replaced, recorded, wouldBe);
        }
        ResultCut cut = null;
        if (bound != null && !ResultSize.isWithin(shown, bound.mostBytes)) {
            cut = bound.cuts && isComplete(shown) ? ResultCut.of(shown, bound.mostBytes) : null;
            if (cut == null) {
                return withheld(bound.tooLarge(), came, replaced, recorded, wouldBe);
            }
        }
        if (recordedBound != null && !ResultSize.isWithin(shown, recordedBound.mostBytes)) {
            boolean cutting =
                    recordedBound.cuts && isComplete(shown) && ResultCut.of(shown, recordedBound.mostBytes) != null;
            wouldBe = cutting && wouldBe != ResultFate.WITHHELD ? ResultFate.CUT : ResultFate.WITHHELD;
            if (!cutting && decision.verdict() == Decision.Verdict.ALLOWED) {
                decision = recordedBound.tooLarge();
            }
        }
        return new JudgedResult(
                decision,
                cut == null ? shown : cut.result(),
                report(cut == null ? fate : ResultFate.CUT, wouldBe, replaced, recorded, cut));
    }

    private CallResult redacted(CallResult came, Redactor.Effort replaced, Redactor.Effort recorded) {
        CallResult shown = came;
        for (PlannedRule rule : rules) {
            CallResult apart = shown;
            for (Redactor redactor : rule.redactors) {
                if (rule.audited) {
                    apart = ResultTexts.changed(apart, text -> redactor.redact(text, recorded));
                } else {
                    shown = ResultTexts.changed(shown, text -> redactor.redact(text, replaced));
                }
            }
        }
        return shown;
    }

    private static JudgedResult withheld(
            Decision denial, CallResult came, Redactor.Effort replaced, Redactor.Effort recorded, ResultFate wouldBe) {
        return new JudgedResult(denial, came, report(ResultFate.WITHHELD, wouldBe, replaced, recorded, null));
    }

    private static ResultReport report(
            ResultFate fate,
            ResultFate wouldBe,
            Redactor.Effort replaced,
            Redactor.Effort recorded,
            @Nullable ResultCut cut) {
        if (fate == ResultFate.PASSED && wouldBe == ResultFate.PASSED) {
            return ResultReport.PASSED;
        }
        return new ResultReport(
                fate,
                wouldBe,
                replaced.matches(),
                recorded.matches(),
                cut == null ? 0 : cut.missingBytes(),
                cut == null ? 0 : cut.dropped());
    }

    /** The denial of structured content that was changed and is not what the tool's schema promises; null if it is. */
    private @Nullable Decision unfit(ToolCall call, CallResult came, CallResult shown) {
        Object structured = shown.members().get("structuredContent");
        if (structured == null || isUnchanged(structured, came.members().get("structuredContent"))) {
            return null;
        }
        KnownTool tool = call.request() == null ? call.definition() : null;
        ObjectValue schema = tool == null ? null : tool.definition().outputSchema();
        if (schema == null) {
            return null;
        }
        for (PlannedRule rule : rules) {
            if (!rule.audited && !rule.redactors.isEmpty()) {
                return rule.unfit(schema, structured);
            }
        }
        return null;
    }

    /** What was not changed is the same object, unless the answer is a view that makes its parts at each look. */
    @SuppressWarnings("ReferenceEquality")
    private static boolean isUnchanged(Object shown, @Nullable Object came) {
        return shown == came || shown.equals(came);
    }

    /** Whether an answer ends its call. */
    private static boolean isComplete(CallResult shown) {
        Object type = shown.members().get("resultType");
        return type == null || type.equals("complete");
    }

    /** The rule with the smallest bound; of several with the same, one that withholds. */
    private static @Nullable PlannedRule tightest(List<PlannedRule> rules, boolean audited) {
        PlannedRule tightest = null;
        for (PlannedRule rule : rules) {
            if (rule.audited == audited
                    && rule.mostBytes < Long.MAX_VALUE
                    && (tightest == null
                            || rule.mostBytes < tightest.mostBytes
                            || (rule.mostBytes == tightest.mostBytes && !rule.cuts))) {
                tightest = rule;
            }
        }
        return tightest;
    }

    /** One condition, or several that hold together. */
    static final class Clause {
        private final ConditionTest[] tests;
        private final DenialFactory denials;

        /**
         * @param denials make its denials
         */
        Clause(ConditionTest[] tests, DenialFactory denials) {
            this.tests = tests;
            this.denials = denials;
        }
    }

    /** One rule. */
    static final class PlannedRule {
        private final DenialFactory denials;
        private final boolean audited;
        private final List<Clause> require;
        private final List<Clause> denyIf;
        private final List<Redactor> redactors;
        private final List<ResultRule.TextRedaction> redactions;
        private final long mostBytes;
        private final boolean cuts;
        private final @Nullable SchemaValidator validator;
        private final @Nullable InnerCall inner;

        /**
         * @param denials make its denials
         * @param require what must hold
         * @param denyIf what must not hold
         * @param validator checks what was changed; null if the engine has none
         */
        PlannedRule(
                ResultRule rule,
                DenialFactory denials,
                List<Clause> require,
                List<Clause> denyIf,
                @Nullable SchemaValidator validator) {
            this(
                    denials,
                    require,
                    denyIf,
                    rule.redact().stream().map(PlannedRule::redactor).toList(),
                    rule.redact(),
                    rule.maxBytes() == null ? Long.MAX_VALUE : rule.maxBytes(),
                    rule.cuts(),
                    validator,
                    null);
        }

        private PlannedRule(
                DenialFactory denials,
                List<Clause> require,
                List<Clause> denyIf,
                List<Redactor> redactors,
                List<ResultRule.TextRedaction> redactions,
                long mostBytes,
                boolean cuts,
                @Nullable SchemaValidator validator,
                @Nullable InnerCall inner) {
            this.denials = denials;
            this.audited = denials.audited();
            this.require = List.copyOf(require);
            this.denyIf = List.copyOf(denyIf);
            this.redactors = List.copyOf(redactors);
            this.redactions = List.copyOf(redactions);
            this.mostBytes = mostBytes;
            this.cuts = cuts;
            this.validator = validator;
            this.inner = inner;
        }

        private PlannedRule of(InnerCall call) {
            // A call that runs another one that runs a third has the plans of all side by side.
            return new PlannedRule(
                    denials,
                    require,
                    denyIf,
                    redactors,
                    redactions,
                    mostBytes,
                    cuts,
                    validator,
                    inner == null ? call : inner);
        }

        private static Redactor redactor(ResultRule.TextRedaction redaction) {
            if (redaction instanceof ResultRule.TextRedaction.Matches matches) {
                return new PatternRedactor(Regex.compile(matches.pattern()), matches.with());
            }
            return switch ((ResultRule.TextRedaction.Preset) redaction) {
                case SECRETS -> PresetRedactor.secrets(ResultRule.TextRedaction.REDACTED);
                case EMAILS -> PresetRedactor.emails(ResultRule.TextRedaction.REDACTED);
                case CARD_NUMBERS -> PresetRedactor.cardNumbers(ResultRule.TextRedaction.REDACTED);
                case IBANS -> PresetRedactor.ibans(ResultRule.TextRedaction.REDACTED);
            };
        }

        private boolean hasConditions() {
            return !require.isEmpty() || !denyIf.isEmpty();
        }

        private boolean asksHost() {
            return require.stream().anyMatch(clause -> ConditionTest.asksHost(clause.tests))
                    || denyIf.stream().anyMatch(clause -> ConditionTest.asksHost(clause.tests));
        }

        private @Nullable Decision decide(ToolCall outer, CounterSnapshot all) {
            ToolCall call = inner == null ? outer : inner.call();
            CounterSnapshot counters = inner == null ? all : all.from(inner.firstCounter());
            for (Clause clause : require) {
                for (ConditionTest test : clause.tests) {
                    if (test.test(call, counters) != Truth.TRUE) {
                        return clause.denials
                                .withMessage(test.condition().message())
                                .because(Code.RESULT, Messages.resultCondition(test.condition(), clause.denials));
                    }
                }
            }
            for (Clause clause : denyIf) {
                if (ConditionTest.all(clause.tests, call, counters) != Truth.FALSE) {
                    return clause.denials.because(Code.RESULT, Messages.resultDenied(clause.denials));
                }
            }
            return null;
        }

        private Decision tooLarge() {
            return denials.because(Code.RESULT, Messages.resultTooLarge(mostBytes, denials));
        }

        private @Nullable Decision unfit(ObjectValue schema, Object structured) {
            if (validator != null && Value.freeze(structured, ResultView.LIMITS) instanceof ObjectValue object) {
                Optional<String> problem = validator.problem(schema, object);
                if (problem.isEmpty()) {
                    return null;
                }
            }
            return denials.because(Code.RESULT, Messages.resultUnfit(denials));
        }

        private ExplainedStep explain() {
            RuleRef rule = denials.rule();
            return new ExplainedStep(
                    Explanation.Result.NOTED, rule.name() + ": " + description(), rule.place(), List.of());
        }

        private String description() {
            List<String> parts = new ArrayList<>();
            int conditions = require.size() + denyIf.size();
            if (conditions > 0) {
                parts.add("has " + conditions + (conditions == 1 ? " condition" : " conditions") + " on it");
            }
            if (!redactions.isEmpty()) {
                parts.add("replaces "
                        + String.join(
                                ", ",
                                redactions.stream().map(PlannedRule::described).toList()));
            }
            if (mostBytes < Long.MAX_VALUE) {
                parts.add((cuts ? "cuts it to " : "withholds it if it has more than ") + mostBytes + " bytes");
            }
            return (audited ? "only records what it would do with the result: " : "looks at the result: ")
                    + String.join("; ", parts);
        }

        private static String described(ResultRule.TextRedaction redaction) {
            return redaction instanceof ResultRule.TextRedaction.Matches matches
                    ? "what matches " + matches.pattern()
                    : ((ResultRule.TextRedaction.Preset) redaction).text();
        }
    }

    /** The mode that a rule has under a policy of this mode. */
    static Mode mode(Mode ofPolicy, ResultRule rule) {
        return ofPolicy == Mode.AUDIT ? Mode.AUDIT : rule.mode();
    }
}
