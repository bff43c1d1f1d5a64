package dev.interlock.policy.mcp;

import dev.interlock.policy.adapter.CallGuard;
import dev.interlock.policy.adapter.GuardedCall;
import dev.interlock.policy.adapter.PendingCalls;
import dev.interlock.policy.adapter.SealedApprovals;
import dev.interlock.policy.adapter.SealedStates;
import dev.interlock.policy.adapter.ToolListState;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.Admission;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.mcp.Callers.ResolvedCaller;
import dev.interlock.policy.text.VisibleText;
import dev.interlock.policy.tool.AnnouncedTools.Listing;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCMessage;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCNotification;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCRequest;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCResponse;
import io.modelcontextprotocol.modern.server.McpHeaders;
import io.modelcontextprotocol.modern.server.McpRequestManager;
import io.modelcontextprotocol.modern.server.McpServer;
import io.modelcontextprotocol.modern.server.McpTransportResponse;
import io.modelcontextprotocol.spec.McpSchema;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * Puts a policy in front of a server of the SDK's modern API, which speaks MCP 2026-07-28. Give it to the transport in
 * place of the server:
 *
 * <pre>{@code
 * EnforcingRequestManager guarded = EnforcingRequestManager.wrap(server, engine);
 * tomcat.addServlet(..., HttpServletMcpTransport.builder(guarded).build());
 * }</pre>
 *
 * <ul>
 *   <li>Every {@code tools/call} is decided before the server sees it. A denied call is answered here, with a tool
 *       result whose {@code isError} is true. What runs is what was decided: a copy of the arguments.
 *   <li>{@code tools/list} shows a caller the tools that the policy lets this caller see. Each page is marked as
 *       private and short-lived.
 *   <li>Other requests and notifications follow the policy's {@code methods}. So do the requests that the server puts
 *       into an answer: an answer with a refused one is replaced by a denial, or by a protocol error if it doesn't
 *       answer a call.
 *   <li>A client that listens for changes to the list of tools is also notified of those that a new policy or tool lock
 *       makes.
 *   <li>Everything else passes unchanged.
 * </ul>
 *
 * <p>Who calls is what {@link Builder#callContext} says, from the transport's context. There are no MCP sessions:
 * unless that or {@link Builder#session} names one, limits count by the identity, and without one all callers share
 * them.
 *
 * <p>The first of response, error, cancellation and end of the stream settles a call. One that none of these ends
 * within {@link Builder#callTimeToLive} counts as unknown. So does a call that the server answers with
 * {@code input_required}: it keeps what it took. The rounds after that are decided anew, and charged nothing; see
 * {@link SealedStates}. If {@linkplain Builder#elicitApprovals the host wishes}, clients ask their people for approvals
 * in the same way.
 *
 * <p>A message that can't be read or decided is denied, and every request gets an answer, whatever fails. No thread is
 * started. {@link #handleBlocking} decides on the caller's thread, which it may block, and runs the server there;
 * {@link #handle} doesn't block. Thread-safe.
 */
public final class EnforcingRequestManager implements McpRequestManager {

    private static final Logger log = LoggerFactory.getLogger(EnforcingRequestManager.class);

    private final McpRequestManager delegate;
    private final PolicyEngine engine;
    private final Callers callers;
    private final Answers answers;
    private final SealedStates states;
    private final CallGuard guard;
    private final CallGate calls;
    /** Null if clients must not ask their people for approvals. */
    private final @Nullable ApprovalForm approvalForm;

    private final Methods methods;
    private final ModernAnswers shownAnswers;
    private final ToolListFetch fetch;
    private final UndecidedCalls deciding = new UndecidedCalls();
    private final PendingCalls<ModernRound> running;
    private final AtomicInteger toolListChanges = new AtomicInteger();
    private final Duration selfTestTimeout;

    /**
     * The way of one request to the server.
     *
     * @param transport what the transport knows of the request
     * @param blocking whether the server is called on the thread that makes the request, which may block
     */
    private record Way(McpRequestManager server, McpTransportContext transport, boolean blocking) {

        Mono<McpTransportResponse> send(JSONRPCRequest request) {
            try {
                return blocking ? server.handleBlocking(transport, request) : server.handle(transport, request);
            } catch (Throwable e) {
                return Mono.error(e);
            }
        }

        /** For a request that isn't the one that came, so that its headers say nothing about it. */
        Way withoutHeaders() {
            return new Way(
                    server,
                    key -> McpHeaders.TRANSPORT_CONTEXT_KEY.equals(key) ? McpHeaders.NOT_MIRRORED : transport.get(key),
                    blocking);
        }

        @Override
        public String toString() {
            return blocking ? "blocking" : "not blocking";
        }
    }

    private EnforcingRequestManager(Builder builder) {
        this.delegate = builder.delegate;
        this.engine = builder.engine;
        this.callers = builder.callers(true);
        this.answers = builder.answers();
        this.methods = new Methods(builder, callers, ModernMessages::converted);
        this.states = new SealedStates(engine, builder.time, builder.stateKeys, builder.callTimeToLive);
        this.guard = new CallGuard(engine, null);
        this.calls = new CallGate(builder, callers, guard, ModernMessages::converted);
        this.approvalForm = builder.elicitsApprovals ? new ApprovalForm(builder.argumentLimits) : null;
        this.selfTestTimeout = builder.toolListTimeout;
        this.shownAnswers = new ModernAnswers(
                methods,
                new ToolListFilter(engine, methods, answers),
                answers,
                JudgedAnswers.ofServer(methods, answers, ModernMessages::plain));
        this.fetch = new ToolListFetch(
                new ToolListState<>(
                        engine.tools().open(builder.server, toolListChanges), builder.time, toolListChanges),
                builder.toolListTimeout);
        this.running = PendingCalls.bounded(builder.time, builder.alarm, builder.callTimeToLive, ModernRound::abandon);
    }

    /**
     * Wraps a server with the default settings. One engine may serve any number of servers.
     *
     * @throws IllegalStateException as {@link Builder#build} does
     * @throws IllegalArgumentException as {@link Builder#build} does
     */
    public static EnforcingRequestManager wrap(McpRequestManager server, PolicyEngine engine) {
        return builder(server, engine).build();
    }

    /** Wraps a server with custom settings. */
    public static Builder builder(McpRequestManager server, PolicyEngine engine) {
        return new Builder(server, engine);
    }

    /**
     * Closes the guard, and the server if it is an {@link McpServer}. The SDK's transports close only a server that
     * they were given themselves, so the host calls this when it closes the transport: otherwise the streams of clients
     * that listen stay open. No more calls are let through, and calls that still run count as unknown.
     */
    public void closeGracefully() {
        deciding.withdrawAll();
        running.close();
        fetch.tools().close();
        if (delegate instanceof McpServer server) {
            server.closeGracefully();
        }
    }

    @Override
    public Mono<McpTransportResponse> handle(McpTransportContext transport, JSONRPCRequest request) {
        return answer(request, new Way(delegate, transport, false));
    }

    @Override
    public Mono<McpTransportResponse> handleBlocking(McpTransportContext transport, JSONRPCRequest request) {
        return answer(request, new Way(delegate, transport, true));
    }

    @Override
    public Mono<Void> handleNotification(McpTransportContext transport, JSONRPCNotification notification) {
        return Mono.<Void>deferContextual(context -> {
                    try {
                        GuardedCall guarded =
                                methods.toldByClient(notification.method(), notification.params(), context);
                        if (guarded.decision().allowed()) {
                            guarded.admission().handedOver();
                            guarded.settle(CallOutcome.UNKNOWN);
                            return delegate.handleNotification(transport, notification);
                        }
                    } catch (Throwable e) {
                        return Mono.error(e);
                    }
                    log.debug("Dropped the notification {} of a client's", VisibleText.name(notification.method()));
                    return Mono.empty();
                })
                .onErrorResume(failure -> {
                    log.warn(
                            "The notification {} failed",
                            VisibleText.name(notification.method()),
                            RedactedException.of(failure));
                    return Mono.empty();
                })
                .contextWrite(context -> from(transport, context));
    }

    /** The MCP session would be that of another server, in whose request this one is made. */
    private static Context from(McpTransportContext transport, Context context) {
        return context.delete(CallContextResolver.MCP_SESSION_ID).put(McpTransportContext.KEY, transport);
    }

    /** Never fails, and never completes empty: transports would show the client all details, or nothing. */
    private Mono<McpTransportResponse> answer(JSONRPCRequest request, Way way) {
        return Mono.deferContextual(context -> {
                    try {
                        return decided(request, way, context);
                    } catch (Throwable e) {
                        return undecided(request, e);
                    }
                })
                .onErrorResume(failure -> Mono.just(response(failed(request, failure))))
                .switchIfEmpty(Mono.fromSupplier(() -> response(unanswered(request))))
                .contextWrite(context -> from(way.transport(), context));
    }

    private Mono<McpTransportResponse> decided(JSONRPCRequest request, Way way, ContextView context) {
        Object id = request.id();
        if (request.method().equals(McpSchema.METHOD_TOOLS_CALL)) {
            return call(request, way, context);
        }
        if (AdapterRequests.isOurs(id)) {
            return Mono.just(ours(Answers.idReserved(id)));
        }
        Mono<GuardedCall> decision =
                methods.askedByClient(id, request.method(), request.params(), context, deciding, () -> null);
        return way.blocking()
                ? ruled(request, way, await(decision, GuardedCall::unsent, context), context)
                : decision.flatMap(guarded -> ruled(request, way, guarded, context));
    }

    private Mono<McpTransportResponse> ruled(
            JSONRPCRequest request, Way way, GuardedCall guarded, ContextView context) {
        if (!guarded.decision().allowed()) {
            log.debug("Refused {} from a client", VisibleText.name(request.method()));
            return Mono.just(ours(answers.refusal(request.id(), guarded.decision())));
        }
        try {
            return pass(request, way, guarded, context);
        } catch (Throwable e) {
            guarded.unsent();
            return undecided(request, e);
        }
    }

    private Mono<McpTransportResponse> undecided(JSONRPCRequest request, Throwable failure) {
        log.debug("Refused a request that could not be decided", RedactedException.of(failure));
        return Mono.just(
                ours(answers.refusal(request.id(), CallDecision.failed(failure).decision())));
    }

    /** Passes on a request other than a call. The server's answer settles it. */
    private Mono<McpTransportResponse> pass(JSONRPCRequest request, Way way, GuardedCall guarded, ContextView context) {
        Object id = request.id();
        ModernRound round = new ModernRound(guarded, failure -> false);
        if (request.method().equals(McpSchema.METHOD_TOOLS_LIST)) {
            return list(request, way, round, context);
        }
        ModernIncoming incoming = incoming(id, response -> shownAnswers.ofOther(id, round, response), round::abandon);
        return request.method().equals(Subscriptions.METHOD) && request.params() instanceof Map<?, ?> params
                ? listen(request, ModernMessages.members(params), way, round, incoming)
                : send(request, way, round).flatMap(answer -> shown(request, answer, incoming));
    }

    /** Sends a request other than a call. Where nothing comes of it, it is settled as unknown. */
    private static Mono<McpTransportResponse> send(JSONRPCRequest request, Way way, ModernRound round) {
        return Mono.defer(() -> round.handOver() ? way.send(request) : Mono.<McpTransportResponse>empty())
                .switchIfEmpty(Mono.fromRunnable(round::abandon))
                .doOnError(failure -> round.abandon())
                .doOnCancel(round::abandon);
    }

    private ModernIncoming incoming(Object id, Function<JSONRPCResponse, Mono<JSONRPCResponse>> shown, Runnable lost) {
        return new ModernIncoming(id, methods, toolListChanges, shown, lost);
    }

    // ---- calls

    private Mono<McpTransportResponse> call(JSONRPCRequest request, Way way, ContextView context) {
        SealedApprovals approvals = approvalForm == null
                ? null
                : new SealedApprovals(
                        states,
                        new InputElicitation(approvalForm, methods, request.params(), ModernMessages::converted));
        Mono<CallDecision> decision = deciding.until(
                request.id(),
                calls.decideBy(
                        ModernMessages.legacy(request, request.params()),
                        fetch,
                        own(way.withoutHeaders()),
                        (call, options) -> approvals == null
                                ? states.admit(guard, call, options)
                                : approvals.admit(guard, call, options)));
        return way.blocking()
                ? ruled(request, way, await(decision, CallDecision::unsent, context), approvals)
                : decision.flatMap(ruling -> ruled(request, way, ruling, approvals));
    }

    /** Waits on this thread: the server must run on it, too, since its tools may look for what the host keeps there. */
    private static <T> T await(Mono<T> decision, Consumer<? super T> unsent, ContextView context) {
        AtomicReference<@Nullable T> made = new AtomicReference<>();
        try {
            return Objects.requireNonNull(
                    decision.doOnNext(made::set).contextWrite(context).block());
        } catch (Throwable e) {
            // This thread was interrupted when the decision came.
            @Nullable T late = made.get();
            if (late != null) {
                unsent.accept(late);
            }
            throw e;
        }
    }

    private Mono<McpTransportResponse> ruled(
            JSONRPCRequest request, Way way, CallDecision ruling, @Nullable SealedApprovals approvals) {
        return ruling.either((call, guarded) -> pass(request, way, call, guarded), () -> {
            SealedApprovals.Question question = approvals == null ? null : approvals.question(ruling.answer());
            return Mono.just(
                    question == null || approvalForm == null
                            ? ours(answers.denial(request.id(), ruling))
                            : response(ModernMessages.result(
                                    request.id(), InputElicitation.inputRequired(approvalForm, question))));
        });
    }

    private Mono<McpTransportResponse> pass(JSONRPCRequest request, Way way, CallRequest call, GuardedCall guarded) {
        ModernRound round = new ModernRound(guarded, failure -> false);
        if (SelfTest.isProbeId(request.id())) {
            guarded.unsent();
            return Mono.error(new IllegalStateException("a call of a self-test must not be made"));
        }
        PendingCalls.Addition addition = running.add(round, round, guarded.call());
        if (addition == PendingCalls.Addition.FULL) {
            return Mono.just(ours(answers.withheld(request.id(), calls.busy(guarded))));
        }
        if (addition == PendingCalls.Addition.CLOSED) {
            guarded.unsent();
            return Mono.error(new IllegalStateException("the server is closed"));
        }
        ModernIncoming incoming =
                incoming(request.id(), response -> ended(request.id(), guarded, round, response), () -> end(round));
        return Mono.defer(() -> {
                    Admission admission = guarded.admission();
                    ToolCall sent = admission.toSend(call.call());
                    // Arguments that a person has changed differ from the headers that repeat them.
                    Way there = sent.equals(call.call()) ? way : way.withoutHeaders();
                    JSONRPCRequest decided = ModernMessages.with(
                            request,
                            SealedStates.restored(
                                    guarded.call(),
                                    ModernMessages.members(Objects.requireNonNull(
                                            call.saying(sent).params()))));
                    return round.handOver() ? there.send(decided) : Mono.<McpTransportResponse>empty();
                })
                .flatMap(answer -> shown(request, answer, incoming))
                .switchIfEmpty(Mono.fromRunnable(() -> end(round)))
                .doOnError(failure -> end(round))
                .doOnCancel(() -> end(round));
    }

    /** Handles the server's answer to a call, and returns what the client may see of it. */
    private Mono<JSONRPCResponse> ended(Object id, GuardedCall call, ModernRound round, JSONRPCResponse response) {
        running.forget(round, round);
        return shownAnswers
                .ofCall(id, round, response)
                .map(shown -> shown.result() instanceof Map<?, ?> result
                        ? ModernMessages.result(id, states.sealed(call, result))
                        : shown);
    }

    private void end(ModernRound round) {
        running.forget(round, round);
        round.abandon();
    }

    // ---- lists and subscriptions

    private Mono<McpTransportResponse> list(JSONRPCRequest request, Way way, ModernRound round, ContextView context) {
        Object id = request.id();
        ResolvedCaller caller;
        Listing list;
        try {
            caller = callers.of(context);
            list = fetch.tools().listing(ToolListFilter.cursor(ModernMessages.legacy(request, request.params())));
        } catch (Throwable e) {
            round.abandon();
            return Mono.just(ours(answers.refusal(id, methods.listWithheld(e))));
        }
        ModernIncoming incoming =
                incoming(id, response -> shownAnswers.page(id, round, response, caller, list), round::abandon);
        return send(request, way, round).flatMap(answer -> shown(request, answer, incoming));
    }

    private Mono<McpTransportResponse> listen(
            JSONRPCRequest request,
            Map<String, @Nullable Object> params,
            Way way,
            ModernRound round,
            ModernIncoming incoming) {
        Map<String, @Nullable Object> allowed = Subscriptions.allowed(engine, params, ModernMessages::converted);
        return send(ModernMessages.with(request, allowed), way, round)
                .flatMap(answer -> answer instanceof McpTransportResponse.Streaming stream
                        ? Mono.just(McpTransportResponse.streaming(ModernListening.withChanges(
                                        engine,
                                        request.id(),
                                        allowed,
                                        stream.messages().concatMap(incoming))
                                .onErrorResume(failure -> Mono.just(failed(request, failure)))))
                        : shown(request, answer, incoming));
    }

    /** A way to send requests of our own. */
    private static Exchange own(Way way) {
        return asked -> way.send(ModernMessages.modern(asked))
                .flatMap(answer -> answer instanceof McpTransportResponse.Streaming stream
                        ? stream.messages().ofType(JSONRPCResponse.class).next()
                        : Mono.just(single(answer)))
                .map(response -> ModernMessages.legacy(asked.id(), response));
    }

    // ---- self-test

    /**
     * Checks that this guard denies what every policy denies: makes a call that no policy allows, in both ways in which
     * transports make calls. A stand-in takes the place of the server, which never sees the call, even if the test
     * fails. Whether transports were given this guard, and not the bare server, is for the host to see.
     *
     * <p>Call this at start-up. It blocks, so don't call it on one of Reactor's threads.
     *
     * @throws IllegalStateException if the call was not denied, or reached the stand-in
     */
    public void selfTest() {
        for (boolean blocking : new boolean[] {false, true}) {
            StandIn server = new StandIn();
            SelfTest.run(
                    probe -> answer(ModernMessages.modern(probe), new Way(server, McpTransportContext.EMPTY, blocking))
                            .map(answer -> ModernMessages.legacy(probe.id(), single(answer))),
                    selfTestTimeout);
            server.requireUnseen();
        }
    }

    /** Takes the place of the server in a self-test. */
    private static final class StandIn implements McpRequestManager {

        private volatile boolean seen;

        @Override
        public Mono<McpTransportResponse> handle(McpTransportContext transport, JSONRPCRequest request) {
            seen = true;
            return Mono.empty();
        }

        @Override
        public Mono<McpTransportResponse> handleBlocking(McpTransportContext transport, JSONRPCRequest request) {
            return handle(transport, request);
        }

        @Override
        public Mono<Void> handleNotification(McpTransportContext transport, JSONRPCNotification notification) {
            return Mono.fromRunnable(() -> seen = true);
        }

        void requireUnseen() {
            if (seen) {
                throw new IllegalStateException(
                        "the self-test failed: a call that no policy allows went on to the server");
            }
        }
    }

    // ---- answers

    /** What the client may see of an answer. One that streams ends with a response in any case. */
    private static Mono<McpTransportResponse> shown(
            JSONRPCRequest request, McpTransportResponse answer, ModernIncoming incoming) {
        if (!(answer instanceof McpTransportResponse.Streaming stream)) {
            return incoming.answer(single(answer)).map(EnforcingRequestManager::response);
        }
        Flux<JSONRPCMessage> messages = stream.messages()
                .concatMap(incoming)
                .onErrorResume(failure -> {
                    incoming.lost().run();
                    return Mono.just(failed(request, failure));
                })
                .concatWith(Mono.fromSupplier(() -> {
                    incoming.lost().run();
                    return unanswered(request);
                }))
                .takeUntil(JSONRPCResponse.class::isInstance)
                .doOnCancel(incoming.lost());
        return Mono.just(McpTransportResponse.streaming(messages));
    }

    private static JSONRPCResponse single(McpTransportResponse answer) {
        if (answer instanceof McpTransportResponse.Result result) {
            return result.response();
        }
        if (answer instanceof McpTransportResponse.Error error) {
            return error.response();
        }
        throw new IllegalStateException("the server's answer is of no known kind: " + answer.getClass());
    }

    private static McpTransportResponse ours(McpSchema.JSONRPCResponse answer) {
        return response(ModernMessages.modern(answer));
    }

    private static McpTransportResponse response(JSONRPCResponse response) {
        return response.error() == null ? McpTransportResponse.result(response) : McpTransportResponse.error(response);
    }

    private static JSONRPCResponse failed(JSONRPCRequest request, Throwable failure) {
        log.warn("{} failed", VisibleText.name(request.method()), RedactedException.of(failure));
        return ModernMessages.internalError(request.id(), "Internal error");
    }

    private static JSONRPCResponse unanswered(JSONRPCRequest request) {
        return ModernMessages.internalError(request.id(), "The server did not answer.");
    }

    /** The number of running calls; for tests. */
    int runningCalls() {
        return running.size();
    }

    /** The number of calls being decided; for tests. */
    int callsBeingDecided() {
        return deciding.size();
    }

    /** Settings of a wrapped server. */
    public static final class Builder extends EnforcementBuilder<Builder> {

        private final McpRequestManager delegate;
        private List<byte[]> stateKeys = List.of();

        private Builder(McpRequestManager delegate, PolicyEngine engine) {
            super(engine);
            this.delegate = delegate;
        }

        @Override
        Builder self() {
            return this;
        }

        /**
         * Has the client ask its person, with MCP's elicitation, about calls that need an approval. Such a call is
         * answered with {@code input_required}, and made again with the person's answer; nothing waits. The engine's
         * {@link dev.interlock.policy.approval.ApprovalHandler}, if it has one, is asked if that fails: if the client
         * can't ask, the policy's {@code methods} refuse {@code elicitation/create}, or the person dismisses the
         * question. A no is final.
         *
         * <p>The client asks the person and sends the answer. So this protects people from their agents, if the client
         * really asks its person. It doesn't protect a server from its clients. Default: only the engine's handler is
         * asked.
         */
        public Builder elicitApprovals() {
            this.elicitsApprovals = true;
            return this;
        }

        /**
         * The keys with which the states of calls that go on, and of those that wait for an approval, are sealed. Give
         * the same to all replicas of a server, and keep them as secret as a password: who has one can make approvals.
         * With other keys, the states that clients hold become those of new calls.
         *
         * <p>To change the key while replicas run, first give all of them the new key as an earlier one, then give all
         * of them the new key first and the old one as an earlier one. The old one can go after ten minutes. Default:
         * a random key, for a server without replicas.
         *
         * @param key seals states; at least {@value SealedStates#MIN_KEY_BYTES} random bytes; copied
         * @param earlier keys with which states may have been sealed; copied
         * @throws IllegalArgumentException if one is shorter
         */
        public Builder stateKey(byte[] key, byte[]... earlier) {
            List<byte[]> keys = new ArrayList<>();
            keys.add(key.clone());
            for (byte[] other : earlier) {
                keys.add(other.clone());
            }
            for (byte[] each : keys) {
                if (each.length < SealedStates.MIN_KEY_BYTES) {
                    throw new IllegalArgumentException("a stateKey must have at least " + SealedStates.MIN_KEY_BYTES
                            + " bytes, had " + each.length);
                }
            }
            this.stateKeys = keys;
            return this;
        }

        /**
         * Returns the wrapped server.
         *
         * @throws IllegalStateException if the policy can't be enforced on this version of the SDK
         * @throws IllegalArgumentException if the policy reads facts that no call here can have: the identity, the
         *     server's name or {@code ctx}. Once this returns, the engine refuses such policies.
         */
        public EnforcingRequestManager build() {
            SdkCompatibility.requireGuarded(Map.of(McpRequestManager.class, EnforcingRequestManager.class));
            requireFacts();
            return new EnforcingRequestManager(this);
        }
    }
}
