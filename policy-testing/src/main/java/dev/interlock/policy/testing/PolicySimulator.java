package dev.interlock.policy.testing;

import dev.interlock.policy.Policy;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.approval.ApprovalHandler;
import dev.interlock.policy.approval.ApprovalRequest;
import dev.interlock.policy.call.AskingRule;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.MethodCall;
import dev.interlock.policy.call.RuleRef;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.Admission;
import dev.interlock.policy.engine.AdmitOptions;
import dev.interlock.policy.engine.Explanation;
import dev.interlock.policy.engine.JudgedResult;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import dev.interlock.policy.state.StateStore;
import dev.interlock.policy.tool.SchemaValidator;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A policy's engine in virtual time: calls are decided, counted and ended at the times that the caller
 * gives. Decides exactly as a host's engine does, and the same calls always result in the same decisions. Not
 * thread-safe.
 */
public final class PolicySimulator {

    /** How many servers are remembered as having announced the tools. */
    private static final int MOST_SERVERS = 10_000;

    /** What answers is at hand. Only a machine that is too busy could be late with it. */
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final VirtualTime time = new VirtualTime();
    private final ToolList tools;
    private final Set<String> knownTo = new HashSet<>();
    private final PolicyEngine engine;

    /** The calls that have not ended, in the order in which they will. */
    private final Queue<UnderWay> underWay =
            new PriorityQueue<>(Comparator.comparingLong(UnderWay::ends).thenComparingLong(UnderWay::number));

    private long made;

    private record UnderWay(long ends, long number, Admission admission, SimulatedEnd end, SimulatedCall call) {}

    /** What a server answers that asks for input. */
    private static final CallResult ASKS_FOR_INPUT =
            CallResult.of(Map.of("resultType", "input_required", "inputRequests", Map.of()));

    /** What the host's predicates answer. They are asked on other threads. */
    private volatile Map<String, Boolean> said = Map.of();

    /** The answer of the person who is asked about the current call. */
    private boolean approving;
    /** The request that this person got about it, or null. */
    private @Nullable ApprovalRequest asked;

    /**
     * Creates a simulator with nothing counted yet.
     *
     * @param policy the policy
     * @param tools tools that every server has announced
     * @param validator checks {@code schema: true}, or null if the policy doesn't use it
     * @throws IllegalArgumentException if the policy can't be enforced with this validator
     */
    public PolicySimulator(Policy policy, ToolList tools, @Nullable SchemaValidator validator) {
        this(policy, tools, validator, Set.of());
    }

    /**
     * Creates a simulator that answers for predicates of the host's, as {@link #answering} says.
     *
     * @param predicates the names of these predicates
     * @throws IllegalArgumentException if the policy can't be enforced with this validator, or asks another predicate
     */
    public PolicySimulator(Policy policy, ToolList tools, @Nullable SchemaValidator validator, Set<String> predicates) {
        this(policy, predicates, tools, validator, null);
    }

    /**
     * Creates a simulator that finds what is counted and marked, and whether calls are suspended, in a store, which has
     * a clock of its own. Made for {@link #explain}, which changes nothing there. Calls that are made count in the
     * store.
     *
     * @param state the store; it is not closed
     * @throws IllegalArgumentException if the policy can't be enforced with this validator, or asks another predicate
     */
    public PolicySimulator(
            Policy policy,
            ToolList tools,
            @Nullable SchemaValidator validator,
            Set<String> predicates,
            StateStore state) {
        this(policy, predicates, tools, validator, state);
    }

    private PolicySimulator(
            Policy policy,
            Set<String> predicates,
            ToolList tools,
            @Nullable SchemaValidator validator,
            @Nullable StateStore state) {
        this.tools = tools;
        for (String name : policy.predicates()) {
            if (!predicates.contains(name)) {
                throw new IllegalArgumentException("the policy asks custom." + name
                        + ", which only a host can answer; say what it answers: 'custom' in a test, --custom in a"
                        + " command");
            }
        }
        AtomicLong ids = new AtomicLong();
        PolicyEngine.Builder builder = PolicyEngine.builder(policy)
                .rateLimiter(InMemoryRateLimiter.builder().time(time).build())
                .approvals(new Stand())
                .context(policy.context().orElse(List.of()).toArray(String[]::new))
                .time(time)
                .ids(() -> Long.toString(ids.incrementAndGet()));
        tools.ratings().forEach(builder::rating);
        predicates.forEach(name -> builder.predicate(name, (value, operand) -> answer(name), PATIENCE));
        if (validator != null) {
            builder.schemaValidator(validator);
        }
        if (state != null) {
            builder.state(state);
        }
        this.engine = builder.build();
    }

    /**
     * Sets what the host's predicates answer from now on, whatever they are asked. One that is not in the map can't
     * tell, which makes its conditions invalid.
     *
     * @param answers the answers by the names of the predicates
     */
    public void answering(Map<String, Boolean> answers) {
        said = Map.copyOf(answers);
    }

    private boolean answer(String predicate) {
        Boolean answer = said.get(predicate);
        if (answer == null) {
            throw new IllegalStateException("nothing says what custom." + predicate + " answers");
        }
        return answer;
    }

    /**
     * Sets the time. Calls whose end has come by then end before, each at its own time. The wall clock may be set back;
     * the clock that measures durations then stands still.
     */
    public void moveTo(long wallMillis) {
        endUntil(wallMillis);
        time.moveTo(wallMillis);
    }

    /** Moves the time on until every call has ended. */
    public void endAll() {
        endUntil(Long.MAX_VALUE);
    }

    private void endUntil(long wallMillis) {
        while (!underWay.isEmpty() && underWay.element().ends() <= wallMillis) {
            UnderWay over = underWay.remove();
            time.moveTo(over.ends());
            end(over.admission(), over.end(), over.call());
        }
    }

    private static void end(Admission admission, SimulatedEnd end, SimulatedCall call) {
        admission.used(end.usage());
        CallResult answer = end.answer();
        if (answer == null || !admission.decision().allowed()) {
            admission.settle(end.outcome());
        } else {
            call.ended(admission
                    .answered(answer, end.outcome())
                    .toCompletableFuture()
                    .join());
        }
    }

    /** Explains how a call would be decided now. Takes nothing. */
    public Explanation explain(ToolCall call) {
        introduce(call);
        return engine.explain(call);
    }

    /** Whether {@code tools/list} would show the tool to this caller. */
    public boolean visible(ToolCall call) {
        introduce(call);
        return engine.visible(call);
    }

    /**
     * Does the same as {@link #make(ToolCall, CallOutcome, boolean, int)} for a call whose server asks for no input.
     */
    public Decision make(ToolCall call, CallOutcome outcome, boolean approved) {
        return make(call, outcome, approved, 0);
    }

    /**
     * Does the same as {@link #make(ToolCall, CallOutcome, boolean, int, long)} for a call that ends at once.
     */
    public Decision make(ToolCall call, CallOutcome outcome, boolean approved, int rounds) {
        return make(call, outcome, approved, rounds, time.wallMillis());
    }

    /**
     * Makes a call, in as many rounds as its server asks for, without waiting between them.
     *
     * @param outcome how it ends if it is let through
     * @param approved whether a person approves it if asked
     * @param rounds how often the server asks for input, and gets it, before it ends the call
     * @param ends when the call ends, in milliseconds of the wall clock; a time that has passed means at once
     * @return the decision; if it {@linkplain Decision.Verdict#NEEDS_APPROVAL needs approval}, that decision even if
     *     the approval was given. If the call is denied in a later round, that denial
     */
    public Decision make(ToolCall call, CallOutcome outcome, boolean approved, int rounds, long ends) {
        return make(call, SimulatedEnd.of(outcome), approved, rounds, ends).decision();
    }

    /**
     * Makes a call whose server may answer something that the policy judges.
     *
     * @param end how it ends if it is let through
     * @param approved whether a person approves it if asked
     * @param rounds how often the server asks for input, and gets it, before it ends the call
     * @param ends when the call ends, in milliseconds of the wall clock; a time that has passed means at once
     * @return the call. It has a result once the time has come at which it ends
     */
    public SimulatedCall make(ToolCall call, SimulatedEnd end, boolean approved, int rounds, long ends) {
        introduce(call);
        approving = approved;
        asked = null;
        Admission admission = engine.admit(call);
        Decision recorded = null;
        int round = 0;
        for (int left = rounds; left > 0 && admission.decision().allowed(); left--) {
            Decision input = engine.admitInput(call, admission, round);
            if (!input.allowed()) {
                admission.unknown();
                return new SimulatedCall(input);
            }
            recorded = input.audited() ? input : recorded;
            JudgedResult question = admission
                    .answered(ASKS_FOR_INPUT, null)
                    .toCompletableFuture()
                    .join();
            if (!question.decision().allowed()) {
                SimulatedCall withheld = new SimulatedCall(admission.decision());
                admission.unknown();
                withheld.ended(question);
                return withheld;
            }
            admission.inputRequired();
            Admission next = engine.continueAsync(call, admission, round + 1, AdmitOptions.DEFAULT)
                    .toCompletableFuture()
                    .join();
            round = isSame(next, admission) ? round + 1 : 0;
            admission = next;
        }
        SimulatedCall simulated = new SimulatedCall(told(admission.decision(), recorded));
        if (ends > time.wallMillis() && admission.decision().allowed()) {
            underWay.add(new UnderWay(ends, made++, admission, end, simulated));
        } else {
            end(admission, end, simulated);
        }
        return simulated;
    }

    private Decision told(Decision decision, @Nullable Decision recorded) {
        if (asked != null) {
            return question(asked);
        }
        return recorded != null && decision.verdict() == Decision.Verdict.ALLOWED ? recorded : decision;
    }

    @SuppressWarnings("ReferenceEquality") // the engine returns the same admission exactly if the call goes on
    private static boolean isSame(Admission one, Admission other) {
        return one == other;
    }

    /** Makes a request other than {@code tools/call}. What it takes of limits is never given back. */
    public Decision make(MethodCall request) {
        return engine.admit(request);
    }

    /** Answers in place of any approver, for all rules at once. */
    private final class Stand implements ApprovalHandler {

        @Override
        public CompletionStage<ApprovalAnswer> ask(ApprovalRequest request) {
            asked = request;
            return CompletableFuture.completedFuture(
                    approving ? ApprovalAnswer.approved(null) : ApprovalAnswer.refused(null, null));
        }

        @Override
        public boolean asksForAllRules() {
            return true;
        }
    }

    private static Decision question(ApprovalRequest request) {
        AskingRule first = request.rules().get(0);
        return new Decision(
                Decision.Verdict.NEEDS_APPROVAL,
                Decision.Code.APPROVAL,
                new RuleRef(first.name(), first.place()),
                request.message(),
                null,
                false,
                request.rules());
    }

    /** Replaces the policy, as a host does on a reload; counts are kept. */
    public void update(Policy policy) {
        engine.update(policy);
    }

    private void introduce(ToolCall call) {
        String server = call.server() == null ? "" : call.server();
        if (!tools.definitions().isEmpty() && knownTo.size() < MOST_SERVERS && knownTo.add(server)) {
            engine.tools().learn(call.server(), tools.definitions());
        }
    }
}
