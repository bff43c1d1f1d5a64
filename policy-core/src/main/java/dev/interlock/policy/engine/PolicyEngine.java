package dev.interlock.policy.engine;

import dev.interlock.policy.Policy;
import dev.interlock.policy.approval.ApprovalHandler;
import dev.interlock.policy.audit.AuditEvent.Change;
import dev.interlock.policy.audit.AuditSink;
import dev.interlock.policy.engine.Decision.Code;
import dev.interlock.policy.limit.OpenBucket;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.UnavailableException;
import dev.interlock.policy.time.Alarm;
import dev.interlock.policy.time.TimeSource;
import dev.interlock.policy.tool.SchemaValidator;
import dev.interlock.policy.tool.StandardToolClassifier;
import dev.interlock.policy.tool.ToolCatalog;
import dev.interlock.policy.tool.ToolCatalog.KnownTool;
import dev.interlock.policy.tool.ToolClassifier;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.tool.ToolLock;
import dev.interlock.policy.tool.ToolRating;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides every call by one policy. What it does with a call, in order:
 *
 * <ol>
 *   <li>A call that can't be read is denied.
 *   <li>If there is a {@link ToolLock}, a tool whose definition nobody has accepted is denied.
 *   <li>The plan for its tool is looked up: all entries of the policy and of the caller's grant that apply, compiled to
 *       a flat list of checks. A name that is no name, a hidden tool, a caller without a grant and an unlisted tool
 *       under {@code default: deny} have a plan that denies.
 *   <li>Every check must pass; the first denial is the decision.
 *   <li>All limits are reserved together, or none.
 *   <li>If a rule asks for a person's approval, the call waits for it; see {@link ApprovalHandler}.
 * </ol>
 *
 * <p>If there is an {@link AuditSink}, an admission is handed out only once every sink has taken the record of it.
 *
 * <p>Whatever is thrown on the way denies the call with a message that names no detail, gives back what it took, and is
 * reported to the {@link EngineListener}: also an {@link Error} that a host's own code throws, and an {@link
 * OutOfMemoryError}. None of them is thrown on, since whoever waits for a decision would then wait for ever. Thread-safe; one engine serves any number of clients and servers.
 */
public final class PolicyEngine {

    private final RateLimiter limiter;
    private final ToolCatalog catalog;
    private final @Nullable SchemaValidator validator;
    private final EngineListener listener;
    private final Supplier<String> ids;
    /** Null if nobody wants to know: then nothing is made for it and no clock is read. */
    private final @Nullable AuditRecorder recorder;

    private final Approvals approvals;

    /** The keys of {@code ctx} that the host gives. */
    private final Set<String> context;

    /** What is known of calls, for each way by which they come; guarded by this. */
    private final Set<CallFacts> expected = new LinkedHashSet<>();

    private final ChangeListeners changes = new ChangeListeners();

    private volatile CompiledPolicy current;
    /** What the current policy was compiled with; guarded by this. */
    private @Nullable ToolLock lock;

    private PolicyEngine(Builder builder) {
        this.limiter = builder.limiter == null ? RateLimiter.inMemory() : builder.limiter;
        this.catalog = new ToolCatalog(
                builder.classifier == null ? StandardWhenAsked::rate : builder.classifier,
                builder.ratings,
                this::shadowed);
        this.validator = builder.validator;
        this.listener = builder.listener();
        this.ids = limiter.blocks() ? builder.ids : () -> "";
        this.lock = builder.lock;
        this.context = Set.copyOf(builder.context);
        this.current = compile(builder.policy, lock);
        this.recorder = AuditRecorder.of(builder, catalog);
        this.approvals = new Approvals(this, builder, builder.approvals, recorder);
        if (recorder != null) {
            recorder.changed(Change.START, null, current.ref());
        }
    }

    /** The standard classifier. Reading its word lists takes milliseconds, so it is made when a tool is first rated. */
    private static final class StandardWhenAsked {

        private static final ToolClassifier STANDARD = StandardToolClassifier.create();

        private StandardWhenAsked() {}

        static ToolRating rate(ToolDefinition tool) {
            return STANDARD.rate(tool);
        }
    }

    /** An engine for {@code policy}. */
    public static Builder builder(Policy policy) {
        return new Builder(policy);
    }

    /** Whether a call would be allowed now. Takes nothing. May block only if the limiter does. */
    public Decision decide(ToolCall call) {
        try {
            CompiledPolicy policy = current;
            ToolCall known = policy.settled(call);
            ToolPlan plan = planFor(policy, known);
            if (plan.checksOnly()) {
                return plan.told(plan.check(known, CounterSnapshot.NONE));
            }
            CounterSnapshot counters = counters(plan, known);
            ReservationAttempt attempt = new ReservationAttempt(plan, known, counters, ids);
            return attempt.isOpen() ? attempt.foresee(limiter.usage(attempt.charges())) : attempt.decision();
        } catch (Throwable e) {
            return failure(call, e);
        }
    }

    /**
     * Decides a call and, if it is allowed, reserves what it is charged to. The admission must be settled when the call
     * has ended.
     *
     * <p>If the policy asks for a person's approval and there is an {@link ApprovalHandler}, this waits for the answer, for
     * as long as the rule says; an interrupt ends the wait, and denies. Without a handler the call comes back at once, not
     * allowed. Otherwise this blocks only if the limiter or an audit sink does.
     */
    public Admission admit(ToolCall call) {
        CompiledPolicy policy = current;
        long start = recorder == null ? 0 : recorder.start(call);
        Admission admission = admit(policy, call);
        return admission.decision().asks() && approvals.canAsk(Terms.DEFAULT)
                ? approvals.await(new PendingApproval(policy, call, admission, start))
                : conclude(policy, call, admission, start);
    }

    /**
     * The short way of a call that is charged to one bucket, and {@link #admitOtherwise} for all others. The admission is made in one
     * place, whatever came before, so that it need not be an object where the compiler sees it settled at once.
     */
    private Admission admit(CompiledPolicy policy, ToolCall asked) {
        ToolCall call = policy.settled(asked);
        OpenBucket bucket = null;
        OpenBucket.Count count = null;
        long taken = OpenBucket.NOTHING;
        ToolPlan plan = null;
        try {
            plan = call.problem() == null ? policy.kept(call) : null;
            if (plan != null) {
                bucket = plan.bucket();
                if (bucket != null) {
                    count = plan.count(bucket, call);
                    taken = count == null ? OpenBucket.NOTHING : bucket.take(count);
                }
            }
        } catch (Throwable e) {
            // Nothing was taken. The other way meets the same, and reports it.
            taken = OpenBucket.NOTHING;
        }
        Admission otherwise = null;
        if (taken == OpenBucket.NOTHING) {
            otherwise = admitOtherwise(policy, call, plan);
            if (!otherwise.hasEnding()) {
                return otherwise;
            }
        }
        return Admission.of(otherwise, bucket, count, taken);
    }

    /** With the plan for the call, or null if it has yet to be found. */
    private Admission admitOtherwise(CompiledPolicy policy, ToolCall call, @Nullable ToolPlan kept) {
        try {
            ToolPlan plan = kept == null ? planFor(policy, call) : kept;
            return plan.checksOnly()
                    ? Admission.unreserved(plan.told(plan.check(call, CounterSnapshot.NONE)))
                    : reserve(plan, call).admission(limiter, listener);
        } catch (Throwable e) {
            return Admission.unreserved(failure(call, e));
        }
    }

    private ReservationAttempt reserve(ToolPlan plan, ToolCall call) {
        ReservationAttempt attempt = new ReservationAttempt(plan, call, counters(plan, call), ids);
        while (attempt.isOpen()) {
            attempt.take(limiter.reserve(attempt.batch()));
        }
        return attempt;
    }

    /** {@link #admitAsync(ToolCall, Terms)} on {@linkplain Terms#DEFAULT the usual terms}. */
    public CompletionStage<Admission> admitAsync(ToolCall call) {
        return admitAsync(call, Terms.DEFAULT);
    }

    /**
     * {@link #admit} without waiting for the limiter or a person on the caller's thread. The stage is a {@link
     * CompletableFuture} that never completes exceptionally, unless it is cancelled: whoever stops waiting cancels it, and
     * then nothing stays reserved and no answer of a person's has an effect any longer.
     *
     * @param terms how long the caller waits for a person, and what it can do with the answer
     */
    public CompletionStage<Admission> admitAsync(ToolCall call, Terms terms) {
        CompiledPolicy policy = current;
        long start = recorder == null ? 0 : recorder.start(call);
        if (!limiter.blocks()) {
            Admission admission = admit(policy, call);
            return admission.decision().asks() && approvals.canAsk(terms)
                    ? approvals.ask(new PendingApproval(policy, call, admission, start), terms)
                    : CompletableFuture.completedFuture(conclude(policy, call, admission, start));
        }
        CompletableFuture<Admission> result = new CompletableFuture<>();
        long deadline;
        try {
            deadline = approvals.canAsk(terms) ? approvals.deadline(terms) : 0;
        } catch (Throwable e) {
            return CompletableFuture.completedFuture(deny(call, e));
        }
        reserve(policy, call).thenAccept(admission -> {
            try {
                reserved(new PendingApproval(policy, call, admission, start), terms, deadline, result);
            } catch (Throwable e) {
                admission.unsent();
                result.complete(Admission.unreserved(failure(call, e)));
            }
        });
        return result;
    }

    private void reserved(PendingApproval asked, Terms terms, long deadline, CompletableFuture<Admission> result) {
        Admission admission = asked.held();
        if (result.isDone()) {
            admission.unsent();
        } else if (admission.decision().asks() && approvals.canAsk(terms)) {
            approvals.ask(asked, terms, deadline, result);
        } else {
            Admission concluded = conclude(asked.policy(), asked.call(), admission, asked.startNanos());
            if (!result.complete(concluded)) {
                concluded.unsent();
            }
        }
    }

    /** Records what was decided without a person. If one should have been asked and can't be, the call is denied. */
    private Admission conclude(CompiledPolicy policy, ToolCall call, Admission admission, long start) {
        Admission concluded = admission;
        if (admission.decision().asks()) {
            admission.unsent();
            concluded = Admission.unreserved(Approvals.unasked(admission.decision()));
        }
        return recorder == null ? concluded : recorder.decided(call, policy, concluded, start);
    }

    /**
     * Decides again on a call for which something is reserved already, and leaves that as it is.
     *
     * @param held what is reserved for it
     * @return the decision, with what is held; with nothing, if the call is denied; null if this can't be told without giving
     *     up what is held: because the policy reads counts that this is part of, or would have something else reserved
     */
    @Nullable
    Admission decideAnew(CompiledPolicy policy, ToolCall asked, Admission held) {
        ToolCall call = policy.settled(asked);
        try {
            ToolPlan plan = planFor(policy, call);
            if (plan.readsCounters()) {
                return null;
            }
            ReservationAttempt attempt = new ReservationAttempt(plan, call, CounterSnapshot.NONE, ids);
            Decision decision = attempt.decision();
            return decision.allowed() || decision.asks()
                    ? held.under(decision, attempt.charges())
                    : Admission.unreserved(decision);
        } catch (Throwable e) {
            return Admission.unreserved(failure(call, e));
        }
    }

    /** Decides and reserves by one policy; asks nobody and records nothing. The stage never completes exceptionally. */
    CompletionStage<Admission> reserve(CompiledPolicy policy, ToolCall call) {
        return limiter.blocks() ? admitAsync(policy, call) : CompletableFuture.completedFuture(admit(policy, call));
    }

    private CompletionStage<Admission> admitAsync(CompiledPolicy policy, ToolCall asked) {
        ToolCall call = policy.settled(asked);
        CompletionStage<Admission> admission;
        try {
            ToolPlan plan = planFor(policy, call);
            CompletionStage<CounterSnapshot> counters = !plan.readsCounters()
                    ? CompletableFuture.completedFuture(CounterSnapshot.NONE)
                    : limiter.usageAsync(plan.probes(call)).thenApply(CounterSnapshot::new);
            admission = counters.thenCompose(values -> reserve(new ReservationAttempt(plan, call, values, ids)));
        } catch (Throwable e) {
            admission = CompletableFuture.failedFuture(e);
        }
        return admission.exceptionally(e -> Admission.unreserved(failure(call, e)));
    }

    private CompletionStage<Admission> reserve(ReservationAttempt attempt) {
        if (!attempt.isOpen()) {
            return CompletableFuture.completedFuture(attempt.admission(limiter, listener));
        }
        return limiter.reserveAsync(attempt.batch()).thenCompose(answer -> {
            attempt.take(answer);
            return reserve(attempt);
        });
    }

    /** Why a call is decided as it is. Takes nothing. */
    public Explanation explain(ToolCall asked) {
        CompiledPolicy policy = current;
        ToolCall call = policy.settled(asked);
        try {
            ToolPlan plan = planFor(policy, call);
            CounterSnapshot counters = counters(plan, call);
            ReservationAttempt attempt = new ReservationAttempt(plan, call, counters, ids);
            List<Explanation.Step> steps = new ArrayList<>();
            if (plan.verdict() != null) {
                steps.add(plan.told(Check.verdict(plan.verdict())));
            }
            for (Check check : plan.checks()) {
                steps.add(plan.told(check.explain(call, counters)));
            }
            // Also of a call that is denied already: who asks why it was wants to see how the limits stand.
            ReservationAttempt charged = ReservationAttempt.ofEveryLimit(plan, call, counters, ids);
            if (charged.isOpen()) {
                steps.addAll(charged.explain(limiter.usage(charged.charges())));
            }
            Decision decision =
                    attempt.isOpen() ? attempt.foresee(limiter.usage(attempt.charges())) : attempt.decision();
            return new Explanation(decision, rating(call), plan.entries(), steps);
        } catch (Throwable e) {
            return new Explanation(failure(call, e), null, List.of(), List.of());
        }
    }

    /**
     * Whether {@code tools/list} may show the tool to this caller. A hidden tool is not shown; under {@code default:
     * deny}, only tools of which some call could be allowed are. The call's arguments are not looked at.
     */
    public boolean visible(ToolCall call) {
        CompiledPolicy policy = current;
        return visible(policy, policy.settled(call));
    }

    /**
     * Whether {@code tools/list} may show a tool with this definition to this caller. What is announced meanwhile under
     * the same name plays no part.
     *
     * @param call a call of the tool, {@linkplain ToolCall#among among} those that its server has announced
     * @param definition what the list says of the tool; null if it is not known, and then the tool is not shown where the
     *     policy rates tools or there is a lock
     */
    public boolean visible(ToolCall call, @Nullable KnownTool definition) {
        return visible(current, call.defined(definition));
    }

    private boolean visible(CompiledPolicy policy, ToolCall call) {
        try {
            return policy.plan(call).listed();
        } catch (Throwable e) {
            failure(call, e);
            return false;
        }
    }

    /**
     * What the policy says of an MCP method other than {@code tools/call}, be it a request's or a notification's: an exact
     * name first, then globs in order. No glob reaches {@code initialize}, {@code ping}, {@code server/discover}, {@code
     * notifications/initialized} and {@code notifications/cancelled}, without which there is no session to have a policy
     * for, or no call can be taken back.
     *
     * <p>Denied whatever the policy and its mode are: {@code tools/call}, since calls of tools go another way; a method
     * without a name, longer than {@link MethodNames#MAX_LENGTH}, or with a blank, control or invisible character; and one
     * that looks like {@code tools/call}, a method of the specification or one that the policy names without being it.
     * Records nothing.
     */
    public Decision decideMethod(String method) {
        Decision decision = current.methods().decide(method);
        return decision == null ? Decision.ALLOWED : decision;
    }

    /**
     * Decides on a request, or a notification, as {@link #decideMethod} does, and records it, unless the policy has nothing
     * to say about its method. It must be made only if the decision {@linkplain Decision#allowed allows} it. Never throws.
     */
    public Decision admit(MethodCall request) {
        CompiledPolicy policy = current;
        Decision decision = policy.methods().decide(request);
        if (decision == null) {
            return Decision.ALLOWED;
        }
        return recorder == null ? decision : recorder.decided(request, policy, decision);
    }

    /**
     * Decides on the requests that a server has put into an answer, each as one that comes by itself, and records them.
     * Methods other than {@code elicitation/create}, {@code sampling/createMessage} and {@code roots/list} are always denied.
     * The answer must be passed on only if the decision {@linkplain Decision#allowed allows} it. Never throws.
     *
     * @param methods as {@link EmbeddedRequests} finds them
     * @param answered what the server answers, which says on whose account it asks; its method plays no part
     * @return the first denial, or that all may be passed on
     */
    public Decision admitEmbedded(List<String> methods, MethodCall answered) {
        Decision denial = null;
        for (String method : methods) {
            Decision decision = admit(MethodCall.of(method)
                    .by(answered.identity())
                    .in(answered.session())
                    .on(answered.server())
                    .embeddedByServer());
            if (denial == null && !decision.allowed()) {
                denial = decision;
            }
        }
        return denial == null ? Decision.ALLOWED : denial;
    }

    /**
     * Denies a call that can't even be put to the engine, because something failed on the way here, such as finding out who
     * makes it. The failure is told and recorded as one of the engine's own.
     *
     * @param call as much of it as is known
     * @param failure what was thrown
     */
    public Admission deny(ToolCall call, Throwable failure) {
        CompiledPolicy policy = current;
        long start = recorder == null ? 0 : recorder.start(call);
        return conclude(policy, call, Admission.unreserved(failure(call, failure)), start);
    }

    /** The same for a request other than {@code tools/call}. Never throws. */
    public Decision deny(MethodCall request, Throwable failure) {
        listener.failed(request, failure);
        Decision denied = Decision.denied(Code.ERROR, CompiledPolicy.ref("(error)", ""), Messages.FAILURE);
        return recorder == null ? denied : recorder.decided(request, current, denied);
    }

    /**
     * Tells that calls will come of which no more is known than this: whoever puts calls here, such as a wrapped transport,
     * says so once. From then on {@link #update(Policy)} refuses what can't be decided on such calls, too, also when
     * whoever put them here is closed.
     *
     * @throws IllegalArgumentException if the policy in force reads what is never known of them; the message says what, where
     *     and what to do
     */
    public synchronized void expect(CallFacts facts) {
        facts.require(current.policy());
        expected.add(facts);
    }

    private CompiledPolicy compile(Policy policy, @Nullable ToolLock toolLock) {
        expected.forEach(facts -> facts.require(policy));
        policy.context().ifPresent(keys -> requireContext(policy, keys));
        return new CompiledPolicy(policy, catalog, validator, limiter, toolLock);
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
     * Swaps the policy: a call sees wholly the old one or wholly the new one. Counters and buckets are kept where the
     * new policy has a limit of the same entry and name.
     *
     * @throws IllegalArgumentException if the policy can't be enforced here; the old one stays
     */
    public synchronized void update(Policy policy) {
        CompiledPolicy before = current;
        swap(Change.POLICY, compile(policy, lock));
        if (!before.ref().digest().equals(current.ref().digest())) {
            changes.tell();
        }
    }

    /**
     * Swaps the lock, as when a person has accepted a tool; null takes it away. A call sees wholly the old one or wholly
     * the new one.
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
     * Has a listener told of each change of what is enforced after which {@link #visible} may say something else: another
     * policy, unless it is equal, or another lock. Adapters tell their clients then that the list of tools has changed. It is
     * called on the thread that makes the change, once that is in force, so it must be quick; what it throws is ignored.
     *
     * @return takes the listener away again; until then the engine holds it
     */
    public Runnable onChange(Runnable listener) {
        return changes.add(listener);
    }

    /** Recorded first, so that no decision by a policy stands before the news of it. Nobody can keep a policy out by refusing. */
    private void swap(Change change, CompiledPolicy next) {
        if (recorder != null) {
            recorder.changed(change, current.ref(), next.ref());
        }
        current = next;
    }

    /**
     * Whether a decision may depend on what servers say of their tools: on a schema, a rating, or the lock. Adapters then
     * list a server's tools before they put the first call of one that they don't know, and the engine denies it if that
     * doesn't help: see {@link ToolCall#among}.
     */
    public boolean readsDefinitions() {
        return current.readsDefinitions();
    }

    /** The policy in force. */
    public Policy policy() {
        return current.policy();
    }

    /** The tools that servers have announced; adapters fill it. */
    public ToolCatalog tools() {
        return catalog;
    }

    CompiledPolicy current() {
        return current;
    }

    /** How a call's tool is rated: by what is known of it, else by its name. */
    ToolRating rating(ToolCall call) {
        KnownTool known = call.lookUp(catalog);
        return known == null ? catalog.ratingByName(call.tool()) : known.rating();
    }

    private static ToolPlan planFor(CompiledPolicy policy, ToolCall call) {
        String problem = call.problem();
        return problem == null ? policy.plan(call) : ToolPlan.denied(malformed(problem), false);
    }

    /** Never only audited: what can't be read can't be recorded either, and was never within any policy's reach. */
    private static Decision malformed(String problem) {
        return Decision.denied(Code.MALFORMED, CompiledPolicy.ref("(malformed)", ""), Messages.malformed(problem));
    }

    private CounterSnapshot counters(ToolPlan plan, ToolCall call) {
        return !plan.readsCounters() ? CounterSnapshot.NONE : new CounterSnapshot(limiter.usage(plan.probes(call)));
    }

    private void shadowed(ToolCatalog.Shadowing shadowing) {
        listener.shadowed(shadowing);
    }

    private Decision failure(ToolCall call, Throwable e) {
        Throwable cause = e instanceof CompletionException && e.getCause() != null ? e.getCause() : e;
        if (cause instanceof UnavailableException) {
            // Foreseen, and told once by the store itself, not here with every call.
            return Decision.denied(
                    Code.LIMITER_UNAVAILABLE, CompiledPolicy.ref("(limits)", ""), Messages.LIMITER_UNAVAILABLE);
        }
        if (recorder != null) {
            recorder.failed(call, e);
        }
        listener.failed(call, e);
        return Decision.denied(Code.ERROR, CompiledPolicy.ref("(error)", ""), Messages.FAILURE);
    }

    /** Settings of an engine; each has a safe default. Not thread-safe. */
    public static final class Builder {

        private final Policy policy;
        private @Nullable RateLimiter limiter;
        private @Nullable ToolClassifier classifier;
        private final Map<String, ToolRating> ratings = new HashMap<>();
        private @Nullable SchemaValidator validator;
        private @Nullable ToolLock lock;
        private EngineListener listener = EngineListener.NONE;
        private Supplier<String> ids = Builder::randomId;
        private final Set<String> context = new HashSet<>();
        private final List<AuditSink> sinks = new ArrayList<>();
        private final List<AuditSink> observers = new ArrayList<>();
        private @Nullable ApprovalHandler approvals;
        private int maxWaitingForApproval = 100_000;
        private Alarm alarm = Alarm.system();
        private TimeSource time = TimeSource.system();

        private Builder(Policy policy) {
            this.policy = policy;
        }

        /** Where limits are counted; by default a new {@link RateLimiter#inMemory()}. */
        public Builder rateLimiter(RateLimiter rateLimiter) {
            this.limiter = rateLimiter;
            return this;
        }

        /** What rates the tools for {@code categories} and {@code risks}; by default the standard one, which trusts no server. */
        public Builder classifier(ToolClassifier toolClassifier) {
            this.classifier = toolClassifier;
            return this;
        }

        /**
         * Rates one tool by hand; the classifier is not asked about it, and where only its rating matters the tool counts as
         * known though no server has announced it.
         */
        public Builder rating(String tool, ToolRating rating) {
            ratings.put(tool, rating);
            return this;
        }

        /**
         * The keys of {@code ctx} that the host gives with every call. A policy whose {@code context} names another is refused;
         * a policy without {@code context} may read any. Default: none.
         */
        public Builder context(String... keys) {
            context.addAll(List.of(keys));
            return this;
        }

        /** What checks {@code schema: true}; without one, a policy that has it can't be set. */
        public Builder schemaValidator(SchemaValidator schemaValidator) {
            this.validator = schemaValidator;
            return this;
        }

        /**
         * The definitions that a person has accepted. A tool whose definition is another, or new, is hidden and denied
         * with rule {@code (lock)}, whatever the policy says and also where it only audits. So is a tool whose server has
         * not announced it to this engine, since nobody can vouch for what was not seen: its code is {@link
         * Decision.Code#SCHEMA_UNKNOWN}, upon which adapters list the server's tools and ask again. Default: none.
         */
        public Builder lock(@Nullable ToolLock toolLock) {
            this.lock = toolLock;
            return this;
        }

        /** Who is told of failures. */
        public Builder listener(EngineListener engineListener) {
            this.listener = engineListener;
            return this;
        }

        /**
         * Adds a sink that must take the record of every call before it is made: a call whose record it refuses is denied.
         * What {@link PolicyEngine#decide}, {@link PolicyEngine#explain} and {@link PolicyEngine#visible} look at is no call
         * and not recorded. Default: none.
         */
        public Builder audit(AuditSink sink) {
            sinks.add(sink);
            return this;
        }

        /** Adds a sink that is told the same, but can't keep a call from being made. Default: none. */
        public Builder observer(AuditSink observer) {
            observers.add(observer);
            return this;
        }

        /** Who puts calls that need it to a person. Default: nobody, and such calls are not made. */
        public Builder approvals(@Nullable ApprovalHandler handler) {
            this.approvals = handler;
            return this;
        }

        /**
         * How many calls may wait for a person's answer, of all callers together; past it calls that would have to wait
         * are denied, and the message says why. The engine holds no thread for a call that waits, but its caller may: on
         * a server whose transport blocks a thread for each request, as the MCP SDK's servlets do, set it well below the
         * number of threads, or those who wait keep everybody else out. Default: 100,000.
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
         * What ends the wait for approvals that don't come. Callers of {@link PolicyEngine#admitAsync(ToolCall)} then go on, on its threads.
         * Default: {@link Alarm#system}.
         */
        public Builder alarm(Alarm alarmClock) {
            this.alarm = alarmClock;
            return this;
        }

        /**
         * What the time of events is read from, and how long approvals have been waited for; limits have their limiter's.
         * Default: the clocks of the JVM.
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

        /** Where decisions' ids come from; each must be unique over all engines that share a limiter or an audit log. */
        public Builder ids(Supplier<String> idSource) {
            this.ids = idSource;
            return this;
        }

        /**
         * The engine.
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
