package dev.interlock.policy.mcp;

import dev.interlock.policy.adapter.CallGuard;
import dev.interlock.policy.adapter.Continuations;
import dev.interlock.policy.adapter.GuardSettings;
import dev.interlock.policy.adapter.GuardedCall;
import dev.interlock.policy.adapter.JsonRpcIds;
import dev.interlock.policy.adapter.ListChanges;
import dev.interlock.policy.adapter.PendingCalls;
import dev.interlock.policy.adapter.SealedApprovals;
import dev.interlock.policy.adapter.SealedStates;
import dev.interlock.policy.adapter.ToolListState;
import dev.interlock.policy.approval.ApprovalHandler;
import dev.interlock.policy.call.CallOutcome;
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
import io.modelcontextprotocol.spec.McpTransport;
import io.modelcontextprotocol.spec.McpTransportException;
import java.time.Duration;
import java.util.List;
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
import reactor.core.publisher.Flux;
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
 *       by its server. The server's answer to {@code initialize} announces such notifications. From MCP 2026-07-28 on,
 *       a client is notified if it listens for such changes, and each page of the list is marked as private and
 *       short-lived.
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
    private static final TypeRef<Object> ANY = new TypeRef<>() {};

    private final PolicyEngine engine;
    private final Callers callers;
    private final Answers answers;
    private final CallGate calls;
    private final CallGuard guard;
    private final Continuations continuations;
    private final SealedStates states;
    /** Null if the client must not ask its person for approvals. */
    private final @Nullable ApprovalForm approvalForm;

    private final Methods methods;
    private final JudgedAnswers judged;
    /** What the client answers to requests of the server's. */
    private final JudgedAnswers judgedOfClient;

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
        this.callers = builder.callers(false);
        this.answers = builder.answers();
        this.methods = new Methods(builder, callers, this::plain);
        this.judged = JudgedAnswers.ofServer(methods, answers, this::anyPlain);
        this.judgedOfClient = JudgedAnswers.ofClient(methods, answers, this::anyPlain);
        this.continuations =
                new Continuations(builder.time, builder.alarm, builder.callTimeToLive, GuardSettings.MAX_CONTINUATIONS);
        this.guard = new CallGuard(engine, continuations);
        this.calls = new CallGate(builder, callers, guard, this::plain);
        this.states = new SealedStates(engine, builder.time, List.of(), builder.callTimeToLive);
        this.approvalForm = builder.elicitsApprovals ? new ApprovalForm(builder.argumentLimits) : null;
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
            Subscriptions subscriptions = new Subscriptions();
            ListChanges changes = ToolListChanges.to(
                    engine,
                    () -> Flux.fromIterable(subscriptions.changed())
                            .concatMap(change -> handler.apply(Mono.just(change)))
                            .then());
            changes.open();
            Connection connection = new Connection(
                    handler,
                    pending,
                    PendingCalls.bounded(time, alarm, callTimeToLive, asked -> asked.settle(CallOutcome.UNKNOWN)),
                    new AdapterRequests(transport::sendMessage, pending),
                    new UndecidedCalls(),
                    new ToolListFetch(
                            new ToolListState<>(
                                    engine.tools().open(callers.server(), toolListChanges), time, toolListChanges),
                            toolListTimeout),
                    changes,
                    subscriptions,
                    approvalForm == null ? null : new ElicitedApprovals(approvalForm));
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
            connection.end();
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
        if (message instanceof JSONRPCResponse response) {
            return Mono.deferContextual(context -> respondToServer(response, context));
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
        connection.heard(request.method(), request.params());
        boolean lists = request.method().equals(McpSchema.METHOD_TOOLS_LIST);
        if (!lists && AdapterRequests.isOurs(request.id())) {
            // The response would not reach the client. Lists are tracked: another guard in front of this one requests
            // them with such ids.
            return connection.deliver(Answers.idReserved(request.id()));
        }
        return methods.askedByClient(
                        request.id(),
                        request.method(),
                        request.params(),
                        context,
                        connection.deciding(),
                        () -> person(connection))
                .flatMap(guarded -> guarded.decision().allowed()
                        ? pass(connection, request, guarded, context)
                        : connection.deliver(answers.refusal(request.id(), guarded.decision())));
    }

    /** Sends a request other than a call. */
    private Mono<Void> pass(Connection connection, JSONRPCRequest request, GuardedCall guarded, ContextView context) {
        if (request.method().equals(McpSchema.METHOD_TOOLS_LIST)) {
            return list(connection, request, guarded, context);
        }
        if (request.method().equals(Subscriptions.METHOD)) {
            return listen(connection, request, guarded);
        }
        if (!request.method().equals(McpSchema.METHOD_INITIALIZE)) {
            // Awaited even if there is nothing to settle: what answers no request that is awaited may be withheld.
            return awaited(connection, request, new PendingRequest.Plain(guarded));
        }
        if (connection.approvals() != null) {
            connection.approvals().introduced(request, transport);
        }
        return awaited(connection, request, new PendingRequest.Initialize(guarded));
    }

    /** Hands over what is settled when it has been handed over, since no response ends it. */
    private Mono<Void> handOver(JSONRPCMessage message, GuardedCall guarded) {
        guarded.admission().handedOver();
        return toServer(message)
                .doOnError(failure -> guarded.sendingFailed(failure, saysUnsent))
                .doFinally(signal -> guarded.settle(CallOutcome.UNKNOWN));
    }

    /** A subscription stays open for as long as the client wishes, so its answer is not awaited. */
    private Mono<Void> listen(Connection connection, JSONRPCRequest request, GuardedCall guarded) {
        if (request.params() == null) {
            return handOver(request, guarded);
        }
        Map<String, @Nullable Object> allowed;
        try {
            allowed = Subscriptions.allowed(engine, members(request.params()), this::plain);
        } catch (RuntimeException e) {
            log.debug("Refused to listen for what can't be read", RedactedException.of(e));
            guarded.unsent();
            return connection.deliver(answers.refusal(request.id(), methods.unreadable()));
        }
        if (Subscriptions.isToToolLists(allowed)) {
            if (!connection.subscriptions().add(request.id())) {
                guarded.unsent();
                return connection.deliver(answers.refusal(request.id(), methods.busy(request.method())));
            }
            connection.changes().begin();
        }
        return handOver(SdkRecords.with(request, allowed), guarded)
                .doOnError(failure -> connection.subscriptions().remove(request.id()));
    }

    /** The client's answer to a request of the server's, or to a question of ours. */
    private Mono<Void> respondToServer(JSONRPCResponse response, ContextView context) {
        Connection connection = current.get();
        if (connection == null || connection.approvals() == null || !ElicitedApprovals.isAnswer(response)) {
            if (response.id() == null) {
                return judgedOfClient.passesAnonymous() ? toServer(response) : Mono.empty();
            }
            GuardedCall asked = connection == null ? null : connection.asked().take(response.id());
            return asked == null
                    ? toServer(judgedOfClient.unawaited(response.id(), response))
                    : judgedOfClient.ofClient(response, asked).flatMap(this::toServer);
        }
        try {
            connection.approvals().answered(response, callers.of(context).identity());
        } catch (Throwable e) {
            log.warn("Dropped an answer to a request for approval: it is not known whose", RedactedException.of(e));
        }
        return Mono.empty();
    }

    private Mono<Void> awaited(Connection connection, JSONRPCRequest request, PendingRequest.Other pending) {
        GuardedCall guarded = pending.guarded();
        judged.awaits(guarded);
        return switch (connection.pending().add(request.id(), pending)) {
            case AWAITED ->
                Mono.defer(() -> {
                            guarded.admission().handedOver();
                            return toServer(request);
                        })
                        .doOnError(failure -> {
                            if (connection.pending().forget(request.id(), pending)) {
                                guarded.sendingFailed(failure, saysUnsent);
                            }
                        });
            case FULL -> {
                guarded.unsent();
                yield connection.deliver(answers.refusal(request.id(), methods.busy(request.method())));
            }
            case CLOSED -> {
                guarded.unsent();
                yield Mono.error(SdkRecords.sessionClosed());
            }
        };
    }

    private Mono<Void> notify(JSONRPCNotification notification, ContextView context) {
        GuardedCall guarded = methods.toldByClient(notification.method(), notification.params(), context);
        if (!guarded.decision().allowed()) {
            log.debug("Dropped the notification {} of the client's", VisibleText.name(notification.method()));
            // A notification has no answer. If the policy drops it, it is as if lost, and its sender goes on.
            return Methods.isNoMethod(guarded.decision())
                    ? Mono.error(new McpTransportException("refused to send a notification: "
                            + guarded.decision().message()))
                    : Mono.empty();
        }
        cancelled(JsonRpcIds.cancelled(notification.method(), notification.params()));
        Connection connection = current.get();
        if (connection != null) {
            connection.heard(notification.method(), notification.params());
        }
        return handOver(notification, guarded);
    }

    private Object anyPlain(Object typed) {
        return transport.unmarshalFrom(typed, ANY);
    }

    private Object plain(Object typed) {
        return transport.unmarshalFrom(typed, PLAIN);
    }

    @SuppressWarnings("unchecked") // the keys of JSON are strings
    private Map<String, @Nullable Object> members(Object object) {
        return (Map<String, @Nullable Object>) (object instanceof Map ? object : plain(object));
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
        connection.subscriptions().remove(id);
        // While a call is being decided, it has not been sent. After this, it won't be.
        connection.deciding().withdraw(id);
        PendingRequest taken = connection.pending().take(id);
        if (taken instanceof PendingRequest.Call || taken instanceof PendingRequest.Other) {
            taken.abandon();
        }
    }

    private Mono<Void> list(Connection connection, JSONRPCRequest request, GuardedCall guarded, ContextView context) {
        PendingRequest.Other list;
        try {
            list = new PendingRequest.ToolListRequest(
                    guarded,
                    callers.of(context),
                    connection.toolLists().tools().listing(ToolListFilter.cursor(request)),
                    Envelope.isIn(request.params()));
        } catch (Throwable e) {
            guarded.unsent();
            return connection.deliver(answers.refusal(request.id(), methods.listWithheld(e)));
        }
        return awaited(connection, request, list);
    }

    private Mono<Void> call(Connection connection, JSONRPCRequest request) {
        SealedApprovals input = approvalForm != null && Envelope.isIn(request.params())
                ? new SealedApprovals(
                        states, new InputElicitation(approvalForm, methods, request.params(), this::plain))
                : null;
        Mono<CallDecision> decision = input == null
                ? calls.decide(request, connection.toolLists(), connection.own(), person(connection))
                : calls.decideBy(
                        request,
                        connection.toolLists(),
                        connection.own(),
                        (call, options) -> input.admit(guard, call, options));
        return connection
                .deciding()
                .until(request.id(), decision)
                .flatMap(ruling -> ruling.either(
                        (call, guarded) -> pass(connection, call, guarded),
                        () -> connection.deliver(denial(request.id(), ruling, input))));
    }

    private JSONRPCResponse denial(Object id, CallDecision ruling, @Nullable SealedApprovals input) {
        SealedApprovals.Question question = input == null ? null : input.question(ruling.answer());
        return question == null || approvalForm == null
                ? answers.denial(id, ruling)
                : SdkRecords.result(id, InputElicitation.inputRequired(approvalForm, question));
    }

    /** Asks the person at the client's end; null if that person must not be asked. */
    private @Nullable ApprovalHandler person(Connection connection) {
        return connection.approvals() == null
                        || !engine.decideMethod(McpSchema.METHOD_ELICITATION_CREATE)
                                .allowed()
                ? null
                : connection.approvals().over(new ClientTransport(connection.handler(), transport));
    }

    /** The way to the client of this transport, as if it were a server's. */
    private static final class ClientTransport extends ForwardingTransport<McpTransport> {

        private final Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler;

        /** @param types converts messages */
        ClientTransport(Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler, McpTransport types) {
            super(types);
            this.handler = handler;
        }

        @Override
        public Mono<Void> sendMessage(JSONRPCMessage message) {
            return handler.apply(Mono.just(message)).then();
        }
    }

    private Mono<Void> pass(Connection connection, CallRequest call, GuardedCall guarded) {
        PendingRequest pending = new PendingRequest.Call(guarded);
        judged.awaits(guarded);
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
                    JSONRPCRequest decided = restored(guarded, call.saying(admission.toSend(call.call())));
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

    /**
     * Decides whether a call may be sent once more because its server has refused to read it, without an answer to the
     * call so far. For a transport that sends such a call again by itself: with other headers, for example, as MCP
     * 2026-07-28 recommends after the error -32020. The server is asked for its tools first. Then the policy in force
     * decides by what is known now, under the admission that the call has: nothing more is charged, and no person is
     * asked.
     *
     * @param call the call as it was handed to the transport
     * @return true if the call may be sent, and still awaits its answer; false as well if the tools can't be listed.
     *     Never fails
     */
    public Mono<Boolean> maySendAgain(JSONRPCRequest call) {
        return Mono.defer(() -> {
                    Connection connection = current.get();
                    if (connection == null
                            || !methods.mayList()
                            || !(connection.pending().find(call.id()) instanceof PendingRequest.Call pending)) {
                        return Mono.just(false);
                    }
                    GuardedCall guarded = pending.guarded();
                    toolListChanges.incrementAndGet();
                    return connection
                            .toolLists()
                            .learn(connection.own(), CallRequest.meta(call))
                            .filter(learnt -> learnt)
                            .flatMap(learnt -> Mono.fromCompletionStage(
                                    () -> engine.decideAgain(guarded.call(), guarded.admission())))
                            .map(decision -> decision.allowed()
                                    && pending.equals(connection.pending().find(call.id())));
                })
                .onErrorReturn(false)
                .defaultIfEmpty(false);
    }

    /** The same call without a state of ours, but with the server's. */
    @SuppressWarnings("unchecked") // the keys of JSON are strings
    private JSONRPCRequest restored(GuardedCall guarded, JSONRPCRequest decided) {
        return approvalForm != null && Envelope.isIn(decided.params())
                ? SdkRecords.with(decided, SealedStates.restored(guarded.call(), (Map<String, @Nullable Object>)
                        decided.params()))
                : decided;
    }

    // ---- from the server to the client

    private Mono<JSONRPCMessage> receive(Connection connection, JSONRPCMessage message) {
        if (message instanceof JSONRPCResponse response) {
            return respond(connection, response);
        }
        if (message instanceof JSONRPCRequest request) {
            return receive(connection, request);
        }
        if (message instanceof JSONRPCNotification notification) {
            if (McpSchema.METHOD_NOTIFICATION_TOOLS_LIST_CHANGED.equals(notification.method())) {
                // Count the change even if the client must not be notified.
                toolListChanges.incrementAndGet();
            }
            if (methods.toldByServer(notification).allowed()) {
                return notification.method().equals(Subscriptions.ACKNOWLEDGED)
                        ? acknowledged(connection, notification)
                        : Mono.just(message);
            }
            log.debug("Dropped the notification {} of the server's", VisibleText.name(notification.method()));
            return Mono.empty();
        }
        log.warn("Dropped a message from the server that is not a request, response or notification of JSON-RPC");
        return Mono.empty();
    }

    /** A client takes nothing for a subscription before the acknowledgement. */
    private static Mono<JSONRPCMessage> acknowledged(Connection connection, JSONRPCNotification acknowledgement) {
        Object id = Envelope.subscription(acknowledgement.params());
        if (id == null || !connection.subscriptions().awaits(id)) {
            return Mono.just(acknowledgement);
        }
        return connection.handler().apply(Mono.just(acknowledgement)).then(Mono.fromRunnable(() -> {
            if (connection.subscriptions().acknowledged(id)) {
                connection.changes().changed();
            }
        }));
    }

    private Mono<JSONRPCMessage> receive(Connection connection, JSONRPCRequest request) {
        return methods.askedByServer(request.method(), request.params())
                .flatMap(guarded -> guarded.decision().allowed()
                        ? received(connection, request, guarded)
                        : refused(request, guarded.decision()));
    }

    /** Hands the client a request of the server's. The client's answer settles it. */
    private Mono<JSONRPCMessage> received(Connection connection, JSONRPCRequest request, GuardedCall guarded) {
        judgedOfClient.awaits(guarded);
        PendingCalls.Addition addition = connection.asked().add(request.id(), guarded);
        if (addition != PendingCalls.Addition.AWAITED && guarded.admission().isOpen()) {
            guarded.unsent();
            return addition == PendingCalls.Addition.CLOSED
                    ? Mono.empty()
                    : refused(request, methods.busy(request.method()));
        }
        guarded.admission().handedOver();
        return Mono.just(request);
    }

    private Mono<JSONRPCMessage> refused(JSONRPCRequest request, Decision decision) {
        log.debug("Refused {} from the server", VisibleText.name(request.method()));
        return Mono.defer(() -> toServer(answers.refusal(request.id(), decision)))
                .onErrorResume(failure -> {
                    log.debug(
                            "The server could not be told that its request was refused", RedactedException.of(failure));
                    return Mono.empty();
                })
                .then(Mono.empty());
    }

    /** What the client may see of a response; empty if the response is ours. */
    private Mono<JSONRPCMessage> respond(Connection connection, JSONRPCResponse response) {
        Object id = response.id();
        if (id == null) {
            return judged.passesAnonymous()
                            && methods.askedWithin(response, null).allowed()
                    ? Mono.just(response)
                    : Mono.empty();
        }
        connection.subscriptions().remove(id);
        PendingRequest request = connection.pending().take(id);
        if (request instanceof PendingRequest.Own own) {
            own.sink().success(response);
            return Mono.empty();
        }
        if (request == null && AdapterRequests.isOurs(id)) {
            return Mono.empty();
        }
        if (request instanceof PendingRequest.Call call) {
            return judged.ofCall(id, response, call).cast(JSONRPCMessage.class);
        }
        if (request instanceof PendingRequest.Other other) {
            return judged.ofOther(id, response, other).map(shown -> shown(connection, other, shown));
        }
        Decision asks = methods.askedWithin(response, null);
        if (!asks.allowed()) {
            log.debug("Withheld an answer of the server's that asks for what it may not");
            return Mono.just(answers.refusal(id, asks));
        }
        JSONRPCResponse unawaited = judged.unawaited(id, response);
        // A list whose request has aged out of the map is still a list, but its reader is unknown by now.
        return Mono.just(
                ToolListFilter.isToolList(unawaited.result())
                        ? toolLists.filtered(
                                unawaited,
                                callers.unidentified(),
                                connection.toolLists().tools().listing(""),
                                false)
                        : unawaited);
    }

    /** What the client may see of a response to a request other than a call, once it was judged. */
    private JSONRPCMessage shown(Connection connection, PendingRequest.Other request, JSONRPCResponse response) {
        if (response.error() != null) {
            return response;
        }
        Object id = response.id();
        if (request instanceof PendingRequest.Initialize) {
            Object announced = ToolListChanges.announced(connection.changes(), response.result());
            return Objects.equals(announced, response.result()) ? response : SdkRecords.result(id, announced);
        }
        if (request instanceof PendingRequest.ToolListRequest list) {
            return toolLists.filtered(response, list.caller(), list.list(), list.mayBeKept());
        }
        return ToolListFilter.isToolList(response.result())
                ? toolLists.filtered(
                        response,
                        callers.unidentified(),
                        connection.toolLists().tools().listing(""),
                        false)
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

    /** The number of subscriptions to changes of the list of tools; for tests. */
    int subscriptions() {
        Connection connection = current.get();
        return connection == null ? 0 : connection.subscriptions().size();
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
         * Has the client ask its person, with MCP's elicitation, about calls that need an approval. The client sees a
         * request from its server, or, from MCP 2026-07-28 on, an answer that asks for input. The engine's {@link
         * ApprovalHandler}, if it has one, is asked if that fails: if the client can't ask, the policy's {@code
         * methods} refuse {@code elicitation/create}, or the person dismisses the question. A no is final.
         *
         * <p>The client asks the person and sends the answer. So this protects people from their agents, if the client
         * really asks its person. Default: only the engine's handler is asked.
         */
        public Builder elicitApprovals() {
            this.elicitsApprovals = true;
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
