package dev.interlock.policy.mcp;

import dev.interlock.policy.adapter.CallGuard;
import dev.interlock.policy.adapter.Continuations;
import dev.interlock.policy.adapter.GuardSettings;
import dev.interlock.policy.adapter.GuardedCall;
import dev.interlock.policy.adapter.JsonRpcIds;
import dev.interlock.policy.adapter.ListChanges;
import dev.interlock.policy.adapter.PendingCalls;
import dev.interlock.policy.adapter.ToolListState;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.engine.Admission;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.text.VisibleText;
import dev.interlock.policy.time.Alarm;
import dev.interlock.policy.time.TimeSource;
import io.modelcontextprotocol.client.transport.StdioClientTransport;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpTransportException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

/**
 * Puts a policy in front of any {@link McpClientTransport}. Give the wrapped transport to {@code McpClient.sync} or
 * {@code McpClient.async} in place of the bare one. Nothing else changes:
 *
 * <ul>
 *   <li>Every {@code tools/call} is decided before it leaves. A denied call never leaves: it is answered here, with a
 *       tool result whose {@code isError} is true and whose text begins with the denial prefix. In {@code _meta}, under
 *       {@code dev.interlock/decision}, programs find the rule, the code and how long to wait.
 *   <li>What is sent is what was decided: a copy of the arguments, frozen when the call is subscribed to.
 *   <li>Hidden tools are removed from every page of {@code tools/list}. The schemas in it are kept for the checks that
 *       need them. If such a check comes before the agent has listed the tools, they are fetched here, once.
 *   <li>Other requests, in both directions, follow the policy's {@code methods}. A refused request is answered with a
 *       protocol error. A refused notification is dropped.
 *   <li>The requests that a server puts into an answer follow {@code methods}, too. An answer with a refused request is
 *       replaced by a denial, or by a protocol error if it doesn't answer a call.
 *   <li>When a change to the policy or the tool lock may have changed the list of tools, the client is notified as if
 *       by its server. The server's answer to {@code initialize} announces such notifications.
 *   <li>Everything else passes unchanged.
 * </ul>
 *
 * <p>A call that its server has answered with {@code input_required} is charged once and settled once, however many
 * rounds it takes. Each round is decided anew. See {@link Continuations} for what counts as another round.
 *
 * <p>A message that can't be read or decided is denied. Nothing here blocks. No thread is started, with one exception:
 * if the wrapped transport is the SDK's own over stdio, a thread waits for the server's process to end. A transport
 * that receives an unreadable response reports it with an {@link UnreadableResponseException}.
 *
 * <p>The response settles a reservation. The SDK doesn't tell a transport when a caller stops waiting. So a call
 * without a response counts as unknown, and keeps what it took, when the connection ends or after {@link
 * Builder#callTimeToLive}. A connection ends when it is closed or replaced; when the transport reports a failure; and,
 * over stdio, when the server's process has ended: what is sent on it from then on fails.
 */
public final class EnforcingClientTransport extends ForwardingTransport<McpClientTransport>
        implements McpClientTransport {

    private static final Logger log = LoggerFactory.getLogger(EnforcingClientTransport.class);

    /** How long to go on reading the output of a server that has ended. */
    private static final Duration LAST_ANSWERS = Duration.ofSeconds(2);

    private static final TypeRef<Map<String, Object>> PLAIN = new TypeRef<>() {};

    private final PolicyEngine engine;
    private final Callers callers;
    private final Answers answers;
    private final CallGate calls;
    private final Continuations continuations;
    private final Methods methods;
    private final Predicate<? super Throwable> saysUnsent;
    private final TimeSource time;
    private final Alarm alarm;
    private final Duration callTimeToLive;
    private final Duration toolListTimeout;
    private final ToolListFilter toolLists;
    private final AtomicInteger toolListChanges = new AtomicInteger();

    private final AtomicReference<@Nullable Connection> current = new AtomicReference<>();

    private EnforcingClientTransport(Builder builder) {
        super(builder.delegate);
        this.engine = builder.engine;
        this.callers = new Callers(builder.server, builder.identity, builder.session, false, builder.resolver);
        this.answers = builder.answers();
        this.methods = new Methods(builder.engine, callers, this::plain);
        this.continuations =
                new Continuations(builder.time, builder.alarm, builder.callTimeToLive, GuardSettings.MAX_CONTINUATIONS);
        this.calls = new CallGate(builder, callers, new CallGuard(engine, continuations), this::plain);
        this.saysUnsent = builder.saysUnsent;
        this.time = builder.time;
        this.alarm = builder.alarm;
        this.callTimeToLive = builder.callTimeToLive;
        this.toolListTimeout = builder.toolListTimeout;
        this.toolLists = new ToolListFilter(builder.engine, methods, answers);
    }

    /**
     * Wraps a transport with the default settings. One engine may serve any number of transports.
     *
     * @throws IllegalStateException as {@link Builder#build} does
     * @throws IllegalArgumentException as {@link Builder#build} does
     */
    public static EnforcingClientTransport wrap(McpClientTransport transport, PolicyEngine engine) {
        return builder(transport, engine).build();
    }

    /** Wraps a transport with custom settings. */
    public static Builder builder(McpClientTransport transport, PolicyEngine engine) {
        return new Builder(transport, engine);
    }

    // ---- connecting and closing

    @Override
    public Mono<Void> connect(Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler) {
        return Mono.defer(() -> {
            PendingCalls<PendingRequest> pending =
                    PendingCalls.bounded(time, alarm, callTimeToLive, PendingRequest::abandon);
            ListChanges changes = ToolListChanges.to(
                    engine,
                    () -> handler.apply(Mono.just(SdkRecords.notification(ListChanges.METHOD, null)))
                            .then());
            changes.open();
            Connection connection = new Connection(
                    handler,
                    pending,
                    new AdapterRequests(transport::sendMessage, pending),
                    new UndecidedCalls(),
                    new ToolListFetch(
                            new ToolListState<>(
                                    engine.tools().open(callers.server(), toolListChanges), time, toolListChanges),
                            toolListTimeout),
                    changes);
            end(current.getAndSet(connection));
            return transport
                    .connect(incoming -> handler.apply(incoming.flatMap(message -> receive(connection, message))
                            .onErrorResume(
                                    UnreadableResponseException.class,
                                    failure -> Mono.justOrEmpty(unreadable(connection, failure)))))
                    .doOnSuccess(connected -> watch(connection));
        });
    }

    /**
     * The SDK's stdio transport doesn't report that its server has ended: no answer comes any more, and sending doesn't
     * fail. The only way to find out is to wait on a thread.
     */
    private void watch(Connection connection) {
        if (transport instanceof StdioClientTransport stdio) {
            Thread watcher = new Thread(
                    () -> {
                        stdio.awaitForExit();
                        // The last output of the server is still read.
                        alarm.in(LAST_ANSWERS, () -> end(connection));
                    },
                    "interlock-server-exit");
            watcher.setDaemon(true);
            watcher.start();
        }
    }

    @Override
    public void setExceptionHandler(Consumer<Throwable> handler) {
        transport.setExceptionHandler(failure -> {
            failed();
            handler.accept(failure);
        });
    }

    /** Responses may have been cut off. */
    private void failed() {
        Connection connection = current.get();
        if (connection != null) {
            connection.pending().abandon(PendingRequest::mayBeLost);
        }
    }

    @Override
    public void close() {
        endAll();
        transport.close();
    }

    @Override
    public Mono<Void> closeGracefully() {
        return Mono.defer(transport::closeGracefully).doFinally(signal -> endAll());
    }

    private void endAll() {
        end(current.get());
        continuations.clear();
    }

    private static void end(@Nullable Connection connection) {
        if (connection != null) {
            connection.pending().close();
            connection.deciding().withdrawAll();
            connection.toolLists().tools().close();
            connection.changes().close();
        }
    }

    // ---- from the client to the server

    @Override
    public Mono<Void> sendMessage(JSONRPCMessage message) {
        if (message instanceof JSONRPCRequest request) {
            return Mono.deferContextual(context -> send(request, context));
        }
        if (message instanceof JSONRPCNotification notification) {
            return Mono.deferContextual(context -> notify(notification, context));
        }
        if (message instanceof JSONRPCResponse) {
            return toServer(message);
        }
        methods.unreadable();
        return Mono.error(new McpTransportException("refused to send a message that is not a request, response or "
                + "notification of JSON-RPC, since no policy could be applied to it"));
    }

    /** The only way out to the server. */
    private Mono<Void> toServer(JSONRPCMessage message) {
        return SelfTest.isProbe(message)
                ? Mono.error(new IllegalStateException("the self-test's call was let through"))
                : transport.sendMessage(message);
    }

    private Mono<Void> send(JSONRPCRequest request, ContextView context) {
        Connection connection = current.get();
        if (connection == null) {
            return Mono.error(new McpTransportException("refused to send " + VisibleText.name(request.method())
                    + " before connect: there is no receiver for the answer"));
        }
        if (McpSchema.METHOD_TOOLS_CALL.equals(request.method())) {
            return call(connection, request);
        }
        connection.changes().heard(request.method());
        boolean lists = request.method().equals(McpSchema.METHOD_TOOLS_LIST);
        if (!lists && AdapterRequests.isOurs(request.id())) {
            // The response would not reach the client. Lists are tracked: another guard in front of this one requests
            // them with such ids.
            return connection.deliver(Answers.idReserved(request.id()));
        }
        Decision decision = methods.askedByClient(request.method(), request.params(), context);
        if (!decision.allowed()) {
            return connection.deliver(answers.refusal(request.id(), decision));
        }
        if (lists) {
            return list(connection, request, context);
        }
        return request.method().equals(McpSchema.METHOD_INITIALIZE)
                ? awaited(connection, request, new PendingRequest.Initialize())
                : toServer(request);
    }

    private Mono<Void> awaited(Connection connection, JSONRPCRequest request, PendingRequest pending) {
        return switch (connection.pending().add(request.id(), pending)) {
            case AWAITED ->
                toServer(request).doOnError(failure -> connection.pending().forget(request.id(), pending));
            case FULL -> connection.deliver(answers.refusal(request.id(), methods.busy(request.method())));
            case CLOSED -> Mono.error(SdkRecords.sessionClosed());
        };
    }

    private Mono<Void> notify(JSONRPCNotification notification, ContextView context) {
        Decision decision = methods.askedByClient(notification.method(), notification.params(), context);
        if (!decision.allowed()) {
            log.debug("Dropped the notification {} of the client's", VisibleText.name(notification.method()));
            // A notification has no answer. If the policy drops it, it is as if lost, and its sender goes on.
            return Methods.isNoMethod(decision)
                    ? Mono.error(new McpTransportException("refused to send a notification: " + decision.message()))
                    : Mono.empty();
        }
        cancelled(JsonRpcIds.cancelled(notification.method(), notification.params()));
        Connection connection = current.get();
        if (connection != null) {
            connection.changes().heard(notification.method());
        }
        return toServer(notification);
    }

    private Object plain(Object typed) {
        return transport.unmarshalFrom(typed, PLAIN);
    }

    /**
     * A cancelled call may have run all the same, and the client ignores its response, if one comes. Handle this before
     * the server learns of the cancellation: a call that is still being decided must not follow it.
     */
    private void cancelled(@Nullable Object id) {
        Connection connection = current.get();
        if (connection == null || id == null) {
            return;
        }
        // While a call is being decided, it has not been sent. After this, it won't be.
        connection.deciding().withdraw(id);
        if (connection.pending().take(id) instanceof PendingRequest.Call call) {
            call.abandon();
        }
    }

    private Mono<Void> list(Connection connection, JSONRPCRequest request, ContextView context) {
        PendingRequest list;
        try {
            list = new PendingRequest.ToolListRequest(
                    callers.of(context), connection.toolLists().tools().listing(ToolListFilter.cursor(request)));
        } catch (Throwable e) {
            return connection.deliver(answers.refusal(request.id(), methods.listWithheld(e)));
        }
        return awaited(connection, request, list);
    }

    private Mono<Void> call(Connection connection, JSONRPCRequest request) {
        Mono<CallDecision> decision = calls.decide(request, connection.toolLists(), connection.own(), null);
        return connection
                .deciding()
                .until(request.id(), decision)
                .flatMap(ruling -> ruling.either(
                        (call, guarded) -> pass(connection, call, guarded),
                        () -> connection.deliver(answers.denial(request.id(), ruling))));
    }

    private Mono<Void> pass(Connection connection, CallRequest call, GuardedCall guarded) {
        PendingRequest pending = new PendingRequest.Call(guarded);
        PendingCalls.Addition addition = connection.pending().add(call.id(), pending, guarded.call());
        if (addition == PendingCalls.Addition.FULL) {
            return connection.deliver(answers.withheld(call.id(), calls.busy(guarded)));
        }
        if (addition == PendingCalls.Addition.CLOSED) {
            // The connection went away while the call was decided. On the next one, the client would not await the
            // answer.
            guarded.unsent();
            return Mono.error(SdkRecords.sessionClosed());
        }
        return Mono.defer(() -> {
                    Admission admission = guarded.admission();
                    JSONRPCRequest decided = call.saying(admission.toSend(call.call()));
                    admission.handedOver();
                    return Mono.defer(() -> toServer(decided)).doOnError(failure -> {
                        if (connection.pending().forget(call.id(), pending)) {
                            guarded.sendingFailed(failure, saysUnsent);
                        }
                    });
                })
                .doOnError(failure -> {
                    // Otherwise the call was handed over, or has been answered.
                    if (connection.pending().forget(call.id(), pending)) {
                        guarded.unsent();
                    }
                });
    }

    // ---- from the server to the client

    private Mono<JSONRPCMessage> receive(Connection connection, JSONRPCMessage message) {
        if (message instanceof JSONRPCResponse response) {
            return Mono.justOrEmpty(respond(connection, response));
        }
        if (message instanceof JSONRPCRequest request) {
            return receive(request);
        }
        if (message instanceof JSONRPCNotification notification) {
            if (McpSchema.METHOD_NOTIFICATION_TOOLS_LIST_CHANGED.equals(notification.method())) {
                // Count the change even if the client must not be notified.
                toolListChanges.incrementAndGet();
            }
            if (methods.toldByServer(notification).allowed()) {
                return Mono.just(message);
            }
            log.debug("Dropped the notification {} of the server's", VisibleText.name(notification.method()));
            return Mono.empty();
        }
        log.warn("Dropped a message from the server that is not a request, response or notification of JSON-RPC");
        return Mono.empty();
    }

    private Mono<JSONRPCMessage> receive(JSONRPCRequest request) {
        Decision decision = methods.askedByServer(request.method(), request.params());
        if (decision.allowed()) {
            return Mono.just(request);
        }
        log.debug("Refused {} from the server", VisibleText.name(request.method()));
        return Mono.defer(() -> toServer(answers.refusal(request.id(), decision)))
                .onErrorResume(failure -> {
                    log.debug(
                            "The server could not be told that its request was refused", RedactedException.of(failure));
                    return Mono.empty();
                })
                .then(Mono.empty());
    }

    /** What the client may see of a response; null if the response is ours. */
    private @Nullable JSONRPCMessage respond(Connection connection, JSONRPCResponse response) {
        Object id = response.id();
        if (id == null) {
            return methods.askedWithin(response).allowed() ? response : null;
        }
        PendingRequest request = connection.pending().take(id);
        if (request instanceof PendingRequest.Own own) {
            own.sink().success(response);
            return null;
        }
        if (request == null && AdapterRequests.isOurs(id)) {
            return null;
        }
        if (request instanceof PendingRequest.Call call) {
            return call.answered(response, methods, answers);
        }
        Decision asks = methods.askedWithin(response);
        if (!asks.allowed()) {
            log.debug("Withheld an answer of the server's that asks for what it may not");
            return answers.refusal(id, asks);
        }
        if (response.error() != null) {
            return response;
        }
        if (request instanceof PendingRequest.Initialize) {
            Object announced = ToolListChanges.announced(connection.changes(), response.result());
            return Objects.equals(announced, response.result()) ? response : SdkRecords.result(id, announced);
        }
        if (request instanceof PendingRequest.ToolListRequest list) {
            return toolLists.filtered(response, list.caller(), list.list());
        }
        // A list whose request has aged out of the map is still a list, but its reader is unknown by now.
        return ToolListFilter.isToolList(response.result())
                ? toolLists.filtered(
                        response,
                        callers.unidentified(),
                        connection.toolLists().tools().listing(""))
                : response;
    }

    /** What the client sees in place of an unreadable response; null if the response was ours. */
    private static @Nullable JSONRPCMessage unreadable(Connection connection, UnreadableResponseException failure) {
        PendingRequest request = connection.pending().take(failure.id());
        if (request != null) {
            request.abandon();
        }
        return request instanceof PendingRequest.Own || AdapterRequests.isOurs(failure.id())
                ? null
                : SdkRecords.error(
                        failure.id(), McpSchema.ErrorCodes.INTERNAL_ERROR, String.valueOf(failure.getMessage()), null);
    }

    // ---- self-test

    /**
     * Checks that a client uses this transport, and that the transport refuses what every policy refuses: makes a call
     * that no policy allows, and waits for the denial. The call is never sent, even if the test fails, and the agent
     * doesn't notice it.
     *
     * <p>Call this at start-up, once the client is initialized. It blocks, so don't call it on one of Reactor's
     * threads.
     *
     * @throws IllegalStateException if there is no client, or the call was not denied
     */
    public void selfTest() {
        Connection connection = current.get();
        if (connection == null) {
            throw new IllegalStateException("no client has connected through this transport: build the client with the"
                    + " wrapped transport, not the bare one, and initialize it before the self-test");
        }
        SelfTest.run(new AdapterRequests(this::sendMessage, connection.pending()), toolListTimeout);
    }

    /** The number of calls being decided; for tests. */
    int callsBeingDecided() {
        Connection connection = current.get();
        return connection == null ? 0 : connection.deciding().size();
    }

    /** The number of calls that wait for input; for tests. */
    int continuations() {
        return continuations.size();
    }

    /** The number of awaited responses; for tests. */
    int pendingRequests() {
        Connection connection = current.get();
        return connection == null ? 0 : connection.pending().size();
    }

    /** Settings of a wrapped client transport. */
    public static final class Builder extends EnforcementBuilder<Builder> {

        private final McpClientTransport delegate;
        private Predicate<? super Throwable> saysUnsent;

        private Builder(McpClientTransport delegate, PolicyEngine engine) {
            super(engine);
            this.delegate = delegate;
            // A failure means that its queue has refused the message. A subclass may do anything.
            boolean queues = delegate.getClass() == StdioClientTransport.class;
            this.saysUnsent = failure -> queues;
        }

        @Override
        Builder self() {
            return this;
        }

        /**
         * Declares that the wrapped transport sends each message at most once, and which failures of its {@code
         * sendMessage} mean that no byte of the message has left. A call that fails in this way gives back what limits
         * have reserved for it. Every other failure counts as unknown. Don't use this for transports over HTTP: their
         * clients send a request again by themselves, and the outcome of the last attempt says nothing about the first.
         * A person's approval is not given back. Default: every failure of the SDK's own {@link StdioClientTransport},
         * and none of any other transport.
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
        public EnforcingClientTransport build() {
            SdkCompatibility.requireClient();
            requireFacts();
            return new EnforcingClientTransport(this);
        }
    }
}
