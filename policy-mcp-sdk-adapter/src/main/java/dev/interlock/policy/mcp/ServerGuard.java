package dev.interlock.policy.mcp;

import dev.interlock.policy.adapter.CallGuard;
import dev.interlock.policy.adapter.GuardedCall;
import dev.interlock.policy.adapter.ListChanges;
import dev.interlock.policy.adapter.PendingCalls;
import dev.interlock.policy.adapter.ToolListState;
import dev.interlock.policy.approval.ApprovalHandler;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.engine.Admission;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.mcp.Callers.ResolvedCaller;
import dev.interlock.policy.text.VisibleText;
import dev.interlock.policy.time.TimeSource;
import dev.interlock.policy.tool.AnnouncedTools;
import dev.interlock.policy.tool.AnnouncedTools.Listing;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpError;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * Decides on what passes between the clients and one server. The transports differ only in how a request gets to the
 * server and how its response comes back, which is an {@link Exchange}. Everything that the server answers runs through
 * {@link #answer}.
 *
 * <p>So a reservation lives in the operator chain of its own request. Ids, which clients choose and may use twice, play
 * no part. The server's answer settles the reservation. A client that goes away, cancels, or stops waiting doesn't
 * change this, unless its transport cancels the chain. {@link PendingCalls} handles the calls that never end.
 */
final class ServerGuard {

    private static final Logger log = LoggerFactory.getLogger(ServerGuard.class);

    private static final TypeRef<Map<String, Object>> PLAIN = new TypeRef<>() {};
    private static final TypeRef<Object> ANY = new TypeRef<>() {};

    private final PolicyEngine engine;
    private final Callers callers;
    private final Answers answers;
    private final CallGate calls;
    private final Methods methods;
    private final JudgedAnswers judged;
    private final ToolListFilter toolLists;
    private final PendingCalls<PendingRequest> running;
    /** What the clients answer to requests of the server's. */
    private final JudgedAnswers judgedOfClients;
    /** The server's requests that await a client's answer. A session gives them ids that no one else can guess. */
    private final PendingCalls<GuardedCall> asked;
    /** The clients to notify of changes. Weakly held: transports may drop a session without closing it. */
    private final Map<ListChanges, Boolean> clients = new WeakHashMap<>();

    private final Runnable unsubscribe;
    private final AtomicInteger toolListChanges = new AtomicInteger();
    /** What the server announces about its tools without a session, or in an unknown one. */
    private final AnnouncedTools unclaimed;

    private final TimeSource time;
    private final Duration toolListTimeout;
    /** Null if clients must not ask their people for approvals. */
    private final @Nullable ApprovalForm approvalForm;

    ServerGuard(EnforcementBuilder<?> settings) {
        this.callers = settings.callers(true);
        this.answers = settings.answers();
        this.methods = new Methods(settings, callers, ServerGuard::plain);
        this.judged = JudgedAnswers.ofServer(methods, answers, ServerGuard::anyPlain);
        this.judgedOfClients = JudgedAnswers.ofClient(methods, answers, ServerGuard::anyPlain);
        this.calls = new CallGate(settings, callers, new CallGuard(settings.engine, null), params -> params);
        this.toolLists = new ToolListFilter(settings.engine, methods, answers);
        this.engine = settings.engine;
        this.unclaimed = engine.tools().open(settings.server, toolListChanges);
        this.running =
                PendingCalls.bounded(settings.time, settings.alarm, settings.callTimeToLive, PendingRequest::abandon);
        this.asked = PendingCalls.bounded(
                settings.time, settings.alarm, settings.callTimeToLive, request -> request.settle(CallOutcome.UNKNOWN));
        this.time = settings.time;
        this.toolListTimeout = settings.toolListTimeout;
        this.approvalForm = settings.elicitsApprovals ? new ApprovalForm(settings.argumentLimits) : null;
        this.unsubscribe = engine.onChange(this::enforcedOtherwise);
    }

    /**
     * Opens a client's session.
     *
     * @param id the id of the MCP session; null if there is none
     * @param notifying sends the client a notification with this method; null if the client can't be reached
     */
    ClientSession session(@Nullable String id, @Nullable Function<String, Mono<Void>> notifying) {
        AnnouncedTools tools = id == null ? unclaimed : engine.tools().open(callers.server(), toolListChanges);
        ListChanges changes =
                notifying == null ? null : ToolListChanges.to(engine, () -> notifying.apply(ListChanges.METHOD));
        if (changes != null) {
            synchronized (clients) {
                clients.put(changes, true);
            }
        }
        return new ClientSession(
                id,
                new ToolListFetch(new ToolListState<>(tools, time, toolListChanges), toolListTimeout),
                new UndecidedCalls(),
                changes,
                approvalForm == null || notifying == null ? null : new ElicitedApprovals(approvalForm));
    }

    private void enforcedOtherwise() {
        List<ListChanges> all;
        synchronized (clients) {
            all = List.copyOf(clients.keySet());
        }
        all.forEach(ListChanges::changed);
    }

    /**
     * Returns the response to a client's request: the server's, or ours if the policy refuses the request.
     *
     * @param way the way to the server
     * @param person is asked for approvals before the engine's handler is; null to ask only the handler
     * @return empty if the request is a call that the client has cancelled in time
     */
    Mono<JSONRPCResponse> answer(
            JSONRPCRequest request, ClientSession session, Exchange way, @Nullable ApprovalHandler person) {
        String id = session.id();
        Exchange server = new DeferredExchange(way);
        Mono<JSONRPCResponse> response = Mono.deferContextual(context -> {
                    if (McpSchema.METHOD_TOOLS_CALL.equals(request.method())) {
                        return call(request, session, server, person);
                    }
                    return methods.askedByClient(
                                    request.id(),
                                    request.method(),
                                    request.params(),
                                    context,
                                    session.deciding(),
                                    () -> person)
                            .flatMap(guarded -> guarded.decision().allowed()
                                    ? pass(request, guarded, session, server, context)
                                    : Mono.just(refused(request, guarded.decision())));
                })
                .onErrorResume(failure -> Mono.just(failed(request, failure)));
        return response.contextWrite(in(id));
    }

    private JSONRPCResponse refused(JSONRPCRequest request, Decision decision) {
        log.debug("Refused {} from a client", VisibleText.name(request.method()));
        return answers.refusal(request.id(), decision);
    }

    /** Passes on a request other than a call. The server's answer settles it. */
    private Mono<JSONRPCResponse> pass(
            JSONRPCRequest request, GuardedCall guarded, ClientSession session, Exchange server, ContextView context) {
        PendingRequest.Plain pending = new PendingRequest.Plain(guarded);
        judged.awaits(guarded);
        Exchange asked = sent -> Mono.defer(() -> {
                    guarded.admission().handedOver();
                    return server.send(sent);
                })
                .onErrorResume(failure -> {
                    if (!(failure instanceof McpError)) {
                        pending.abandon();
                    }
                    return Mono.just(failed(sent, failure));
                })
                .flatMap(response -> judged.ofOther(request.id(), response, pending));
        session.heard(request.method());
        Mono<JSONRPCResponse> response = switch (request.method()) {
            case McpSchema.METHOD_TOOLS_LIST -> list(request, guarded, session, context, asked);
            case McpSchema.METHOD_INITIALIZE -> initialize(request, session, asked);
            default -> asked.send(request);
        };
        return response.doFinally(signal -> pending.abandon());
    }

    /** Without a session, removes the session id: it would be that of a server in whose request this one is made. */
    private static Function<Context, Context> in(@Nullable String session) {
        return context -> session == null
                ? context.delete(CallContextResolver.MCP_SESSION_ID)
                : context.put(CallContextResolver.MCP_SESSION_ID, session);
    }

    /**
     * Takes a client's response: it answers either a request for an approval, which is ours, or one of the server's.
     *
     * @param session the session in which it came
     */
    Mono<Void> answered(JSONRPCResponse response, ClientSession session, Function<JSONRPCResponse, Mono<Void>> server) {
        ElicitedApprovals approvals = session.approvals();
        GuardedCall request = response.id() == null ? null : asked.take(response.id());
        if (approvals == null || !ElicitedApprovals.isAnswer(response)) {
            if (request != null) {
                return judgedOfClients.ofClient(response, request).flatMap(server);
            }
            return response.id() == null
                    ? judgedOfClients.passesAnonymous() ? server.apply(response) : Mono.empty()
                    : server.apply(judgedOfClients.unawaited(response.id(), response));
        }
        if (request != null) {
            request.settle(CallOutcome.UNKNOWN);
        }
        return Mono.<Void>deferContextual(context -> {
                    try {
                        approvals.answered(response, callers.of(context).identity());
                    } catch (Throwable e) {
                        return Mono.error(e);
                    }
                    return Mono.empty();
                })
                .onErrorResume(failure -> {
                    log.warn(
                            "Dropped an answer to a request for approval: it is not known whose",
                            RedactedException.of(failure));
                    return Mono.empty();
                })
                .contextWrite(in(session.id()));
    }

    private Mono<JSONRPCResponse> call(
            JSONRPCRequest request, ClientSession session, Exchange server, @Nullable ApprovalHandler person) {
        Mono<CallDecision> decision = calls.decide(request, session.toolLists(), server, person);
        return session.deciding()
                .until(request.id(), decision)
                .flatMap(ruling -> ruling.either(
                        (call, guarded) -> pass(request, call, guarded, server),
                        () -> Mono.just(answers.denial(request.id(), ruling))));
    }

    private Mono<JSONRPCResponse> pass(JSONRPCRequest request, CallRequest call, GuardedCall guarded, Exchange server) {
        PendingRequest.Call pending = new PendingRequest.Call(guarded);
        judged.awaits(guarded);
        PendingCalls.Addition addition = running.add(pending, pending, guarded.call());
        if (addition == PendingCalls.Addition.FULL) {
            return Mono.just(answers.withheld(request.id(), calls.busy(guarded)));
        }
        if (addition == PendingCalls.Addition.CLOSED) {
            guarded.unsent();
            return Mono.error(new IllegalStateException("the server is closed"));
        }
        return Mono.defer(() -> {
                    Admission admission = guarded.admission();
                    JSONRPCRequest decided = call.saying(admission.toSend(call.call()));
                    admission.handedOver();
                    return server.send(decided);
                })
                .onErrorResume(McpError.class, failure -> Mono.just(failed(request, failure)))
                .flatMap(response -> judged.ofCall(request.id(), response, pending))
                // Before the client sees the answer: a query after that must find the call settled.
                .doOnTerminate(() -> end(pending))
                .doOnCancel(() -> end(pending));
    }

    /** A response to an unknown request, or a refusal if the response asks the client for something denied. */
    private JSONRPCResponse withoutDeniedRequests(JSONRPCResponse response) {
        Decision asks = methods.askedWithin(response, null);
        return asks.allowed() ? judged.unawaited(response.id(), response) : answers.refusal(response.id(), asks);
    }

    private static Object plain(Object typed) {
        return McpJsonDefaults.getMapper().convertValue(typed, PLAIN);
    }

    private static Object anyPlain(Object typed) {
        return McpJsonDefaults.getMapper().convertValue(typed, ANY);
    }

    private void end(PendingRequest.Call call) {
        running.forget(call, call);
        call.abandon();
    }

    private Mono<JSONRPCResponse> list(
            JSONRPCRequest request, GuardedCall guarded, ClientSession session, ContextView context, Exchange server) {
        ResolvedCaller caller;
        try {
            caller = callers.of(context);
        } catch (Throwable e) {
            guarded.unsent();
            return Mono.just(answers.refusal(request.id(), methods.listWithheld(e)));
        }
        Listing list = session.toolLists().tools().listing(ToolListFilter.cursor(request));
        boolean mayBeKept = Envelope.isIn(request.params());
        return server.send(request).map(response -> toolLists.filtered(response, caller, list, mayBeKept));
    }

    private static Mono<JSONRPCResponse> initialize(JSONRPCRequest request, ClientSession session, Exchange server) {
        ListChanges changes = session.changes();
        return changes == null
                ? server.send(request)
                : server.send(request)
                        .map(response -> response.error() != null
                                ? response
                                : SdkRecords.result(
                                        response.id(), ToolListChanges.announced(changes, response.result())));
    }

    /** Handles failures that the SDK leaves to the transport, which would send the client all details. */
    private static JSONRPCResponse failed(JSONRPCRequest request, Throwable failure) {
        if (failure instanceof McpError known && known.getJsonRpcError() != null) {
            return SdkRecords.error(request.id(), known.getJsonRpcError());
        }
        log.warn("{} failed", VisibleText.name(request.method()), RedactedException.of(failure));
        return SdkRecords.error(request.id(), McpSchema.ErrorCodes.INTERNAL_ERROR, "Internal error", null);
    }

    /** Inspects a notification that the server sends to its clients. */
    void notifies(String method) {
        if (McpSchema.METHOD_NOTIFICATION_TOOLS_LIST_CHANGED.equals(method)) {
            toolListChanges.incrementAndGet();
        }
    }

    /**
     * Passes a client's notification on if it may reach the server.
     *
     * @param session the client's session; null if it has none
     */
    Mono<Void> notified(
            JSONRPCNotification notification,
            @Nullable String session,
            Function<JSONRPCNotification, Mono<Void>> server) {
        Mono<Void> passed = Mono.deferContextual(context -> {
            GuardedCall guarded = methods.toldByClient(notification.method(), notification.params(), context);
            if (guarded.decision().allowed()) {
                guarded.admission().handedOver();
                guarded.settle(CallOutcome.UNKNOWN);
                return server.apply(notification);
            }
            log.debug("Dropped the notification {} of a client's", VisibleText.name(notification.method()));
            return Mono.empty();
        });
        return session == null ? passed : passed.contextWrite(in(session));
    }

    /**
     * Returns what the client may see of a message that the server sends on its own initiative, as opposed to a
     * response that went through {@link #answer}. Fails if the policy refuses it.
     */
    Mono<JSONRPCMessage> outgoing(JSONRPCMessage message) {
        return Mono.defer(() -> {
            if (message instanceof JSONRPCRequest request) {
                return methods.askedByServer(request.method(), request.params())
                        .flatMap(guarded -> asked(request, guarded));
            }
            if (message instanceof JSONRPCNotification notification) {
                if (methods.toldByServer(notification).allowed()) {
                    return Mono.just(message);
                }
                log.debug("Dropped the notification {} of the server's", VisibleText.name(notification.method()));
                return Mono.empty();
            }
            if (message instanceof JSONRPCResponse answer) {
                JSONRPCResponse response = withoutDeniedRequests(answer);
                // A list of tools is filtered on every way out, but here it is unknown who asked for it.
                return Mono.just(
                        ToolListFilter.isToolList(response.result())
                                ? toolLists.filtered(response, callers.unidentified(), unclaimed.listing(""), false)
                                : response);
            }
            log.warn("Dropped a message from the server that is not a request, response or notification of JSON-RPC");
            return Mono.empty();
        });
    }

    /**
     * Lets the server ask its client. Whether the client will answer is not known, so a request whose answer means
     * nothing to the policy is settled at once.
     */
    private Mono<JSONRPCMessage> asked(JSONRPCRequest request, GuardedCall guarded) {
        if (!guarded.decision().allowed()) {
            return Mono.error(new McpError(
                    answers.refusal(request.id(), guarded.decision()).error()));
        }
        guarded.admission().handedOver();
        judgedOfClients.awaits(guarded);
        boolean awaited = request.id() != null && asked.add(request.id(), guarded) == PendingCalls.Addition.AWAITED;
        if (!guarded.judgesAnswer()) {
            guarded.settle(CallOutcome.UNKNOWN);
        } else if (!awaited) {
            guarded.settle(CallOutcome.UNKNOWN);
            return Mono.error(new McpError(answers.refusal(request.id(), methods.busy(request.method()))
                    .error()));
        }
        return Mono.just(request);
    }

    /** Closes the guard: no more calls are let through, and calls that still run count as unknown. */
    void close() {
        unsubscribe.run();
        running.close();
        asked.close();
        unclaimed.close();
    }

    /** The number of running calls; for tests. */
    int runningCalls() {
        return running.size();
    }
}
