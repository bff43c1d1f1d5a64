package dev.interlock.policy.engine;

import dev.interlock.policy.Afterwards;
import dev.interlock.policy.Amount;
import dev.interlock.policy.Block;
import dev.interlock.policy.Condition;
import dev.interlock.policy.EntrySelection.Selected;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Path;
import dev.interlock.policy.Place;
import dev.interlock.policy.ResultRule;
import dev.interlock.policy.Rounds;
import dev.interlock.policy.Rule;
import dev.interlock.policy.Unwrap;
import dev.interlock.policy.call.AskingRule;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.RuleRef;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.tool.SchemaValidator;
import dev.interlock.policy.tool.ToolRating;
import dev.interlock.policy.value.Value;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Builds the plan of one tool. Adds the entries that apply, in the order of section 2 of the language, and turns each
 * of their parts into checks and limits.
 */
final class PlanCompiler {

    private final Mode policyMode;
    private final String tool;
    private final @Nullable ToolRating rating;
    private final @Nullable SchemaValidator validator;
    private final RateLimiter limiter;
    private final CompiledOperators operators;

    /** Whether each call has to be noted in its session, since the policy has marks. */
    private final boolean readsMarks;

    /** Whether the plan is that of a method, and {@link #tool} is its name. */
    private final boolean ofMethod;

    private final List<Place> entries = new ArrayList<>();
    private final List<CallCheck> checks = new ArrayList<>();
    private final List<CompiledLimit> slots = new ArrayList<>();
    private final List<CounterReference> reads = new ArrayList<>();

    /** The fewest rounds that an entry allows; null if none says anything. */
    private @Nullable Rounds rounds;

    private final List<CompiledUnwrap> unwraps = new ArrayList<>();
    private final List<ResultRules> results = new ArrayList<>();
    private final List<PlannedMarks> marks = new ArrayList<>();

    /**
     * @param rating how the tool is rated; null if that is not known, and then what conditions read of it is unclear
     * @param readsMarks whether the policy has marks
     */
    PlanCompiler(
            Mode policyMode,
            String tool,
            @Nullable ToolRating rating,
            @Nullable SchemaValidator validator,
            RateLimiter limiter,
            CompiledOperators operators,
            boolean readsMarks) {
        this(policyMode, tool, rating, validator, limiter, operators, readsMarks, false);
    }

    private PlanCompiler(
            Mode policyMode,
            String tool,
            @Nullable ToolRating rating,
            @Nullable SchemaValidator validator,
            RateLimiter limiter,
            CompiledOperators operators,
            boolean readsMarks,
            boolean ofMethod) {
        this.policyMode = policyMode;
        this.tool = tool;
        this.rating = rating;
        this.validator = validator;
        this.limiter = limiter;
        this.operators = operators;
        this.readsMarks = readsMarks;
        this.ofMethod = ofMethod;
    }

    /** Builds the plan of a method other than {@code tools/call}. A method has no rating and no schema. */
    static PlanCompiler ofMethod(
            Mode policyMode, String method, RateLimiter limiter, CompiledOperators operators, boolean readsMarks) {
        return new PlanCompiler(policyMode, method, null, null, limiter, operators, readsMarks, true);
    }

    /** A tool that is denied whatever its arguments are. */
    ToolPlan denied(Code code, RuleRef rule, String message) {
        return ToolPlan.denied(denials(rule, null, Mode.ENFORCE).because(code, message), policyMode == Mode.AUDIT);
    }

    /**
     * A tool that the agent must not be able to tell from one that does not exist. The agent is told {@code unheardOf}.
     */
    ToolPlan withheld(Code code, RuleRef rule, Decision unheardOf) {
        return ToolPlan.denied(Decision.denied(code, rule, "").telling(unheardOf), policyMode == Mode.AUDIT);
    }

    void add(CompiledEntry scoped) {
        entries.add(scoped.entry().place());
        for (Block block : scoped.entry().require()) {
            addRequire(scoped, block);
        }
        for (Block block : scoped.entry().denyIf()) {
            RuleRef rule = ref(block.place().path(), block.place());
            checks.add(
                    new CallCheck.DenyIf(tests(scoped, block.conditions()), denials(rule, block.told(), Mode.ENFORCE)));
        }
        for (Block block : scoped.entry().askIf()) {
            RuleRef rule = ref(block.place().path(), block.place());
            Decision ask = question(rule, block.told(), Rule.Approval.DEFAULT_TIMEOUT);
            checks.add(new CallCheck.ApprovalNeeded(tests(scoped, block.conditions()), List.of(), ask, rule));
        }
        List<Rule> rules = scoped.entry().rules();
        for (int i = 0; i < rules.size(); i++) {
            addRule(scoped, rules.get(i), i);
        }
        for (Limit limit : scoped.entry().limits()) {
            addItem(scoped, limit);
        }
        addMarks(scoped.entry().afterwards());
        Unwrap unwrap = scoped.entry().unwrap();
        if (unwrap != null) {
            unwraps.add(new CompiledUnwrap(unwrap));
        }
        addEnd(scoped);
        Rounds given = scoped.entry().rounds();
        if (given != null && (rounds == null || given.most() < rounds.most())) {
            rounds = given;
        }
    }

    /** Adds what an entry says about the end of a call. */
    private void addEnd(CompiledEntry scoped) {
        Afterwards end = scoped.entry().afterwards();
        if (end.isEmpty()) {
            return;
        }
        List<ResultRules.PlannedRule> rules = new ArrayList<>();
        boolean enforced = !end.marks().isEmpty() || !end.clears().isEmpty();
        for (ResultRule rule : end.results()) {
            enforced |= rule.mode() == Mode.ENFORCE;
            // What the policy's own mode only records can't be put right afterwards, as a decision can.
            DenialFactory denials =
                    denials(ref(rule.label(), rule.place()), rule.message(), ResultRules.mode(policyMode, rule));
            rules.add(new ResultRules.PlannedRule(
                    rule,
                    denials,
                    clauses(scoped, rule.require(), denials),
                    clauses(scoped, rule.denyIf(), denials),
                    validator));
        }
        if (!rules.isEmpty()) {
            results.add(ResultRules.of(rules));
        }
        if (!ofMethod) {
            RuleRef rule = endRef(end);
            DenialFactory denials = denials(rule, null, enforced ? Mode.ENFORCE : Mode.AUDIT);
            checks.add(new CallCheck.NoTask(
                    denials.because(Code.TASK, Messages.taskOfEnd(tool, rule)),
                    denials.because(Code.TASK, Messages.taskAnswerOfEnd(tool, rule)),
                    rule));
        }
    }

    private static RuleRef endRef(Afterwards end) {
        if (!end.results().isEmpty()) {
            ResultRule rule = end.results().get(0);
            return ref(rule.label(), rule.place());
        }
        Place place = end.marks().isEmpty()
                ? end.clears().get(0).place()
                : end.marks().get(0).place();
        return ref(place.path(), place);
    }

    private List<ResultRules.Clause> clauses(CompiledEntry scoped, List<Block> blocks, DenialFactory denials) {
        List<ResultRules.Clause> clauses = new ArrayList<>();
        for (Block block : blocks) {
            clauses.add(new ResultRules.Clause(tests(scoped, block.conditions()), denials.withMessage(block.told())));
        }
        return clauses;
    }

    /** The plan, after every entry has been added. */
    ToolPlan plan(boolean showOnlyWhatCouldPass) {
        boolean never = false;
        for (CallCheck check : checks) {
            never |= check instanceof CallCheck.Always always && always.enforced();
        }
        boolean listed = !(showOnlyWhatCouldPass && never);
        return ToolPlan.checked(
                policyMode == Mode.AUDIT,
                listed,
                entries,
                checks,
                slots,
                reads,
                limiter,
                rounds(),
                unwraps,
                PlannedEnd.of(results, marks),
                readsMarks);
    }

    private void addMarks(Afterwards end) {
        PlannedMarks planned = PlannedMarks.of(end.marks(), end.clears());
        if (planned.isEmpty()) {
            return;
        }
        marks.add(planned);
        if (!end.marks().isEmpty()) {
            Place place = end.marks().get(0).place();
            checks.add(new CallCheck.MarksSettable(planned, denials(ref(place.path(), place), null, Mode.ENFORCE)));
        }
    }

    private @Nullable PlannedRounds rounds() {
        if (rounds == null) {
            return null;
        }
        RuleRef rule = ref(rounds.place().path(), rounds.place());
        return new PlannedRounds(rounds, Decision.denied(Code.ROUNDS, rule, Messages.input(tool, rule)));
    }

    private void addRequire(CompiledEntry scoped, Block block) {
        RuleRef rule = ref(block.place().path(), block.place());
        DenialFactory denials = denials(rule, block.message(), Mode.ENFORCE);
        checks.add(conditions(scoped, block.conditions(), denials));
    }

    private void addRule(CompiledEntry scoped, Rule rule, int index) {
        DenialFactory denials = denials(ref(rule.label(), rule.place()), rule.message(), rule.mode());
        if (rule instanceof Rule.Deny) {
            checks.add(always(denials.because(Code.DENY_RULE, Messages.forbidden(tool, denials.rule())), denials));
        } else if (rule instanceof Rule.Check check) {
            addCheck(scoped, check, index, denials);
        } else if (rule instanceof Rule.Approval approval) {
            addApproval(scoped, approval, index, denials);
        }
    }

    private void addCheck(CompiledEntry scoped, Rule.Check rule, int index, DenialFactory denials) {
        Rule.Demands demands = rule.demands();
        List<Condition> plain = new ArrayList<>();
        List<Condition> ownLimits = new ArrayList<>();
        for (Condition condition : demands.conditions()) {
            (scoped.selected().limitsOwnCounter(condition, demands) ? ownLimits : plain).add(condition);
        }
        if (!plain.isEmpty()) {
            checks.add(conditions(scoped, plain, denials));
        }
        checks.addAll(argumentChecks(demands, denials));
        addLimits(scoped, rule, index, ownLimits, denials, null);
    }

    private void addApproval(CompiledEntry scoped, Rule.Approval rule, int index, DenialFactory denials) {
        Rule.Demands demands = rule.demands();
        Decision ask = question(denials.rule(), rule.message(), rule.timeout());
        CallCheck.ApprovalNeeded approval = new CallCheck.ApprovalNeeded(
                tests(scoped, demands.conditions()),
                argumentChecks(demands, denials),
                denials.audited() ? ask.auditedOnly() : ask,
                denials.rule());
        checks.add(approval);
        addLimits(scoped, rule, index, List.of(), denials, approval);
    }

    private Decision question(RuleRef rule, @Nullable String message, Duration timeout) {
        String asked = ofMethod ? Messages.requestApproval(tool, rule) : Messages.approval(tool, rule);
        return Approvals.question(
                List.of(new AskingRule(rule.name(), rule.place(), message == null ? asked : message, timeout)));
    }

    private void addItem(CompiledEntry scoped, Limit limit) {
        DenialFactory denials = denials(ref(limit.label(), limit.place()), limit.message(), Mode.ENFORCE);
        checks.addAll(limitChecks(limit, denials));
        addLimit(scoped, Selected.counterName(limit.label()), limit, limit.max(), denials, null);
    }

    private void addLimits(
            CompiledEntry scoped,
            Rule rule,
            int index,
            List<Condition> ownLimits,
            DenialFactory denials,
            CallCheck.@Nullable ApprovalNeeded trigger) {
        for (Limit limit : rule.demands().limits()) {
            String local = scoped.selected().localName(limit, rule, index);
            if (limit.form() == Limit.Form.STATE) {
                addState(scoped, local, limit, ownLimits, denials, trigger);
            } else if (limit.perCall() == null) {
                addLimit(scoped, local, limit, limit.max(), denials, trigger);
            }
        }
    }

    private void addState(
            CompiledEntry scoped,
            String local,
            Limit state,
            List<Condition> ownLimits,
            DenialFactory denials,
            CallCheck.@Nullable ApprovalNeeded trigger) {
        Amount max = null;
        DenialFactory limitDenials = denials;
        for (Condition condition : ownLimits) {
            Optional<Amount> bound = mostAfterCall(condition);
            DenialFactory own = denials.withMessage(condition.message());
            if (bound.isEmpty()) {
                checks.add(always(own.because(Code.LIMIT, Messages.condition(condition, own.rule())), own));
            } else if (max == null || bound.get().compareTo(max) < 0) {
                max = bound.get();
                limitDenials = own;
            }
        }
        addLimit(scoped, local, state, max, limitDenials, trigger);
    }

    private void addLimit(
            CompiledEntry scoped,
            String local,
            Limit limit,
            @Nullable Amount max,
            DenialFactory denials,
            CallCheck.@Nullable ApprovalNeeded trigger) {
        LaterAmount later = LaterAmount.of(limit, max);
        slots.add(new CompiledLimit(
                scoped.limitName(local, tool, limit),
                LimitRules.of(limit, max),
                limit.scope(),
                PartitionReader.of(limit.per()),
                later == null ? amountOf(limit) : AmountSource.constant(later.held()),
                limit.charge(),
                denials,
                trigger,
                later));
    }

    /** What a rule checks in the arguments in addition to its conditions. */
    private List<CallCheck> argumentChecks(Rule.Demands demands, DenialFactory denials) {
        List<CallCheck> result = new ArrayList<>();
        if (demands.validation() != null) {
            result.add(new CallCheck.Valid(demands.validation(), validator, denials));
        }
        for (Limit.Form form : Limit.Form.values()) {
            Limit limit = demands.limit(form);
            if (limit != null) {
                result.addAll(limitChecks(limit, denials));
            }
        }
        return result;
    }

    private static AmountSource amountOf(Limit limit) {
        return limit.incrementFrom() == null
                ? AmountSource.constant(limit.increment())
                : AmountSource.argument(limit.incrementFrom());
    }

    /** What a limit checks in the call: the values that it counts separately by, and the argument that it counts. */
    private static List<CallCheck> limitChecks(Limit limit, DenialFactory denials) {
        List<CallCheck> checks = new ArrayList<>(amountChecks(limit, denials));
        PartitionReader partition = PartitionReader.of(limit.per());
        if (!partition.isEmpty()) {
            Decision unknown = denials.because(Code.PARTITION, Messages.partition(partition.text(), denials.rule()));
            checks.add(new CallCheck.PartitionKnown(partition, unknown, denials.rule()));
        }
        if (limit.form() == Limit.Form.CONCURRENT || limit.isAfterwards()) {
            String tool = denials.tool();
            RuleRef rule = denials.rule();
            boolean places = !limit.isAfterwards();
            Decision task =
                    denials.because(Code.TASK, places ? Messages.task(tool, rule) : Messages.taskOfEnd(tool, rule));
            Decision answer = denials.because(
                    Code.TASK, places ? Messages.taskAnswer(tool, rule) : Messages.taskAnswerOfEnd(tool, rule));
            checks.add(new CallCheck.NoTask(task, answer, denials.rule()));
        }
        return checks;
    }

    private static List<CallCheck> amountChecks(Limit limit, DenialFactory denials) {
        Path from = limit.incrementFrom();
        if (from == null || limit.isAfterwards()) {
            return List.of();
        }
        Amount most = limit.perCall();
        Decision tooMuch =
                denials.because(Code.LIMIT, most == null ? "" : Messages.perCall(most, from.text(), denials.rule()));
        return List.of(new CallCheck.AmountPresent(
                amountOf(limit),
                most,
                denials.because(Code.AMOUNT, Messages.amount(from.text(), denials.rule())),
                tooMuch,
                denials.rule()));
    }

    private static CallCheck always(Decision decision, DenialFactory denials) {
        return new CallCheck.Always(decision, denials.rule());
    }

    private CallCheck conditions(CompiledEntry scoped, List<Condition> conditions, DenialFactory denials) {
        Decision[] denied = new Decision[conditions.size()];
        @Nullable DenialFactory[] varying = new @Nullable DenialFactory[denied.length];
        for (int i = 0; i < denied.length; i++) {
            Condition condition = conditions.get(i);
            DenialFactory own = denials.withMessage(condition.message());
            denied[i] = own.because(Code.CONDITION, Messages.condition(condition, denials.rule()));
            varying[i] = condition.path().isTime() || condition.operator() == Operator.CUSTOM ? own : null;
        }
        return new CallCheck.Conditions(tests(scoped, conditions), denied, varying, denials.rule());
    }

    private ConditionTest[] tests(CompiledEntry scoped, List<Condition> conditions) {
        ConditionTest[] tests = new ConditionTest[conditions.size()];
        for (int i = 0; i < tests.length; i++) {
            tests[i] = test(scoped, conditions.get(i));
        }
        return tests;
    }

    private ConditionTest test(CompiledEntry scoped, Condition condition) {
        PathReader reader = reader(scoped, condition.path());
        Path from = condition.operand().from();
        if (condition.operator() == Operator.CUSTOM) {
            return ConditionTest.asking(condition, reader, from == null ? null : reader(scoped, from));
        }
        return from == null
                ? new ConditionTest(condition, reader, operators.predicate(condition))
                : new ConditionTest(condition, reader, operators.relation(condition), reader(scoped, from));
    }

    private PathReader reader(CompiledEntry scoped, Path path) {
        return switch (path.root()) {
            case ARGS, PARAMS -> PathReader.argument(path);
            case CTX -> PathReader.of(ofCaller((call, counters) -> call.context()), path.steps());
            case SESSION -> {
                String mark = path.member(0);
                yield PathReader.of((call, counters) -> counters.mark(mark), List.of());
            }
            case RESULT -> {
                String member = path.member(0);
                yield PathReader.of(
                        (call, counters) -> counters.ofResult(member),
                        path.steps().subList(1, path.steps().size()));
            }
            case USAGE -> throw new IllegalArgumentException("no condition can read " + path);
            case CALL -> {
                String member = path.member(0);
                PathReader.PathStart source = callSource(member);
                boolean ofCaller = member.equals("identity") || member.equals("session");
                yield PathReader.of(ofCaller ? ofCaller(source) : source, List.of());
            }
            case TOOL -> {
                Value text = rating == null
                        ? PathReader.UNCLEAR
                        : new Value.Text(
                                path.member(0).equals("risk")
                                        ? rating.risk().text()
                                        : rating.category().text());
                yield PathReader.of((call, counters) -> text, List.of());
            }
            case STATE -> {
                CounterReference read = scoped.counter(path, tool);
                int index = reads.indexOf(read);
                if (index < 0) {
                    index = reads.size();
                    reads.add(read);
                }
                int at = index;
                PartitionReader partition = read.partition();
                yield PathReader.of(
                        partition.isEmpty()
                                ? (call, counters) -> counters.get(at)
                                : (call, counters) -> partition.isKnown(call) ? counters.get(at) : PathReader.UNCLEAR,
                        List.of());
            }
        };
    }

    /** Reads what is known of the caller. The caller of a tool is known, but the sender of a request not always. */
    private PathReader.PathStart ofCaller(PathReader.PathStart source) {
        return !ofMethod
                ? source
                : (call, counters) -> call.request() != null && !call.request().callerKnown()
                        ? PathReader.UNCLEAR
                        : source.read(call, counters);
    }

    static PathReader.PathStart callSource(String member) {
        return switch (member) {
            case "identity" -> (call, counters) -> text(call.identity());
            case "session" -> (call, counters) -> text(call.session());
            case "server" -> (call, counters) -> text(call.server());
            case "time" -> (call, counters) -> text(call.time().toString());
            default -> throw new IllegalArgumentException("call." + member + " is not known");
        };
    }

    private static @Nullable Value text(@Nullable String text) {
        return text == null ? null : new Value.Text(text);
    }

    /** The most that a counter may hold after the call. Empty if even a fresh counter holds too much. */
    private static Optional<Amount> mostAfterCall(Condition condition) {
        BigDecimal micros = condition.operand().number().toBigDecimal().movePointRight(Amount.PLACES);
        BigDecimal most = condition.operator() == Operator.LT
                ? micros.setScale(0, RoundingMode.CEILING).subtract(BigDecimal.ONE)
                : micros.setScale(0, RoundingMode.FLOOR);
        if (most.signum() < 0) {
            return Optional.empty();
        }
        BigDecimal capped = most.min(BigDecimal.valueOf(Amount.MAX.micros()));
        return Optional.of(new Amount(capped.longValueExact()));
    }

    /**
     * Ignores the policy's own mode. The plan applies it, because it changes how a decision is reported, not how it is
     * made.
     */
    private DenialFactory denials(RuleRef rule, @Nullable String message, Mode mode) {
        return new DenialFactory(tool, rule, message, mode == Mode.AUDIT);
    }

    private static RuleRef ref(String name, Place place) {
        return new RuleRef(name, place);
    }
}
