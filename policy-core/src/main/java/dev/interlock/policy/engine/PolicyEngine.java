package dev.interlock.policy.engine;

import dev.interlock.policy.Operand;
import dev.interlock.policy.Policy;
import dev.interlock.policy.approval.ApprovalHandler;
import dev.interlock.policy.audit.AuditEvent.Change;
import dev.interlock.policy.audit.AuditSink;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.MethodCall;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Caller;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitHandle;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.UnavailableException;
import dev.interlock.policy.limit.Usage;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import dev.interlock.policy.limit.memory.InMemorySessionMemory;
import dev.interlock.policy.session.MarkClaim;
import dev.interlock.policy.session.MarkRoom;
import dev.interlock.policy.session.SessionMarks;
import dev.interlock.policy.session.SessionMemory;
import dev.interlock.policy.state.StateStore;
import dev.interlock.policy.state.SuspensionStore;
import dev.interlock.policy.time.Alarm;
import dev.interlock.policy.time.TimeSource;
import dev.interlock.policy.tool.SchemaValidator;
import dev.interlock.policy.tool.ToolCatalog;
import dev.interlock.policy.tool.ToolCatalog.KnownTool;
import dev.interlock.policy.tool.ToolClassifier;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.tool.ToolLock;
import dev.interlock.policy.tool.ToolRating;
import dev.interlock.policy.tool.rating.StandardToolClassifier;
import dev.interlock.policy.value.Value;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides every call by one policy. The engine handles a call in this order:
 *
 * <ol>
 *   <li>It denies a call that it can't read.
 *   <li>While calls are suspended, by the policy or by the host, it denies every call.
 *   <li>If there is a {@link ToolLock}, it denies a tool whose definition no person has accepted.
 *   <li>It looks up the plan for the tool. A plan holds all entries of the policy and of the caller's grant that apply,
 *       compiled to a flat list of checks. The plan denies every call if the name is not a valid name, the tool is
 *       hidden, the caller has no grant, or the tool is not listed under {@code default: deny}.
 *   <li>Every check must pass. The first denial is the decision.
 *   <li>It reserves all limits together, or none.
 *   <li>If a rule asks for a person's approval, the call waits for it; see {@link ApprovalHandler}.
 * </ol>
 *
 * <p>If there is an {@link AuditSink}, the engine hands out an admission only after every sink has accepted its record.
 *
 * <p>If anything throws on the way, the engine denies the call with a message that reveals no detail, gives back what
 * the call took, and reports the failure to the {@link EngineListener}. This includes an {@link Error} that the host's
 * own code throws, and an {@link OutOfMemoryError}. The engine rethrows none of them, because a caller that waits for a
 * decision would then wait forever.
 *
 * <p>Thread-safe. One engine serves any number of clients and servers.
 */
public final class PolicyEngine {

    /** No limit of a policy has this name, since theirs have a {@code #}. */
    private static final String REDEEMED = "redeemed";

    private final RateLimiter limiter;
    private final SessionMemory memory;

    /** The session of calls that the host names none for, where the engine serves one connection; otherwise null. */
    private final @Nullable String soleSession;

    /** Null if the host does not tell what calls have used up by their answers. */
    private final @Nullable UsageMeter meter;

    private final ToolCatalog catalog;
    private final @Nullable SchemaValidator validator;
    private final EngineListener listener;
    private final Supplier<String> ids;
    private final TimeSource time;
    /** Null if there is no sink and no observer; then no record is built and no clock is read. */
    private final @Nullable AuditRecorder recorder;

    private final Approvals approvals;
    private final MethodPolicy methods;
    private final CallEnds ends;
    private final HostPredicates predicates;

    /** The keys of {@code ctx} that the host supplies. */
    private final Set<String> context;

    /** What calls can contain, for each way they reach the engine. Guarded by this. */
    private final Set<CallFacts> expected = new LinkedHashSet<>();

    private final ChangeListeners changes = new ChangeListeners();
    private final GrantTimes grantTimes;

    private volatile CompiledPolicy current;
    /** The lock that the current policy was compiled with. Guarded by this. */
    private @Nullable ToolLock lock;

    private final HostSuspension suspension;

    /** Null if limits and marks can't be reset by this engine. */
    private final @Nullable StateStore state;

    private PolicyEngine(Builder builder) {
        this.meter = builder.meter;
        this.limiter = builder.limiter == null ? InMemoryRateLimiter.create() : builder.limiter;
        this.catalog = new ToolCatalog(
                builder.classifier == null ? StandardWhenAsked::rate : builder.classifier,
                builder.ratings,
                this::shadowed);
        this.validator = builder.validator;
        this.listener = builder.listener();
        this.time = builder.time;
        this.memory = builder.memory == null
                ? InMemorySessionMemory.builder().time(time).build()
                : builder.memory;
        this.soleSession = builder.soleConnection ? "(connection) " + Builder.randomId() : null;
        this.ids = limiter.blocks() ? builder.ids : () -> "";
        this.lock = builder.lock;
        this.context = Set.copyOf(builder.context);
        this.predicates = new HostPredicates(builder.predicates, builder.alarm, listener);
        this.recorder = AuditRecorder.of(builder, catalog);
        this.state = builder.state;
        this.suspension = new HostSuspension(this, builder.suspension, builder.alarm, time, recorder);
        this.current = compile(builder.policy, lock);
        this.grantTimes = new GrantTimes(builder.alarm, time, () -> current.grantTimes(), changes);
        this.approvals = new Approvals(this, builder, builder.approvals, recorder);
        this.methods = new MethodPolicy(this, recorder);
        this.ends = new CallEnds(this, predicates, memory);
        if (recorder != null) {
            recorder.changed(Change.START, null, current.ref());
        }
        suspension.begin();
    }

    /**
     * The standard classifier. Reading its word lists takes milliseconds, so it is created when the first tool is
     * rated.
     */
    private static final class StandardWhenAsked {

        private static final ToolClassifier STANDARD = StandardToolClassifier.create();

        private StandardWhenAsked() {}

        static ToolRating rate(ToolDefinition tool) {
            return STANDARD.rate(tool);
        }
    }

    /** Starts an engine for {@code policy}. */
    public static Builder builder(Policy policy) {
        return new Builder(policy);
    }

    /**
     * Returns whether a call would be allowed now. Takes nothing. Blocks only if the limiter does, or for the answers
     * of {@linkplain CustomPredicate predicates}.
     */
    public Decision decide(ToolCall call) {
        try {
            CompiledPolicy policy = current;
            ToolCall known = policy.settled(call);
            ToolPlan plan = planFor(policy, known);
            if (plan.checksOnly() && !plan.asksHost() && !plan.readsMarks()) {
                return plan.told(plan.check(known, CounterSnapshot.NONE));
            }
            ReservationAttempt attempt = foreseeRoom(attemptNow(plan, known, lookUp(plan, known)));
            return attempt.isOpen() ? attempt.foresee(limiter.usage(attempt.charges())) : attempt.decision();
        } catch (Throwable e) {
            return failure(call, e);
        }
    }

    /**
     * Decides a call and, if it is allowed, reserves what it is charged to. The caller must settle the admission when
     * the call has ended.
     *
     * <p>If the policy asks for a person's approval and there is an {@link ApprovalHandler}, this method waits for the
     * answer, for as long as the rule says. An interrupt ends the wait and denies the call. Without a handler this
     * method returns at once, and the call is not allowed. Otherwise this method blocks only if the limiter or an audit
     * sink does, or for the answers of {@linkplain CustomPredicate predicates}.
     */
    public Admission admit(ToolCall call) {
        CompiledPolicy policy = current;
        long start = recorder == null ? 0 : recorder.start(call);
        Admission admission = reserveNow(policy, call);
        return admission.decision().asks() && approvals.canAsk(AdmitOptions.DEFAULT)
                ? approvals.await(new PendingApproval(policy, call, admission, start))
                : conclude(policy, call, admission, start);
    }

    /** Decides by one policy, and reserves. Asks no person and records nothing. Never throws. */
    private Admission reserveNow(CompiledPolicy policy, ToolCall asked) {
        ToolCall call = policy.settled(asked);
        try {
            return reserveNow(planFor(policy, call), call);
        } catch (Throwable e) {
            return Admission.unreserved(failure(call, e));
        }
    }

    /** Does the same for a settled call by its plan. */
    private Admission reserveNow(ToolPlan plan, ToolCall call) {
        try {
            if (plan.asksHost()) {
                return takeRemainingNow(attemptNow(plan, call, counters(plan, call)));
            }
            CounterSnapshot counters = counters(plan, call);
            LimitHandle bucket = plan.bucket();
            Decision checked = plan.checkBeforeCount(call, counters);
            if (plan.checksOnly()) {
                return Admission.unreserved(plan.told(checked));
            }
            if (bucket != null && checked.verdict() == Decision.Verdict.ALLOWED) {
                LimitHandle.Count count = plan.count(bucket, call);
                long taken = count == null ? LimitHandle.NOTHING : bucket.take(count);
                if (count != null && taken != LimitHandle.NOTHING) {
                    return Admission.charged(bucket, count, taken);
                }
                checked = plan.checkAfterCount(call, counters);
            }
            return takeRemainingNow(new ReservationAttempt(plan, call, checked, counters, ids));
        } catch (Throwable e) {
            return Admission.unreserved(failure(call, e));
        }
    }

    /** Checks a call, and waits for what it asks the host. */
    private ReservationAttempt attemptNow(ToolPlan plan, ToolCall call, CounterSnapshot counters) {
        return plan.asksHost()
                ? predicates.checkNow(call, counters, all -> attempt(plan, call, all))
                : attempt(plan, call, counters);
    }

    private ReservationAttempt attempt(ToolPlan plan, ToolCall call, CounterSnapshot counters) {
        return new ReservationAttempt(plan, call, plan.check(call, counters), counters, ids);
    }

    private ReservationAttempt foreseeRoom(ReservationAttempt attempt) {
        for (MarkClaim claim = attempt.claim(); claim != null; claim = attempt.claim()) {
            attempt.foresee(memory.refusal(claim));
        }
        return attempt;
    }

    private Admission takeRemainingNow(ReservationAttempt attempt) {
        try {
            for (MarkClaim claim = attempt.claim(); claim != null; claim = attempt.claim()) {
                attempt.take(memory.reserve(claim));
            }
            while (attempt.isOpen()) {
                attempt.take(limiter.reserve(attempt.batch()));
            }
            return attempt.admission(limiter, listener, meter, ends);
        } catch (Throwable e) {
            attempt.giveBack(ends);
            throw e;
        }
    }

    /** Whether a decision by this policy may have to wait for another machine or for the host's predicates. */
    private boolean waits(CompiledPolicy policy) {
        return limiter.blocks() || policy.asksHost() || (policy.hasMarks() && memory.blocks());
    }

    /**
     * Does the same as {@link #admitAsync(ToolCall, AdmitOptions)} on
     * {@linkplain AdmitOptions#DEFAULT the usual options}.
     */
    public CompletionStage<Admission> admitAsync(ToolCall call) {
        return admitAsync(call, AdmitOptions.DEFAULT);
    }

    /**
     * Does the same as {@link #admit}, but waits on the caller's thread neither for the limiter, nor for {@linkplain
     * CustomPredicate predicates}, nor for a person. The stage is a {@link CompletableFuture} that never completes
     * exceptionally unless it is cancelled. A caller that stops waiting cancels it; then nothing stays reserved, and a
     * person's answer no longer has any effect.
     *
     * @param options how long the caller waits for a person, and what it can do with the answer
     */
    public CompletionStage<Admission> admitAsync(ToolCall call, AdmitOptions options) {
        CompiledPolicy policy = current;
        long start = recorder == null ? 0 : recorder.start(call);
        if (!waits(policy)) {
            Admission admission = reserveNow(policy, call);
            return admission.decision().asks() && approvals.canAsk(options)
                    ? approvals.ask(new PendingApproval(policy, call, admission, start), options)
                    : CompletableFuture.completedFuture(conclude(policy, call, admission, start));
        }
        CompletableFuture<Admission> result = new CompletableFuture<>();
        long deadline;
        try {
            deadline = approvals.canAsk(options) ? approvals.deadline(options) : 0;
        } catch (Throwable e) {
            return CompletableFuture.completedFuture(deny(call, e));
        }
        reserveAsync(policy, call).thenAccept(admission -> {
            try {
                reserved(new PendingApproval(policy, call, admission, start), options, deadline, result);
            } catch (Throwable e) {
                admission.unsent();
                result.complete(Admission.unreserved(failure(call, e)));
            }
        });
        return result;
    }

    /**
     * Decides another round of a call that its server has answered with {@code input_required}. The call is decided
     * anew by the policy in force, except for its limits and its approval: nothing is reserved a second time, and no
     * person is asked again. There are three outcomes:
     *
     * <ul>
     *   <li>The call goes on: the stage completes with {@code first} itself. Send {@link Admission#toSend}, and settle
     *       {@code first} when the call has ended.
     *   <li>The call is denied, and so ends: {@code first} is settled as {@linkplain Admission#unknown() unknown}, and
     *       the stage completes with the denial.
     *   <li>A rule asks now that no person has said yes to for this call, or the policy allows fewer repetitions of it.
     *       Then {@code first} is settled as unknown, and the stage completes as {@link #admitAsync(ToolCall,
     *       AdmitOptions)} does for a new call, never with {@code first}.
     * </ul>
     *
     * <p>The stage is a {@link CompletableFuture} that never completes exceptionally unless it is cancelled. A caller
     * that stops waiting cancels it, which ends the call as unknown.
     *
     * @param call the call as it came again, with its original arguments
     * @param first the call's admission, {@linkplain Admission#inputRequired begun} and not settled, or {@linkplain
     *     #resume resumed}. No one else may settle it until the stage is complete
     * @param round how often the call has been made again, this time included
     */
    public CompletionStage<Admission> continueAsync(ToolCall call, Admission first, int round, AdmitOptions options) {
        CompletableFuture<Admission> result = new CompletableFuture<>();
        try {
            continueAsync(call, first, round, options, result);
        } catch (Throwable e) {
            endRound(call, first, e, result);
        }
        return result;
    }

    private void continueAsync(
            ToolCall call, Admission first, int round, AdmitOptions options, CompletableFuture<Admission> result) {
        CompiledPolicy policy = current;
        long start = recorder == null ? 0 : recorder.start(call);
        ToolCall sent = policy.settled(call.withArguments(first.toSend(call).arguments()));
        ToolPlan plan = planFor(policy, sent);
        if (round > plan.mostRounds()) {
            first.unknown();
            admitInstead(call, options, result);
            return;
        }
        roundCounters(plan, sent, first)
                .thenCompose(counters ->
                        whenAnswered(plan, sent, counters, all -> checkRound(plan, sent, first, policy, all)))
                .thenCompose(checked -> takePlaces(plan, first, checked))
                .exceptionally(e -> failure(sent, e))
                .thenAccept(made -> {
                    try {
                        if (made.asks()) {
                            first.unknown();
                            admitInstead(call, options, result);
                            return;
                        }
                        finishRound(sent, policy, first, made, start, round, result);
                    } catch (Throwable e) {
                        endRound(call, first, e, result);
                    }
                });
    }

    /**
     * What the checks say of a round.
     *
     * @param made the decision, if there are places
     * @param places what takes the places of a call that was resumed; null if it takes none
     * @param end what follows the end of the call; null if nothing does
     */
    private record CheckedRound(
            Decision made,
            @Nullable ReservationAttempt places,
            @Nullable Aftermath end) {}

    private CheckedRound checkRound(
            ToolPlan plan, ToolCall sent, Admission first, CompiledPolicy policy, CounterSnapshot counters) {
        Decision made = answered(plan.told(plan.check(sent, counters)), first, policy, sent);
        return new CheckedRound(
                made,
                plan.takesPlaces() && made.allowed() && first.isResumed()
                        ? ReservationAttempt.ofPlaces(plan, sent, made, counters, ids)
                        : null,
                ends.of(plan, sent, counters, null));
    }

    /**
     * Takes the places of a round among the calls that are made at the same time. A call that was not resumed keeps
     * those that it has, and their leases begin anew.
     *
     * @return the decision, or the denial if there is no place
     */
    private CompletionStage<Decision> takePlaces(ToolPlan plan, Admission first, CheckedRound checked) {
        Decision made = checked.made();
        Aftermath end = checked.end();
        if (made.allowed() && end != null && end.wanted() != null) {
            return keepRoom(plan, end).thenCompose(denial -> {
                if (denial != null && !denial.allowed()) {
                    return CompletableFuture.completedFuture(denial);
                }
                first.endsBy(end);
                return takePlacesOnly(plan, first, checked);
            });
        }
        if (made.allowed()) {
            first.endsBy(end);
        }
        return takePlacesOnly(plan, first, checked);
    }

    /** Keeps room in the session for what a round may put there. The denial if there is none; null if there is. */
    private CompletionStage<@Nullable Decision> keepRoom(ToolPlan plan, Aftermath end) {
        MarkClaim claim = Objects.requireNonNull(end.wanted(), "claim");
        CompletionStage<MarkRoom> room =
                memory.blocks() ? memory.reserveAsync(claim) : CompletableFuture.completedFuture(memory.reserve(claim));
        return room.thenApply(answer -> {
            if (answer instanceof MarkRoom.Kept kept) {
                end.keep(kept);
                return null;
            }
            return plan.told(ReservationAttempt.refusal(plan, ((MarkRoom.None) answer).reason()));
        });
    }

    private CompletionStage<Decision> takePlacesOnly(ToolPlan plan, Admission first, CheckedRound checked) {
        Decision made = checked.made();
        ReservationAttempt attempt = checked.places();
        if (attempt == null) {
            if (plan.takesPlaces() && made.allowed()) {
                first.hold(Duration.ZERO);
            }
            return CompletableFuture.completedFuture(made);
        }
        return takeAll(attempt).thenApply(done -> {
            Reserved places = done.reserved(limiter, listener, meter);
            if (places != null) {
                first.takeForRound(places);
            }
            return done.decision();
        });
    }

    /** A question as a yes if persons have said yes to it for the call. */
    private Decision answered(Decision decision, Admission first, CompiledPolicy policy, ToolCall sent) {
        Decision suspended = suspendedMeanwhile(policy, sent);
        if (suspended != null) {
            return suspended;
        }
        return decision.asks() && first.covers(decision.asking(), policy, sent.context())
                ? decision.answered(Decision.Verdict.ALLOWED, Code.APPROVED, "")
                : decision;
    }

    /**
     * Returns whether a call that its server has refused to read may be sent once more, under the same admission: the
     * decision by the policy in force and by what is known of the tool now, except for the call's limits. Takes
     * nothing, settles nothing, asks no person and records nothing.
     *
     * @param call the call as it came
     * @param first the call's admission, not settled
     * @return never completes exceptionally
     */
    public CompletionStage<Decision> decideAgain(ToolCall call, Admission first) {
        try {
            CompiledPolicy policy = current;
            ToolCall sent = policy.settled(call.withArguments(first.toSend(call).arguments()));
            return decideRound(planFor(policy, sent), sent, first)
                    .thenApply(decision -> answered(decision, first, policy, sent));
        } catch (Throwable e) {
            return CompletableFuture.completedFuture(failure(call, e));
        }
    }

    /** Denies a round that can't be decided, which ends the call. */
    private void endRound(ToolCall call, Admission first, Throwable failure, CompletableFuture<Admission> result) {
        first.unknown();
        result.complete(Admission.unreserved(failure(call, failure)));
    }

    /**
     * Decides whether a call may go on, when its server has answered a round with {@code input_required}. It may not if
     * the policy in force says {@code rounds: 0}. The answer must be passed on only if the decision
     * {@linkplain Decision#allowed allows} it; if not, the caller settles the call as unknown, because the server has
     * begun it. A denial is recorded, as one of the round that the server asks for. Never throws.
     *
     * @param call the call as it came
     * @param admission the call's admission
     * @param round how often the call had been made again
     */
    public Decision admitInput(ToolCall call, Admission admission, int round) {
        return admitAnswer(call, admission, round, ToolPlan::inputDenial);
    }

    /**
     * Decides whether a call may go on as a task, when its server has answered with one. It may not if the policy in
     * force limits how many calls to the tool are made at the same time, because the end of a task can't be seen. The
     * rest is as for {@link #admitInput}.
     *
     * @param call the call as it came
     * @param admission the call's admission
     * @param round how often the call had been made again
     */
    public Decision admitTask(ToolCall call, Admission admission, int round) {
        return admitAnswer(call, admission, round, ToolPlan::taskDenial);
    }

    private Decision admitAnswer(
            ToolCall call, Admission admission, int round, Function<ToolPlan, @Nullable Decision> denials) {
        try {
            CompiledPolicy policy = current;
            ToolPlan plan = planFor(policy, policy.settled(call));
            Decision denial = denials.apply(plan);
            if (denial == null) {
                return Decision.ALLOWED;
            }
            Decision decision = plan.told(denial);
            CallRecord record = admission.record();
            if (record == null) {
                return decision;
            }
            long start = recorder == null ? 0 : recorder.start(call);
            boolean recorded = record.decidedAgain(call, policy, decision, start, round + 1);
            return recorded || !decision.allowed() ? decision : record.unavailable();
        } catch (Throwable e) {
            return failure(call, e);
        }
    }

    /**
     * Denies what a server has answered to a call, because something failed while the answer was handled. The failure
     * is reported and recorded like a failure of the engine itself. The caller settles the call.
     *
     * @param failure what was thrown
     */
    public Decision withhold(ToolCall call, Throwable failure) {
        return failure(call, failure);
    }

    /**
     * Returns what has to be known of an admission so that its call can go on in another process, whose engine
     * {@linkplain #resume resumes} it. What the admission has reserved doesn't travel, so settle it.
     */
    public CarriedAdmission carry(Admission admission) {
        return admission.carried(current);
    }

    /**
     * Returns the admission of a call that goes on, for {@link #continueAsync}. Nothing is reserved by it, and settling
     * it does nothing.
     *
     * @param call the call as it came again, with its original arguments
     * @param carried what this engine, or that of another process, has said of its admission
     */
    public Admission resume(ToolCall call, CarriedAdmission carried) {
        CallRecord trail = recorder == null || carried.recordId().isEmpty()
                ? null
                : recorder.goingOn(carried.recordId(), call, current);
        return Admission.resumed(carried, call, trail);
    }

    /**
     * Uses up something that is good once, in all processes that share the limiter. Blocks nothing.
     *
     * @param key identifies it
     * @param call the call that uses it, whose caller may only use up so much at a time
     * @param lifetime for how long it stays used up; longer than it is good
     * @return whether this is the first use. False, too, if that is not known, since the limiter can't be reached or
     *     holds too many keys. The stage never fails
     */
    public CompletionStage<Boolean> redeem(String key, ToolCall call, Duration lifetime) {
        CompletionStage<Boolean> first;
        try {
            Batch batch = Batch.once(
                    ids.get(), new LimitKey(REDEEMED, key), Caller.of(call.identity(), call.session()), lifetime);
            first = limiter.blocks()
                    ? limiter.reserveAsync(batch).thenApply(this::isGranted)
                    : CompletableFuture.completedFuture(isGranted(limiter.reserve(batch)));
        } catch (Throwable e) {
            first = CompletableFuture.failedFuture(e);
        }
        return first.exceptionally(e -> {
            listener.failed(call, e);
            return false;
        });
    }

    private boolean isGranted(Reservation reservation) {
        if (reservation instanceof Reservation.Granted granted) {
            limiter.settle(granted, CallOutcome.SUCCEEDED);
            return true;
        }
        return false;
    }

    private void admitInstead(ToolCall call, AdmitOptions options, CompletableFuture<Admission> result) {
        CompletableFuture<Admission> fresh = admitAsync(call, options).toCompletableFuture();
        CompletionStage<Admission> end = result;
        end.whenComplete((admission, failure) -> fresh.cancel(false));
        CompletionStage<Admission> admitted = fresh;
        admitted.thenAccept(admission -> {
            if (!result.complete(admission.unshared())) {
                admission.unsent();
            }
        });
    }

    private void finishRound(
            ToolCall sent,
            CompiledPolicy policy,
            Admission first,
            Decision decision,
            long start,
            int round,
            CompletableFuture<Admission> result) {
        CallRecord record = first.record();
        boolean recorded = record == null || record.decidedAgain(sent, policy, decision, start, round);
        if (recorded && decision.allowed()) {
            if (!result.complete(first)) {
                first.unknown();
            }
            return;
        }
        Decision denial = decision.allowed() && record != null ? record.unavailable() : decision;
        first.unknown();
        result.complete(Admission.unreserved(denial));
    }

    /** Decides a call by everything but limits. Counters are read without what the call has reserved itself. */
    private CompletionStage<Decision> decideRound(ToolPlan plan, ToolCall call, Admission first) {
        return roundCounters(plan, call, first)
                .thenCompose(counters -> whenAnswered(plan, call, counters, all -> plan.told(plan.check(call, all))))
                .exceptionally(e -> failure(call, e));
    }

    private CompletionStage<CounterSnapshot> roundCounters(ToolPlan plan, ToolCall call, Admission first) {
        try {
            if (!plan.readsCounters()) {
                return withMarks(plan, call, CompletableFuture.completedFuture(CounterSnapshot.NONE));
            }
            List<Charge> probes = plan.probes(call);
            CompletionStage<List<Usage>> usages = limiter.blocks()
                    ? limiter.usageAsync(probes)
                    : CompletableFuture.completedFuture(limiter.usage(probes));
            return withMarks(
                    plan, call, usages.thenApply(values -> CounterSnapshot.without(first.charged(), probes, values)));
        } catch (Throwable e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private void reserved(
            PendingApproval asked, AdmitOptions options, long deadline, CompletableFuture<Admission> result) {
        Admission admission = asked.held();
        if (result.isDone()) {
            admission.unsent();
        } else if (admission.decision().asks() && approvals.canAsk(options)) {
            approvals.ask(asked, options, deadline, result);
        } else {
            Admission concluded = conclude(asked.policy(), asked.call(), admission, asked.startNanos());
            if (!result.complete(concluded)) {
                concluded.unsent();
            }
        }
    }

    /** Records a decision that no person took part in. If a person should be asked but can't be, the call is denied. */
    private Admission conclude(CompiledPolicy policy, ToolCall call, Admission admission, long start) {
        return conclude(policy, call, admission, start, null);
    }

    /**
     * @param obstacle why no person is asked; null if there is no handler to ask
     */
    private Admission conclude(
            CompiledPolicy policy, ToolCall call, Admission admission, long start, @Nullable String obstacle) {
        Decision suspended = suspendedMeanwhile(policy, call);
        if (suspended != null && admission.decision().allowed()) {
            admission.unsent();
            return conclude(current, call, Admission.unreserved(suspended), start);
        }
        Admission concluded = admission;
        if (admission.decision().asks()) {
            admission.unsent();
            concluded = Admission.unreserved(Approvals.unasked(admission.decision(), obstacle));
        }
        return recorder == null ? concluded : recorder.decided(call, policy, concluded, start);
    }

    /**
     * The denial of a call that may have waited for the host's predicates while a suspension began; null if none did. A
     * policy that is replaced meanwhile still decides, but a stop must not let a call pass that it came before. Only
     * calls of tools wait for predicates.
     */
    private @Nullable Decision suspendedMeanwhile(CompiledPolicy policy, ToolCall call) {
        return policy.asksHost() && call.request() == null ? current.suspension() : null;
    }

    /**
     * Decides a call about which no person can be asked, and records it. Blocks if the limiter does. Never throws.
     *
     * @param obstacle why no person is asked
     */
    Admission admitUnasked(CompiledPolicy policy, ToolCall call, String obstacle) {
        long start = recorder == null ? 0 : recorder.start(call);
        return conclude(policy, call, reserveNow(policy, call), start, obstacle);
    }

    /**
     * Decides a call again that already has a reservation, and leaves the reservation as it is.
     *
     * @param held what is reserved for the call
     * @return the decision with the held reservation, or without one if the call is denied; null if the decision needs
     *     the reservation to be given up first, because the policy reads counts that include it, asks the host or would
     *     reserve something else
     */
    @Nullable
    Admission decideAnew(CompiledPolicy policy, ToolCall asked, Admission held) {
        ToolCall call = policy.settled(asked);
        try {
            ToolPlan plan = planFor(policy, call);
            if (plan.readsCounters() || plan.asksHost() || (plan.readsMarks() && memory.blocks())) {
                return null;
            }
            ReservationAttempt attempt = attempt(plan, call, counters(plan, call));
            Decision decision = attempt.decision();
            return decision.allowed() || decision.asks()
                    ? held.under(decision, attempt.charges(), attempt.aftermath(ends))
                    : Admission.unreserved(decision);
        } catch (Throwable e) {
            return Admission.unreserved(failure(call, e));
        }
    }

    /**
     * Does the same as {@link #reserveNow}, but waits neither for the limiter nor for the host on a thread. The stage
     * never fails.
     */
    CompletionStage<Admission> reserveAsync(CompiledPolicy policy, ToolCall asked) {
        if (!waits(policy)) {
            return CompletableFuture.completedFuture(reserveNow(policy, asked));
        }
        ToolCall call = policy.settled(asked);
        CompletionStage<Admission> admission;
        try {
            ToolPlan plan = planFor(policy, call);
            if (!limiter.blocks() && !plan.asksHost() && !(plan.readsMarks() && memory.blocks())) {
                return CompletableFuture.completedFuture(reserveNow(plan, call));
            }
            CompletionStage<CounterSnapshot> counters = plan.readsCounters() && limiter.blocks()
                    ? limiter.usageAsync(plan.probes(call)).thenApply(CounterSnapshot::new)
                    : CompletableFuture.completedFuture(counts(plan, call));
            admission = withMarks(plan, call, counters)
                    .thenCompose(values -> whenAnswered(plan, call, values, all -> attempt(plan, call, all)))
                    .thenCompose(this::takeRemaining);
        } catch (Throwable e) {
            admission = CompletableFuture.failedFuture(e);
        }
        return admission.exceptionally(e -> Admission.unreserved(failure(call, e)));
    }

    /** The result of a check, once the host's predicates have answered what it asks. */
    private <T> CompletionStage<T> whenAnswered(
            ToolPlan plan, ToolCall call, CounterSnapshot counters, Function<CounterSnapshot, T> check) {
        return plan.asksHost()
                ? predicates.check(call, counters, check)
                : CompletableFuture.completedFuture(check.apply(counters));
    }

    private CompletionStage<Admission> takeRemaining(ReservationAttempt attempt) {
        CompletionStage<Admission> taken;
        try {
            taken = takeRoom(attempt)
                    .thenCompose(this::takeAll)
                    .thenApply(done -> done.admission(limiter, listener, meter, ends));
        } catch (Throwable e) {
            taken = CompletableFuture.failedFuture(e);
        }
        return taken.whenComplete((admission, failure) -> {
            if (failure != null) {
                attempt.giveBack(ends);
            }
        });
    }

    /** Reserves room in the session until none is left to reserve. Blocks nothing. */
    private CompletionStage<ReservationAttempt> takeRoom(ReservationAttempt attempt) {
        MarkClaim claim = attempt.claim();
        while (claim != null && !memory.blocks()) {
            attempt.take(memory.reserve(claim));
            claim = attempt.claim();
        }
        if (claim == null) {
            return CompletableFuture.completedFuture(attempt);
        }
        return memory.reserveAsync(claim).thenCompose(answer -> {
            attempt.take(answer);
            return takeRoom(attempt);
        });
    }

    /** Reserves until nothing is left to reserve. Blocks nothing. */
    private CompletionStage<ReservationAttempt> takeAll(ReservationAttempt attempt) {
        while (attempt.isOpen() && !limiter.blocks()) {
            attempt.take(limiter.reserve(attempt.batch()));
        }
        if (!attempt.isOpen()) {
            return CompletableFuture.completedFuture(attempt);
        }
        return limiter.reserveAsync(attempt.batch()).thenCompose(answer -> {
            attempt.take(answer);
            return takeAll(attempt);
        });
    }

    /** Explains why a call is decided as it is. Takes nothing. */
    public Explanation explain(ToolCall asked) {
        CompiledPolicy policy = current;
        ToolCall call = policy.settled(asked);
        try {
            ToolPlan plan = planFor(policy, call);
            CounterSnapshot counters = lookUp(plan, call);
            return plan.asksHost()
                    ? predicates.checkNow(call, counters, all -> explain(plan, call, all))
                    : explain(plan, call, counters);
        } catch (Throwable e) {
            return new Explanation(failure(call, e), null, List.of(), List.of());
        }
    }

    private Explanation explain(ToolPlan plan, ToolCall call, CounterSnapshot counters) {
        ReservationAttempt attempt = foreseeRoom(attempt(plan, call, counters));
        List<Explanation.ExplainedStep> steps = new ArrayList<>();
        if (plan.verdict() != null) {
            steps.add(plan.told(CallCheck.verdict(plan.verdict())));
        }
        for (CallCheck check : plan.checks()) {
            steps.add(plan.told(check.explain(call, counters)));
        }
        // Also for a call that is already denied: a caller that asks for the reason also wants to see the limits.
        ReservationAttempt charged = ReservationAttempt.ofEveryLimit(plan, call, counters, ids);
        if (charged.isOpen()) {
            steps.addAll(charged.explain(limiter.usage(charged.charges())));
        }
        SessionMarks seen = counters.marks();
        if (seen != null) {
            steps.add(explain(seen));
        }
        PlannedRounds rounds = plan.rounds();
        if (rounds != null) {
            steps.add(rounds.explain());
        }
        PlannedEnd end = plan.end();
        if (end != null) {
            steps.addAll(end.results().explain());
        }
        Decision decision = attempt.isOpen() ? attempt.foresee(limiter.usage(attempt.charges())) : attempt.decision();
        return new Explanation(decision, call.request() == null ? rating(call) : null, plan.entries(), steps);
    }

    /**
     * Returns whether {@code tools/list} may show the tool to this caller. A hidden tool is not shown. Under
     * {@code default: deny}, a tool is shown only if some call to it could be allowed. The arguments of {@code call}
     * are ignored.
     */
    public boolean visible(ToolCall call) {
        CompiledPolicy policy = current;
        return visible(policy, policy.settled(call));
    }

    /**
     * Returns whether {@code tools/list} may show a tool with this definition to this caller. Definitions that are
     * announced meanwhile under the same name are ignored.
     *
     * @param call a call to the tool, {@linkplain ToolCall#among among} the tools that its server has announced
     * @param definition what the list says of the tool; null if it is not known, and then the tool is not shown if the
     *     policy rates tools or there is a lock
     */
    public boolean visible(ToolCall call, @Nullable KnownTool definition) {
        CompiledPolicy policy = current;
        return visible(policy, policy.timed(call).defined(definition));
    }

    private boolean visible(CompiledPolicy policy, ToolCall call) {
        try {
            return policy.unsuspended(call).listed();
        } catch (Throwable e) {
            failure(call, e);
            return false;
        }
    }

    /**
     * Returns what the policy says of an MCP method other than {@code tools/call}, for a request or a notification. An
     * exact name comes first, then globs in order. No glob matches {@code initialize}, {@code ping},
     * {@code server/discover}, {@code notifications/initialized} or {@code notifications/cancelled}: without these
     * there is no session to apply a policy to, or no call can be cancelled.
     *
     * <p>Some methods are denied under every policy and mode: {@code tools/call}, because calls to tools are decided
     * elsewhere; a method that has no name, is longer than {@link MethodNames#MAX_LENGTH}, or contains a blank, control
     * or invisible character; and a method that looks like {@code tools/call}, like a method of the specification or
     * like one that the policy names, but differs from it. Records nothing.
     */
    public Decision decideMethod(String method) {
        return methods.decide(current, method);
    }

    /**
     * Returns whether a decision on a method may depend on more than its name: on a request's parameters, its caller or
     * context, limits, or a person. If it does not, the {@link MethodCall} needs none of these, and nothing waits.
     */
    public boolean readsParameters(String method) {
        return current.methods().entry(method) != null;
    }

    /**
     * Decides a request or a notification whose end the caller can't tell, as {@link #admitNotification} does. Whatever
     * becomes of the request, what limits have taken for it stays taken.
     */
    public Decision admit(MethodCall request) {
        Admission admission = methods.admit(current, request, Messages.UNWAITED);
        admission.unknown();
        return admission.decision();
    }

    /**
     * Decides a request or a notification as {@link #decideMethod} does and by what the policy says of its parameters,
     * its caller and their number. Nothing waits for the answer to a notification, so no person is asked about it: if
     * the policy asks for approval, it is denied, and the message says why. Blocks only if the policy limits the method
     * and the limiter blocks. Records the decision unless the policy says nothing about the method. Never throws.
     *
     * @return the decision, and what limits have taken. The caller must send the notification only if the decision
     *     {@linkplain Decision#allowed allows} it, and must settle the admission
     */
    public Admission admitNotification(MethodCall request) {
        return methods.admit(current, request, Messages.NOTIFICATION);
    }

    /**
     * Decides a request other than {@code tools/call} as {@link #admitNotification} does, but waits neither for the
     * limiter nor for a person on the caller's thread: a person is asked as about a call. The method then takes the
     * place of the tool, and the parameters that of the arguments. The stage is a {@link CompletableFuture} that never
     * completes exceptionally unless it is cancelled. A caller that stops waiting cancels it; then nothing stays
     * reserved, and a person's answer no longer has any effect.
     *
     * @param options how long the caller waits for a person
     * @return the decision, and what limits have taken. The caller must send the request only if the decision
     *     {@linkplain Decision#allowed allows} it, and must settle the admission when the request has ended
     */
    public CompletionStage<Admission> admitAsync(MethodCall request, AdmitOptions options) {
        return methods.admitAsync(current, request, options);
    }

    /** Explains why a request other than {@code tools/call} is decided as it is. Takes nothing. */
    public Explanation explain(MethodCall request) {
        return explain(ToolCall.standingFor(request));
    }

    /**
     * Decides the requests that a server has put into an answer, each as if it came by itself, and records them.
     * Methods other than {@code elicitation/create}, {@code sampling/createMessage} and {@code roots/list} are always
     * denied, and so is one that a person would have to be asked about: an answer can't wait for that. The answer must
     * be passed on only if the decision {@linkplain Decision#allowed allows} it. Never throws.
     *
     * @param asked the requests, as {@link EmbeddedRequests} finds them
     * @param answered the request that the server answers, which says on whose account the server asks; its method is
     *     ignored
     * @return the first denial; or {@link Decision#ALLOWED} if all of them may be passed on
     */
    public Decision admitEmbedded(List<EmbeddedRequest> asked, MethodCall answered) {
        return methods.admitEmbedded(current, asked, answered);
    }

    /**
     * Denies a call that could not reach the engine, because something failed earlier, such as identifying the caller.
     * The failure is reported and recorded like a failure of the engine itself.
     *
     * @param call as much of the call as is known
     * @param failure what was thrown
     */
    public Admission deny(ToolCall call, Throwable failure) {
        CompiledPolicy policy = current;
        long start = recorder == null ? 0 : recorder.start(call);
        return conclude(policy, call, Admission.unreserved(failure(call, failure)), start);
    }

    /** Does the same for a request other than {@code tools/call}. Never throws. */
    public Decision deny(MethodCall request, Throwable failure) {
        return methods.deny(current, request, failure);
    }

    /**
     * Announces calls that carry no more information than {@code facts} says. A component that puts calls to the
     * engine, such as a wrapped transport, announces them once. From then on {@link #update(Policy)} also refuses a
     * policy that can't be decided on such calls, even after that component is closed.
     *
     * @throws IllegalArgumentException if the policy in force reads something that these calls never carry; the message
     *     says what, where and what to do
     */
    public synchronized void expect(CallFacts facts) {
        facts.require(current.policy());
        expected.add(facts);
    }

    private CompiledPolicy compile(Policy policy, @Nullable ToolLock toolLock) {
        expected.forEach(facts -> facts.require(policy));
        predicates.require(policy);
        policy.context().ifPresent(keys -> requireContext(policy, keys));
        return new CompiledPolicy(policy, catalog, validator, limiter, time, toolLock, suspension.text(), soleSession);
    }

    private void requireContext(Policy policy, List<String> declared) {
        List<String> missing =
                declared.stream().filter(key -> !context.contains(key)).toList();
        if (!missing.isEmpty()) {
            throw new IllegalArgumentException(
                    "the policy's 'context' names what this host is not said to give in ctx: "
                            + String.join(", ", missing) + "; give it with every call, and tell the engine so:"
                            + " PolicyEngine.builder(policy).context(…)");
        }
        for (PolicyReads.Read read : PolicyReads.of(policy)) {
            String key = read.key();
            if (key != null && !declared.contains(key)) {
                throw new IllegalArgumentException("the policy reads " + read.name() + " at " + read.place()
                        + ", which its 'context' doesn't name");
            }
        }
    }

    /**
     * Replaces the policy. A call sees either the old policy or the new one, never a mix. Counters and buckets are kept
     * where the new policy has a limit of the same entry and name.
     *
     * @throws IllegalArgumentException if the policy can't be enforced here; the old one stays in force
     */
    public void update(Policy policy) {
        replace(policy);
        endWaitsIfSuspended();
    }

    private synchronized void replace(Policy policy) {
        CompiledPolicy before = current;
        swap(Change.POLICY, compile(policy, lock));
        if (!before.ref().digest().equals(current.ref().digest())) {
            changes.tell();
            grantTimes.changed();
        }
    }

    /**
     * Replaces the lock, for example after a person has accepted a tool; null removes it. A call sees either the old
     * lock or the new one, never a mix.
     */
    public synchronized void update(@Nullable ToolLock toolLock) {
        ToolLock before = lock;
        swap(Change.LOCK, compile(current.policy(), toolLock));
        lock = toolLock;
        if (!Objects.equals(before, toolLock)) {
            changes.tell();
        }
    }

    /**
     * Adds a listener for changes after which {@link #visible} may return something else: a new policy that is not
     * equal to the old one, a new lock, or a grant that begins or ceases to be in force. Adapters then notify their
     * clients that the list of tools has changed. The listener runs on the thread that makes the change, or on one of
     * the {@linkplain Builder#alarm alarm}, after the change is in force, so it must be quick. Exceptions that it
     * throws are ignored.
     *
     * @return removes the listener; until it is run, the engine holds a reference to the listener
     */
    public Runnable onChange(Runnable listener) {
        Runnable remove = changes.add(listener);
        grantTimes.changed();
        return remove;
    }

    /**
     * Records the change first, so that no decision by a policy precedes the record of that policy. A sink that throws
     * can't block the update.
     */
    private void swap(Change change, CompiledPolicy next) {
        if (recorder != null) {
            recorder.changed(change, current.ref(), next.ref());
        }
        current = next;
    }

    /** Puts the policy in force anew, with what suspends it now. The caller holds this engine's lock. */
    void compileAnew() {
        current = compile(current.policy(), lock);
    }

    /** Runs what waits for a person, so no lock is held here. */
    void endWaitsIfSuspended() {
        Decision denial = current.suspension();
        if (denial != null) {
            approvals.suspend(denial);
        }
    }

    /**
     * Suspends every call, whatever the policy and its mode say, until {@link #resume(String)}: each is denied with
     * rule {@code (suspended)}, and so is every other request but those of the lifecycle, lists and {@code
     * tasks/cancel}. Calls that are under way can't go on in another round, and calls that wait for a person end as
     * denied. Calls that were sent before are not ended. A policy may suspend calls, too; then both have to end.
     *
     * <p>The suspension is in force here before a {@linkplain Builder#suspension(SuspensionStore) store} is told, and
     * before it is recorded: a store or a sink that is slow or fails must not keep it off. Other engines that share the
     * store see it within a second. Blocks if the store does.
     *
     * @param reason what agents are told, so it must be fit for them; a message of the engine's if it is blank
     * @param by who suspends, for the record; null if that is not known
     * @throws UnavailableException if the store can't be told. Then the calls of this engine alone are suspended, until
     *     {@link #resume(String)}
     */
    public void suspend(String reason, @Nullable String by) {
        suspension.suspend(reason, by);
    }

    /**
     * Ends the host's suspension, in the store first if there is one. Does nothing if there is none. Blocks if the
     * store does.
     *
     * @param by who ends it, for the record; null if that is not known
     * @throws UnavailableException if the store can't be told. Then calls stay suspended
     */
    public void resume(@Nullable String by) {
        suspension.resume(by);
    }

    /**
     * Returns whether calls are suspended now, by the policy or by the host, or because it can't be read whether they
     * are.
     */
    public boolean isSuspended() {
        return current.suspension() != null;
    }

    /**
     * Forgets what is counted under a key, as {@link dev.interlock.policy.limit.LimitRecords#reset} does. That is
     * recorded first, and if a sink refuses the record, nothing is forgotten. Blocks if the store does.
     *
     * @param by who resets the count, for the record; null if that is not known
     * @return whether anything was counted
     * @throws IllegalStateException if the engine has no {@linkplain Builder#state store of state}, or a sink refuses
     *     the record
     * @throws UnavailableException if the store can't be reached, or it is not known whether it has forgotten
     */
    public boolean reset(LimitKey key, @Nullable String by) {
        StateStore store = state();
        require(recorder == null || recorder.reset(key, by));
        return store.limitRecords().reset(key);
    }

    /**
     * Takes all marks from a session, as {@link dev.interlock.policy.session.SessionRecords#clear} does. That is
     * recorded first, and if a sink refuses the record, nothing is taken. Blocks if the store does.
     *
     * @param by who clears the session, for the record; null if that is not known
     * @return whether the session had marks
     * @throws IllegalStateException if the engine has no {@linkplain Builder#state store of state}, or a sink refuses
     *     the record
     * @throws UnavailableException if the store can't be reached, or it is not known whether it has cleared
     */
    public boolean clearSession(String session, @Nullable String by) {
        StateStore store = state();
        require(recorder == null || recorder.cleared(session, by));
        return store.sessionRecords().clear(session);
    }

    private StateStore state() {
        if (state == null) {
            throw new IllegalStateException("the engine has no store of state; give it one with Builder.state");
        }
        return state;
    }

    private static void require(boolean recorded) {
        if (!recorded) {
            throw new IllegalStateException("nothing is reset, because it can't be recorded");
        }
    }

    /**
     * Returns whether a decision may depend on what servers say of their tools: on a schema, a rating, or the lock. If
     * it may, adapters list a server's tools before they put the first call to a tool they don't know. If the list
     * doesn't have the tool, the engine denies the call: see {@link ToolCall#among}.
     */
    public boolean readsDefinitions() {
        return current.readsDefinitions();
    }

    /**
     * Returns whether the policy in force says or counts something of the answer to any call or other request. If it
     * does, adapters show no answer to a request that they don't know: it may come before its call was decided.
     */
    public boolean judgesAnswers() {
        return current.judgesAnswers();
    }

    /** Returns whether it was told that it serves {@linkplain Builder#soleConnection a single connection}. */
    public boolean servesSoleConnection() {
        return soleSession != null;
    }

    /** Returns the policy in force. */
    public Policy policy() {
        return current.policy();
    }

    /** Returns the tools that servers have announced. Adapters fill this catalog. */
    public ToolCatalog tools() {
        return catalog;
    }

    CompiledPolicy current() {
        return current;
    }

    /**
     * Rates a call's tool by what is known of it, or by its name if nothing is known. A method is rated by its name.
     */
    ToolRating rating(ToolCall call) {
        KnownTool known = call.request() != null ? null : call.lookUp(catalog);
        return known == null ? catalog.ratingByName(call.tool()) : known.rating();
    }

    private static ToolPlan planFor(CompiledPolicy policy, ToolCall call) {
        if (call.request() != null) {
            return policy.methodPlan(call.request());
        }
        String problem = call.problem();
        if (problem != null) {
            return ToolPlan.denied(malformed(problem), false);
        }
        ToolPlan plan = policy.plan(call);
        return plan.unwraps() ? Unwrapping.plan(policy, plan, call) : plan;
    }

    /**
     * Denies even if the policy only audits: a call that can't be read can't be recorded either, and no policy ever
     * applied to it.
     */
    private static Decision malformed(String problem) {
        return Decision.denied(Code.MALFORMED, CompiledPolicy.ref("(malformed)", ""), Messages.malformed(problem));
    }

    /** What a call is decided by besides itself. The call is noted in its session. */
    private CounterSnapshot counters(ToolPlan plan, ToolCall call) {
        if (!plan.readsMore()) {
            return CounterSnapshot.NONE;
        }
        String session = plan.readsMarks() ? call.markSession() : null;
        return counts(plan, call).with(session == null ? null : memory.call(session));
    }

    /** The same for a call that is not made. */
    private CounterSnapshot lookUp(ToolPlan plan, ToolCall call) {
        String session = plan.readsMarks() ? call.markSession() : null;
        return counts(plan, call).with(session == null ? null : memory.read(session));
    }

    private CounterSnapshot counts(ToolPlan plan, ToolCall call) {
        return !plan.readsCounters() ? CounterSnapshot.NONE : new CounterSnapshot(limiter.usage(plan.probes(call)));
    }

    /** The same as {@link #counters}, once the counters are there. Blocks nothing. */
    private CompletionStage<CounterSnapshot> withMarks(
            ToolPlan plan, ToolCall call, CompletionStage<CounterSnapshot> counters) {
        String session = plan.readsMarks() ? call.markSession() : null;
        if (session == null) {
            return counters;
        }
        return counters.thenCompose(values -> memory.blocks()
                ? memory.callAsync(session).thenApply(values::with)
                : CompletableFuture.completedFuture(values.with(memory.call(session))));
    }

    private static Explanation.ExplainedStep explain(SessionMarks seen) {
        List<String> marks = new ArrayList<>();
        for (String name : new TreeSet<>(seen.names())) {
            Value value = seen.read(name, Value.Nil.NULL);
            marks.add(
                    value == Value.Nil.NULL
                            ? name + " (its values can't be told)"
                            : value instanceof Value.Array list
                                    ? name + " (values: " + list.items().size() + ")"
                                    : name);
        }
        String text = marks.isEmpty() ? "has no marks" : "is marked as " + String.join(", ", marks);
        return new Explanation.ExplainedStep(Explanation.Result.NOTED, "(marks): the session " + text, null, List.of());
    }

    private void shadowed(ToolCatalog.Shadowing shadowing) {
        listener.shadowed(shadowing);
    }

    /** The denial of a call, or of a request that it stands for, that could not be decided. Tells the listener. */
    Decision failure(ToolCall call, Throwable e) {
        Throwable cause = e instanceof CompletionException && e.getCause() != null ? e.getCause() : e;
        if (cause instanceof UnavailableException) {
            // An expected failure. The store itself reports it once, so it is not reported again for every call.
            return Decision.denied(
                    Code.LIMITER_UNAVAILABLE, CompiledPolicy.ref("(limits)", ""), Messages.LIMITER_UNAVAILABLE);
        }
        if (recorder != null) {
            recorder.failed(call, e);
        }
        listener.failed(call, e);
        return Decision.denied(Code.ERROR, CompiledPolicy.ref("(error)", ""), Messages.FAILURE);
    }

    /** Settings of an engine. Each has a safe default. Not thread-safe. */
    public static final class Builder {

        private final Policy policy;
        private @Nullable RateLimiter limiter;
        private @Nullable SessionMemory memory;
        private @Nullable SuspensionStore suspension;
        private @Nullable StateStore state;
        private boolean soleConnection;
        private @Nullable UsageMeter meter;
        private @Nullable ToolClassifier classifier;
        private final Map<String, ToolRating> ratings = new HashMap<>();
        private @Nullable SchemaValidator validator;
        private @Nullable ToolLock lock;
        private EngineListener listener = EngineListener.NONE;
        private Supplier<String> ids = Builder::randomId;
        private final Set<String> context = new HashSet<>();
        private final Map<String, HostPredicates.Given> predicates = new HashMap<>();
        private final List<AuditSink> sinks = new ArrayList<>();
        private final List<AuditSink> observers = new ArrayList<>();
        private @Nullable ApprovalHandler approvals;
        private int maxWaitingForApproval = 100_000;
        private Alarm alarm = Alarm.system();
        private TimeSource time = TimeSource.system();

        private Builder(Policy policy) {
            this.policy = policy;
        }

        /** Sets where limits are counted. Default: a new {@link InMemoryRateLimiter}. */
        public Builder rateLimiter(RateLimiter rateLimiter) {
            this.limiter = rateLimiter;
            return this;
        }

        /**
         * Sets where it is kept what sessions have seen. Engines that are given the same memory share the sessions.
         * Default: a new {@link InMemorySessionMemory} that follows this engine's {@link #time(TimeSource) clock}.
         */
        public Builder sessionMemory(SessionMemory sessionMemory) {
            this.memory = sessionMemory;
            return this;
        }

        /**
         * Sets where it is kept whether the host {@linkplain PolicyEngine#suspend suspends} calls. Engines that are
         * given the same store are suspended together. The store is read by {@link #build}, which waits for it, and
         * then every second by the {@link #alarm(Alarm) alarm}, which must run for as long as the engine is used. If no
         * reading of the last five seconds has succeeded, or the first one fails, calls are suspended until the store
         * can be read. Default: none; then the engine keeps it for itself.
         */
        public Builder suspension(SuspensionStore store) {
            this.suspension = store;
            return this;
        }

        /**
         * Sets where limits are counted, where it is kept what sessions have seen, and whether calls are suspended, as
         * {@link #rateLimiter}, {@link #sessionMemory} and {@link #suspension} do. Of these, the last that was called
         * counts. Tickets are kept elsewhere: see {@link dev.interlock.policy.approval.ApprovalTickets}. The engine
         * doesn't close the store.
         */
        public Builder state(StateStore store) {
            this.state = store;
            return rateLimiter(store.rateLimiter())
                    .sessionMemory(store.sessionMemory())
                    .suspension(store.suspensionStore());
        }

        /**
         * Tells the engine that it serves a single connection between one client and one server, as a proxy does. Then
         * calls for which the host gives neither a session nor an identity have one for their marks, the connection,
         * unless the policy names another server. Default: they have none.
         */
        public Builder soleConnection() {
            this.soleConnection = true;
            return this;
        }

        /**
         * Sets what tells {@code usage.<key>} by the answer to a call, for calls that an adapter ends and of which no
         * one {@linkplain Admission#used says} it. Default: nothing does, and limits of such amounts count what they
         * hold for the call.
         */
        public Builder usage(UsageMeter usageMeter) {
            this.meter = usageMeter;
            return this;
        }

        /**
         * Sets what rates tools for {@code categories} and {@code risks}. Default: the standard classifier, which
         * trusts no server.
         */
        public Builder classifier(ToolClassifier toolClassifier) {
            this.classifier = toolClassifier;
            return this;
        }

        /**
         * Rates one tool by hand. The classifier is not asked about it. Where only the rating matters, the tool counts
         * as known even if no server has announced it.
         */
        public Builder rating(String tool, ToolRating rating) {
            ratings.put(tool, rating);
            return this;
        }

        /**
         * Sets the keys of {@code ctx} that the host supplies with every call. A policy whose {@code context} names
         * another key is refused; a policy without {@code context} may read any key. Default: none.
         */
        public Builder context(String... keys) {
            context.addAll(List.of(keys));
            return this;
        }

        /**
         * Gives the engine a predicate that policies may ask as {@code op: custom.<name>}. A policy that asks another
         * one is refused. An answer may take {@link CustomPredicate#DEFAULT_TIME_LIMIT}.
         */
        public Builder predicate(String name, CustomPredicate predicate) {
            return predicate(name, predicate, CustomPredicate.DEFAULT_TIME_LIMIT);
        }

        /**
         * Does the same with another time limit, which the {@link #alarm(Alarm) alarm} keeps. Conditions that a
         * decision depends on ask one after the other, and each may take so long. {@link PolicyEngine#admit}, {@link
         * PolicyEngine#decide} and {@link PolicyEngine#explain} wait for all of them. What the asynchronous methods
         * complete then continues on a thread of the engine.
         *
         * @param timeLimit how long an answer may take; more than zero
         * @throws IllegalArgumentException if the name is none that a policy can write, or the time limit is not
         *     positive
         */
        public Builder predicate(String name, CustomPredicate predicate, Duration timeLimit) {
            Operand.custom(name, Value.Nil.NULL); // Refuses the name.
            if (timeLimit.isNegative() || timeLimit.isZero()) {
                throw new IllegalArgumentException(
                        "the time limit of predicate '" + name + "' must be positive, was " + timeLimit);
            }
            predicates.put(name, new HostPredicates.Given(name, predicate, timeLimit));
            return this;
        }

        /** Sets what checks {@code schema: true}. Without a validator, a policy that uses it is refused. */
        public Builder schemaValidator(SchemaValidator schemaValidator) {
            this.validator = schemaValidator;
            return this;
        }

        /**
         * Sets the definitions that a person has accepted. A tool whose definition differs from the accepted one, or is
         * new, is hidden and denied with rule {@code (lock)}, whatever the policy says and even if the policy only
         * audits. The same holds for a tool whose server has not announced it to this engine, because an unseen
         * definition can't be compared. Its code is {@link Decision.Code#SCHEMA_UNKNOWN}, and adapters then list the
         * server's tools and ask again. Default: none.
         */
        public Builder lock(@Nullable ToolLock toolLock) {
            this.lock = toolLock;
            return this;
        }

        /** Sets the listener for failures. */
        public Builder listener(EngineListener engineListener) {
            this.listener = engineListener;
            return this;
        }

        /**
         * Adds a sink that must accept the record of every call before the call is made. If it refuses the record, the
         * call is denied. {@link PolicyEngine#decide}, {@link PolicyEngine#explain} and {@link PolicyEngine#visible}
         * make no call and record nothing. Default: none.
         */
        public Builder audit(AuditSink sink) {
            sinks.add(sink);
            return this;
        }

        /** Adds a sink that receives the same records but can't block a call. Default: none. */
        public Builder observer(AuditSink observer) {
            observers.add(observer);
            return this;
        }

        /** Sets who asks a person for approval. Default: null, and calls that need approval are not made. */
        public Builder approvals(@Nullable ApprovalHandler handler) {
            this.approvals = handler;
            return this;
        }

        /**
         * Sets how many calls of all callers together may wait for a person's answer. Beyond this number, a call that
         * would have to wait is denied, and the message says why. The engine holds no thread for a waiting call, but
         * the caller may. On a server whose transport blocks one thread for each request, as the MCP SDK's servlets do,
         * set this well below the number of threads; otherwise the waiting calls block all other requests. Default:
         * 100,000.
         *
         * @throws IllegalArgumentException if it is negative
         */
        public Builder maxWaitingForApproval(int calls) {
            if (calls < 0) {
                throw new IllegalArgumentException("maxWaitingForApproval must not be negative, was " + calls);
            }
            this.maxWaitingForApproval = calls;
            return this;
        }

        /**
         * Sets what ends the wait for an approval that doesn't come, and tells when a grant begins or ceases to be in
         * force. Callers of {@link PolicyEngine#admitAsync(ToolCall)} then continue on its threads. Default: {@link
         * Alarm#system}.
         */
        public Builder alarm(Alarm alarmClock) {
            this.alarm = alarmClock;
            return this;
        }

        /**
         * Sets the clocks for time windows, for the time of events and for how long calls have waited for approval.
         * Limits use their limiter's clocks. Default: the clocks of the JVM.
         */
        public Builder time(TimeSource timeSource) {
            this.time = timeSource;
            return this;
        }

        List<AuditSink> sinks() {
            return List.copyOf(sinks);
        }

        List<AuditSink> observers() {
            return List.copyOf(observers);
        }

        TimeSource time() {
            return time;
        }

        Alarm alarm() {
            return alarm;
        }

        int maxWaitingForApproval() {
            return maxWaitingForApproval;
        }

        Supplier<String> ids() {
            return ids;
        }

        EngineListener listener() {
            return new GuardedListener(listener);
        }

        /**
         * Sets where ids of decisions come from. Each id must be unique across all engines that share a limiter or an
         * audit log.
         */
        public Builder ids(Supplier<String> idSource) {
            this.ids = idSource;
            return this;
        }

        /**
         * Creates the engine.
         *
         * @throws IllegalArgumentException if the policy can't be enforced with these settings
         */
        public PolicyEngine build() {
            return new PolicyEngine(this);
        }

        private static String randomId() {
            ThreadLocalRandom random = ThreadLocalRandom.current();
            return Long.toHexString(random.nextLong()) + Long.toHexString(random.nextLong());
        }
    }
}
