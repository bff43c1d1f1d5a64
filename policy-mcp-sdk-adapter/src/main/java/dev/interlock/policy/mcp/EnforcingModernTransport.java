package dev.interlock.policy.mcp;

import dev.interlock.policy.adapter.CallGuard;
import dev.interlock.policy.adapter.Continuations;
import dev.interlock.policy.adapter.GuardSettings;
import dev.interlock.policy.adapter.GuardedCall;
import dev.interlock.policy.adapter.ToolListState;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.engine.Admission;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.mcp.Callers.ResolvedCaller;
import dev.interlock.policy.text.VisibleText;
import dev.interlock.policy.tool.AnnouncedTools.Listing;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCMessage;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCRequest;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCResponse;
import io.modelcontextprotocol.modern.McpSchema.MetaKeys;
import io.modelcontextprotocol.modern.client.McpResponseLostException;
import io.modelcontextprotocol.modern.client.transport.McpClientTransport;
import io.modelcontextprotocol.modern.client.transport.McpTransportRequest;
import io.modelcontextprotocol.modern.client.transport.StdioMcpClientTransport;
import io.modelcontextprotocol.spec.McpSchema;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

/**
 * Puts a policy in front of any {@link McpClientTransport} of the SDK's modern API, which speaks MCP 2026-07-28. Give
 * the wrapped transport to {@code McpClient.sync} or {@code McpClient.async} in place of the bare one. It does what
 * {@link EnforcingClientTransport} does for the older API:
 *
 * <ul>
 *   <li>Every {@code tools/call} is decided, by its body, before it leaves. A denied call never leaves: it is answered
 *       here, with a tool result whose {@code isError} is true. What is sent is what was decided. A request whose
 *       headers say something else than its body is denied.
 *   <li>Hidden tools are removed from every page of {@code tools/list}. A page is marked as private and short-lived,
 *       since another caller, or another policy, may see another list.
 *   <li>Other requests, and the notifications of the server, follow the policy's {@code methods}. So do the requests
 *       that a server puts into an answer: an answer with a refused one is replaced by a denial, or by a protocol error
 *       if it doesn't answer a call.
 *   <li>A client that listens for changes to the list of tools is also notified of those that a new policy or tool lock
 *       makes.
 *   <li>Everything else passes unchanged.
 * </ul>
 *
 * <p>Where the wrapped transport repeats arguments in headers, this transport computes them, from a list of the tools
 * that it requests itself. The client has nothing to do with it: {@link #mirrorsToolParams} is false.
 *
 * <p>The first of response, error and cancellation settles a call: a cancelled call, or one whose response is lost,
 * counts as unknown, and keeps what it took. A call that its server has answered with {@code input_required} is charged
 * once and settled once, however many rounds it takes, and each round is decided anew; see {@link Continuations}. If it
 * doesn't go on within {@link Builder#callTimeToLive}, it counts as unknown.
 *
 * <p>A message that can't be read or decided is denied. Nothing here blocks, and no thread is started. The owner of the
 * wrapped transport closes this one in its place.
 */
public final class EnforcingModernTransport implements McpClientTransport, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(EnforcingModernTransport.class);

    /** A server's complaint that a header is not what it expects: it may have changed a tool's schema. */
    private static final int HEADER_MISMATCH = -32020;

    /** Of the self-test's call, which never leaves. */
    private static final String PROTOCOL_VERSION = "2026-07-28";

    private final McpClientTransport delegate;
    /** Whether the wrapped transport sends headers. */
    private final boolean mirrors;

    private final PolicyEngine engine;
    private final Callers callers;
    private final Answers answers;
    private final CallGate calls;
    private final Continuations continuations;
    private final Methods methods;
    private final ModernAnswers shownAnswers;
    private final ToolListFetch fetch;
    private final UndecidedCalls deciding = new UndecidedCalls();
    private final AtomicInteger toolListChanges = new AtomicInteger();
    private final Predicate<? super Throwable> saysUnsent;
    private final Duration selfTestTimeout;
    private volatile boolean used;
    private volatile boolean closed;

    private EnforcingModernTransport(Builder builder) {
        this.delegate = builder.delegate;
        this.mirrors = delegate.mirrorsToolParams();
        this.engine = builder.engine;
        this.callers = builder.callers(false);
        this.answers = builder.answers();
        this.methods = new Methods(builder, callers, ModernMessages::converted);
        this.continuations =
                new Continuations(builder.time, builder.alarm, builder.callTimeToLive, GuardSettings.MAX_CONTINUATIONS);
        this.calls = new CallGate(builder, callers, new CallGuard(engine, continuations), ModernMessages::converted);
        this.shownAnswers = new ModernAnswers(
                methods,
                new ToolListFilter(engine, methods, answers),
                answers,
                JudgedAnswers.ofServer(methods, answers, ModernMessages::plain));
        this.fetch = new ToolListFetch(
                new ToolListState<>(
                        engine.tools().open(builder.server, toolListChanges), builder.time, toolListChanges),
                builder.toolListTimeout);
        this.saysUnsent = builder.saysUnsent;
        this.selfTestTimeout = builder.toolListTimeout;
    }

    /**
     * Wraps a transport with the default settings. One engine may serve any number of transports.
     *
     * @throws IllegalStateException as {@link Builder#build} does
     * @throws IllegalArgumentException as {@link Builder#build} does
     */
    public static EnforcingModernTransport wrap(McpClientTransport transport, PolicyEngine engine) {
        return builder(transport, engine).build();
    }

    /** Wraps a transport with custom settings. */
    public static Builder builder(McpClientTransport transport, PolicyEngine engine) {
        return new Builder(transport, engine);
    }

    /** Always false: the headers that repeat arguments are made here. */
    @Override
    public boolean mirrorsToolParams() {
        return false;
    }

    /**
     * Closes the wrapped transport if it can be closed. Calls that are still being decided fail, and nothing can be
     * sent any more.
     *
     * @throws IllegalStateException if closing the wrapped transport fails with a checked exception
     */
    @Override
    public void close() {
        closed = true;
        deciding.withdrawAll();
        continuations.clear();
        fetch.tools().close();
        if (delegate instanceof AutoCloseable closeable) {
            try {
                closeable.close();
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                if (e instanceof InterruptedException) {
                    Thread.currentThread().interrupt();
                }
                throw new IllegalStateException("the wrapped transport could not be closed", e);
            }
        }
    }

    @Override
    public Flux<JSONRPCMessage> exchange(McpTransportRequest request) {
        return Flux.deferContextual(context -> {
            used = true;
            try {
                return decided(request, context);
            } catch (Throwable e) {
                return undecided(request.message().id(), e);
            }
        });
    }

    private Flux<JSONRPCMessage> decided(McpTransportRequest request, ContextView context) {
        if (closed) {
            return Flux.error(new IllegalStateException("the transport is closed"));
        }
        JSONRPCRequest message = request.message();
        Object id = message.id();
        if (message.method().equals(McpSchema.METHOD_TOOLS_CALL)) {
            return call(request);
        }
        boolean lists = message.method().equals(McpSchema.METHOD_TOOLS_LIST);
        if (!lists && AdapterRequests.isOurs(id)) {
            return answered(Answers.idReserved(id));
        }
        Map<String, @Nullable Object> params = ModernMessages.params(message);
        if (ModernMessages.headerProblem(request, params) != null) {
            log.debug("Refused {}: its headers differ from its body", VisibleText.name(message.method()));
            return answered(answers.refusal(id, methods.unreadable()));
        }
        return methods.askedByClient(id, message.method(), params, context, deciding, () -> null)
                .flatMapMany(guarded -> {
                    if (!guarded.decision().allowed()) {
                        return answered(answers.refusal(id, guarded.decision()));
                    }
                    try {
                        return pass(request, params, guarded, context);
                    } catch (Throwable e) {
                        guarded.unsent();
                        return undecided(id, e);
                    }
                });
    }

    private Flux<JSONRPCMessage> undecided(Object id, Throwable failure) {
        log.debug("Refused a request that could not be decided", RedactedException.of(failure));
        return answered(answers.refusal(id, CallDecision.failed(failure).decision()));
    }

    /** Sends a request other than a call. The server's response settles it. */
    private Flux<JSONRPCMessage> pass(
            McpTransportRequest request,
            @Nullable Map<String, @Nullable Object> params,
            GuardedCall guarded,
            ContextView context) {
        JSONRPCRequest message = request.message();
        Object id = message.id();
        ModernRound round = new ModernRound(guarded, saysUnsent);
        Flux<JSONRPCMessage> answer;
        if (message.method().equals(McpSchema.METHOD_TOOLS_LIST)) {
            answer = list(ModernMessages.with(request, params, Map.of()), round, context);
        } else {
            Function<JSONRPCResponse, Mono<JSONRPCResponse>> shown =
                    response -> shownAnswers.ofOther(id, round, response);
            if (params != null && message.method().equals(Subscriptions.METHOD)) {
                Map<String, @Nullable Object> allowed =
                        Subscriptions.allowed(engine, params, ModernMessages::converted);
                Flux<JSONRPCMessage> told = toServer(ModernMessages.with(request, allowed, Map.of()), round)
                        .concatMap(incoming(id, shown, round::abandon));
                answer = ModernListening.withChanges(engine, id, allowed, told);
            } else {
                McpTransportRequest sent = ModernMessages.with(request, params, Map.of());
                answer = response(toServer(sent, round), sent, shown, round::abandon);
            }
        }
        return answer.doOnError(round::fail).doOnComplete(round::abandon).doOnCancel(round::abandon);
    }

    private Flux<JSONRPCMessage> toServer(McpTransportRequest request, ModernRound round) {
        return Flux.defer(() -> round.handOver() ? toServer(request) : Flux.empty())
                .doOnNext(message -> round.heard());
    }

    private static Flux<JSONRPCMessage> answered(McpSchema.JSONRPCResponse answer) {
        return Flux.just(ModernMessages.modern(answer));
    }

    // ---- calls

    private Flux<JSONRPCMessage> call(McpTransportRequest request) {
        JSONRPCRequest message = request.message();
        Object id = message.id();
        Object params = message.params();
        String problem = null;
        try {
            Map<String, @Nullable Object> read = ModernMessages.params(message);
            problem = ModernMessages.headerProblem(request, read);
            params = read;
        } catch (RuntimeException e) {
            // Not to be read a second time: what is compared with the headers must be what is decided.
            log.debug("The parameters of a call can't be read", RedactedException.of(e));
            problem = "its parameters can't be read";
        }
        McpSchema.JSONRPCRequest asked = ModernMessages.legacy(message, params);
        Mono<CallDecision> decision = problem == null
                ? calls.decide(asked, fetch, own(request), null)
                : calls.refuse(asked, problem, fetch, own(request));
        return deciding.until(id, decision)
                .flatMapMany(ruling -> ruling.either(
                        (call, guarded) -> pass(request, call, guarded), () -> answered(answers.denial(id, ruling))));
    }

    private Flux<JSONRPCMessage> pass(McpTransportRequest request, CallRequest call, GuardedCall guarded) {
        Admission admission = guarded.admission();
        ModernRound round = new ModernRound(guarded, saysUnsent);
        String tool = call.call().tool();
        Mono<Boolean> listed = mirrors && fetch.tools().find(tool) == null && methods.mayList()
                ? fetch.learn(own(request), call.meta())
                : Mono.just(true);
        return listed.flatMapMany(known -> {
                    Map<String, @Nullable Object> params = ModernMessages.members(Objects.requireNonNull(
                            call.saying(admission.toSend(call.call())).params()));
                    McpTransportRequest sent = withHeaders(request, tool, params);
                    return round.handOver()
                            ? response(
                                    messages(sent, call, guarded, round),
                                    sent,
                                    response -> shownAnswers.ofCall(call.id(), round, response),
                                    round::abandon)
                            : Flux.<JSONRPCMessage>empty();
                })
                .doOnError(round::fail)
                .doOnComplete(round::abandon)
                .doOnCancel(round::abandon);
    }

    private McpTransportRequest withHeaders(
            McpTransportRequest request, String tool, Map<String, @Nullable Object> params) {
        return ModernMessages.with(
                request, params, mirrors ? ModernParamHeaders.of(fetch.tools(), tool, params) : Map.of());
    }

    /**
     * What the server sends for a call. If it refuses the call because of headers that repeat arguments, it may have
     * changed the tool since it was listed. Then the tools are listed again, and the call is sent once more, with a new
     * id, if the headers are others now and the policy still allows it. It is the same call: nothing is charged again.
     */
    private Flux<JSONRPCMessage> messages(
            McpTransportRequest sent, CallRequest call, GuardedCall guarded, ModernRound round) {
        Flux<JSONRPCMessage> messages = toServer(sent).doOnNext(message -> round.heard());
        return !mirrors
                ? messages
                : messages.concatMap(
                        message -> isMismatch(message, call.id())
                                ? resent(sent, call, guarded, round).switchIfEmpty(Flux.just(message))
                                : Flux.just(message),
                        1);
    }

    private static boolean isMismatch(JSONRPCMessage message, Object id) {
        return message instanceof JSONRPCResponse response
                && response.error() != null
                && Objects.equals(response.error().code(), HEADER_MISMATCH)
                && ModernIncoming.answers(response, id);
    }

    /** Empty if the call is not sent again. */
    private Flux<JSONRPCMessage> resent(
            McpTransportRequest refused, CallRequest call, GuardedCall guarded, ModernRound round) {
        toolListChanges.incrementAndGet();
        if (!methods.mayList()) {
            return Flux.empty();
        }
        return fetch.learn(own(refused), call.meta()).flatMapMany(learnt -> {
            Map<String, @Nullable Object> params = ModernMessages.members(
                    Objects.requireNonNull(refused.message().params()));
            McpTransportRequest next =
                    withHeaders(ModernMessages.underNewId(refused), call.call().tool(), params);
            if (!learnt || next.paramHeaders().equals(refused.paramHeaders())) {
                return Flux.empty();
            }
            Mono<Decision> decision = engine.readsDefinitions()
                    ? Mono.fromCompletionStage(() -> engine.decideAgain(guarded.call(), guarded.admission()))
                    : Mono.just(Decision.ALLOWED);
            return decision.filter(made -> made.allowed() && round.handOver())
                    .flatMapMany(
                            made -> toServer(next).map(message -> ModernMessages.answering(message, next, call.id())));
        });
    }

    // ---- lists

    private Flux<JSONRPCMessage> list(McpTransportRequest request, ModernRound round, ContextView context) {
        Object id = request.message().id();
        ResolvedCaller caller;
        Listing list;
        try {
            caller = callers.of(context);
            list = fetch.tools()
                    .listing(ToolListFilter.cursor(ModernMessages.legacy(
                            request.message(), request.message().params())));
        } catch (Throwable e) {
            return answered(answers.refusal(id, methods.listWithheld(e)));
        }
        return response(
                toServer(request, round),
                request,
                response -> shownAnswers.page(id, round, response, caller, list).map(shown -> sendable(id, shown)),
                round::abandon);
    }

    private JSONRPCResponse sendable(Object id, JSONRPCResponse shown) {
        if (mirrors && shown.result() instanceof Map<?, ?> page && page.get("tools") instanceof List<?> tools) {
            // As the SDK's client does where it makes the headers itself.
            Map<String, @Nullable Object> sendable = ModernMessages.members(page);
            sendable.put(
                    "tools",
                    tools.stream()
                            .filter(tool -> !(tool instanceof Map<?, ?>)
                                    || ModernParamHeaders.areValid(ModernMessages.members(tool)))
                            .toList());
            return ModernMessages.result(id, sendable);
        }
        return shown;
    }

    /** A way to send requests of our own on behalf of a request. */
    private Exchange own(McpTransportRequest onBehalfOf) {
        return asked -> response(ModernMessages.of(asked, onBehalfOf), Mono::just, () -> {})
                .ofType(JSONRPCResponse.class)
                .next()
                .map(response -> ModernMessages.legacy(asked.id(), response));
    }

    // ---- to the server and back

    /** The only way out to the server. */
    private Flux<JSONRPCMessage> toServer(McpTransportRequest request) {
        return SelfTest.isProbeId(request.message().id())
                ? Flux.error(new IllegalStateException("the self-test's call was let through"))
                : Flux.defer(() -> delegate.exchange(request));
    }

    /**
     * Sends a request, and returns what the client may see of its response and of the notifications before it. Ends
     * with the response, or with an error if there is none.
     *
     * @param shown returns what the client may see of the response
     * @param lost called if it is not certain that the response answers the request
     */
    private Flux<JSONRPCMessage> response(
            McpTransportRequest request, Function<JSONRPCResponse, Mono<JSONRPCResponse>> shown, Runnable lost) {
        return response(toServer(request), request, shown, lost);
    }

    private Flux<JSONRPCMessage> response(
            Flux<JSONRPCMessage> messages,
            McpTransportRequest request,
            Function<JSONRPCResponse, Mono<JSONRPCResponse>> shown,
            Runnable lost) {
        return messages.concatMap(incoming(request.message().id(), shown, lost))
                .concatWith(Mono.error(() -> new McpResponseLostException(request.method(), null)))
                .takeUntil(JSONRPCResponse.class::isInstance);
    }

    private ModernIncoming incoming(Object id, Function<JSONRPCResponse, Mono<JSONRPCResponse>> shown, Runnable lost) {
        return new ModernIncoming(id, methods, toolListChanges, shown, lost);
    }

    // ---- self-test

    /**
     * Checks that a client uses this transport, and that the transport refuses what every policy refuses: makes a call
     * that no policy allows, and waits for the denial. The call is never sent, even if the test fails, and the agent
     * doesn't notice it.
     *
     * <p>Call this at start-up, once the client has sent a request: have it discover the server. It blocks, so don't
     * call it on one of Reactor's threads.
     *
     * @throws IllegalStateException if no client has sent anything, or the call was not denied
     */
    public void selfTest() {
        if (!used) {
            throw new IllegalStateException("no client has sent a request through this transport: build the client with"
                    + " the wrapped transport, not the bare one, and have it discover the server before the self-test");
        }
        SelfTest.run(this::probe, selfTestTimeout);
    }

    private Mono<McpSchema.JSONRPCResponse> probe(McpSchema.JSONRPCRequest probe) {
        Map<String, @Nullable Object> params = ModernMessages.members(Objects.requireNonNull(probe.params()));
        params.put("_meta", Map.of(MetaKeys.PROTOCOL_VERSION, PROTOCOL_VERSION));
        McpTransportRequest request = McpTransportRequest.builder(
                        ModernMessages.modern(SdkRecords.with(probe, params)), PROTOCOL_VERSION)
                .name(String.valueOf(params.get("name")))
                .build();
        return exchange(request)
                .ofType(JSONRPCResponse.class)
                .next()
                .map(response -> ModernMessages.legacy(probe.id(), response));
    }

    /** The number of calls that wait for input; for tests. */
    int continuations() {
        return continuations.size();
    }

    /** The number of calls being decided; for tests. */
    int callsBeingDecided() {
        return deciding.size();
    }

    /** Settings of a wrapped client transport. */
    public static final class Builder extends EnforcementBuilder<Builder> {

        private final McpClientTransport delegate;
        private Predicate<? super Throwable> saysUnsent;

        private Builder(McpClientTransport delegate, PolicyEngine engine) {
            super(engine);
            this.delegate = delegate;
            // It fails in these ways when it has not written anything. A transport of another class may do anything.
            boolean writesOnce = delegate.getClass() == StdioMcpClientTransport.class;
            this.saysUnsent = failure -> writesOnce
                    && (failure instanceof IllegalStateException || failure instanceof IllegalArgumentException);
        }

        @Override
        Builder self() {
            return this;
        }

        /**
         * Declares that the wrapped transport sends each request at most once, and which of the errors that its {@code
         * exchange} signals mean that no byte of the request has left. See {@link
         * EnforcingClientTransport.Builder#sendsOnce}. Default: for the SDK's own {@link StdioMcpClientTransport} the
         * errors with which it refuses a request before it writes it, and none for any other transport.
         */
        public Builder sendsOnce(Predicate<? super Throwable> saysUnsent) {
            this.saysUnsent = saysUnsent;
            return this;
        }

        /**
         * Returns the wrapped transport.
         *
         * @throws IllegalStateException if the policy can't be enforced on this version of the SDK
         * @throws IllegalArgumentException if the policy reads facts that no call here can have: the identity, the
         *     server's name or {@code ctx}. Once this returns, the engine refuses such policies.
         */
        public EnforcingModernTransport build() {
            SdkCompatibility.requireGuarded(Map.of(McpClientTransport.class, EnforcingModernTransport.class));
            requireFacts();
            return new EnforcingModernTransport(this);
        }
    }
}
