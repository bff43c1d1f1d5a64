package dev.interlock.policy.langchain4j;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.interlock.policy.adapter.CallGuard;
import dev.interlock.policy.adapter.Continuations;
import dev.interlock.policy.adapter.DenialText;
import dev.interlock.policy.adapter.GuardSettings;
import dev.interlock.policy.adapter.GuardedCall;
import dev.interlock.policy.adapter.ListChanges;
import dev.interlock.policy.adapter.PendingCalls;
import dev.interlock.policy.adapter.ToolListState;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.MethodCall;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.Admission;
import dev.interlock.policy.engine.AdmitOptions;
import dev.interlock.policy.engine.EmbeddedRequest;
import dev.interlock.policy.engine.EmbeddedRequests;
import dev.interlock.policy.engine.JudgedResult;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.text.VisibleText;
import dev.interlock.policy.time.Alarm;
import dev.interlock.policy.time.TimeSource;
import dev.interlock.policy.tool.AnnouncedTools;
import dev.interlock.policy.tool.AnnouncedTools.Listing;
import dev.interlock.policy.tool.ToolCatalog.KnownTool;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.ValueLimits;
import dev.langchain4j.invocation.InvocationContext;
import dev.langchain4j.mcp.client.McpCallContext;
import dev.langchain4j.mcp.client.transport.McpOperationHandler;
import dev.langchain4j.mcp.client.transport.McpTransport;
import dev.langchain4j.mcp.protocol.McpCallToolRequest;
import dev.langchain4j.mcp.protocol.McpCancellationParams;
import dev.langchain4j.mcp.protocol.McpClientMessage;
import dev.langchain4j.mcp.protocol.McpClientMethod;
import dev.langchain4j.mcp.protocol.McpClientNotification;
import dev.langchain4j.mcp.protocol.McpClientRequest;
import dev.langchain4j.mcp.protocol.McpClientResponse;
import dev.langchain4j.mcp.protocol.McpInitializeRequest;
import dev.langchain4j.mcp.protocol.McpListToolsParams;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts a policy in front of any {@link McpTransport} of LangChain4j. Give the wrapped transport to {@code
 * DefaultMcpClient} in place of the bare one. Nothing else changes:
 *
 * <ul>
 *   <li>Every {@code tools/call} is decided before it leaves, whether an AI service, a tool provider, or a direct use
 *       of the client makes it. A denied call never leaves: it is answered here, with a tool result whose {@code
 *       isError} is true and whose text begins with the denial prefix. LangChain4j turns it into a {@code
 *       ToolExecutionException}.
 *   <li>What is sent is what was decided: a copy of the arguments, frozen when the call is made.
 *   <li>Hidden tools are removed from every page of {@code tools/list}. The definitions in it are kept for the checks
 *       that need them. If such a check comes before the client has listed the tools, they are fetched here, once.
 *   <li>Other requests, in both directions, follow the policy's {@code methods}. A refused request fails with an {@link
 *       dev.langchain4j.mcp.client.McpException}. A refused notification is dropped.
 *   <li>The requests that the server puts into an answer follow {@code methods}, too. An answer with a refused request
 *       is replaced by a denial, or fails if it doesn't answer a call.
 * </ul>
 *
 * <p>With LangChain4j 1.19 or later, a call that its server answers with {@code input_required} goes on when it is made
 * again with the server's state: it is decided anew, but charged once and settled once; see {@link Continuations}.
 * Older versions can't make a call again. There such a call ends as unknown.
 *
 * <p>When a change to the policy or the tool lock may have changed the list of tools, the client is notified as if by
 * its server, and lists them again.
 *
 * <p>A message that can't be read or decided is denied. No thread is started.
 *
 * <p>The response settles a reservation. If the client gives up on a call because its time is out, the call is not sent
 * if it was still being decided. If it was sent, it counts as unknown, and keeps what it took. So does a call without a
 * response when the transport is closed or after {@link Builder#callTimeToLive}.
 *
 * <p>Thread-safe. One transport serves one client, as LangChain4j's own transports do.
 */
public final class EnforcingMcpTransport implements McpTransport {

    private static final Logger log = LoggerFactory.getLogger(EnforcingMcpTransport.class);

    private static final String TOOLS_LIST = "tools/list";
    private static final String DISCOVER = "server/discover";
    private static final String SUBSCRIBE = "resources/subscribe";

    /** Writes the client's messages as its transports do. */
    private static final ObjectMapper JSON = new ObjectMapper();

    /** The package of LangChain4j's own messages. How a class from elsewhere would be serialized is unknown. */
    private static final String MESSAGES = McpClientMessage.class.getPackageName();

    private static final Decision UNAWAITED = new Decision(
            Decision.Verdict.DENIED,
            Decision.Code.RESULT,
            null,
            "Nothing awaits this answer: the request was answered before, or was given up.",
            null,
            false);

    private final McpTransport delegate;
    private final PolicyEngine engine;
    private final DenialMessages answers;
    private final CallGuard guard;

    /** Null if LangChain4j's client never makes a call again with what its server has sent. */
    private final @Nullable Continuations continuations;

    private final PendingCalls<PendingCall> calls;
    private final TimeSource time;
    private final Duration toolListTimeout;
    private final AtomicInteger toolListChanges = new AtomicInteger();
    private final @Nullable String server;
    private final @Nullable String identity;
    private final @Nullable String session;
    private final CallContextResolver resolver;
    private final Predicate<? super Throwable> saysUnsent;
    private final ValueLimits argumentLimits;
    private final AdmitOptions options;

    /** For requests other than calls, which are sent as they are. */
    private final AdmitOptions otherOptions;

    /** The server's requests about which a person is being asked. */
    private final Map<Object, CompletableFuture<?>> asking = new ConcurrentHashMap<>();

    /** The server's requests that await the client's answer. */
    private final PendingCalls<GuardedCall> asked;

    /** Whether an answer of the client's was ever awaited that the policy says something about. */
    private volatile boolean judging;

    private final ListChanges changes;

    private volatile @Nullable GuardedHandler handler;

    /** Holds what has been announced since the transport was last started. */
    private volatile ToolListQuery fetch;

    private EnforcingMcpTransport(Builder builder) {
        this.delegate = builder.delegate;
        this.engine = builder.engine;
        this.answers = new DenialMessages(new DenialText(builder.denialPrefix));
        this.continuations = ModernProtocol.isKnown()
                ? new Continuations(
                        builder.time, builder.alarm, builder.callTimeToLive, GuardSettings.MAX_CONTINUATIONS)
                : null;
        this.guard = new CallGuard(engine, continuations);
        this.calls = PendingCalls.bounded(builder.time, builder.alarm, builder.callTimeToLive, PendingCall::lose);
        this.asked = PendingCalls.bounded(
                builder.time, builder.alarm, builder.callTimeToLive, request -> request.settle(CallOutcome.UNKNOWN));
        this.changes = new ListChanges(engine, new CompletableFuture<Void>().defaultExecutor(), this::notifyClient);
        this.time = builder.time;
        this.toolListTimeout = builder.toolListTimeout;
        this.server = builder.server;
        this.fetch = newFetch();
        this.identity = builder.identity;
        this.session = builder.session;
        this.resolver = builder.resolver;
        this.saysUnsent = builder.saysUnsent;
        this.argumentLimits = builder.argumentLimits;
        this.otherOptions = AdmitOptions.DEFAULT.within(builder.approvalWait);
        this.options = otherOptions.sendingWhatIsApproved();
    }

    /**
     * Wraps a transport with the default settings. One engine may serve any number of transports.
     *
     * @throws IllegalArgumentException as {@link Builder#build} does
     */
    public static EnforcingMcpTransport wrap(McpTransport transport, PolicyEngine engine) {
        return builder(transport, engine).build();
    }

    /** Wraps a transport with custom settings. */
    public static Builder builder(McpTransport transport, PolicyEngine engine) {
        return new Builder(transport, engine);
    }

    // ---- connecting and closing

    @Override
    public void start(McpOperationHandler messageHandler) {
        GuardedHandler guarded =
                new GuardedHandler(messageHandler, this::received, this::refuse, toolListChanges::incrementAndGet);
        if (handler != null) {
            // Connected again, perhaps to a server that has other tools by now.
            fetch.tools().close();
            fetch = newFetch();
        }
        changes.close();
        stopAsking();
        handler = guarded;
        changes.open();
        calls.open();
        asked.abandon(request -> true);
        asked.open();
        delegate.start(guarded);
    }

    private CompletableFuture<Void> notifyClient() {
        GuardedHandler client = handler;
        try {
            if (client != null) {
                client.toClient(JsonNodeFactory.instance
                        .objectNode()
                        .put("jsonrpc", "2.0")
                        .put("method", ListChanges.METHOD));
            }
            return CompletableFuture.completedFuture(null);
        } catch (RuntimeException e) {
            log.debug(
                    "The client could not be told that its list of tools has changed ({})",
                    e.getClass().getName());
            return CompletableFuture.failedFuture(e);
        }
    }

    @Override
    public CompletableFuture<JsonNode> initialize(McpInitializeRequest request) {
        return other(
                request("initialize", request, null),
                request.getId(),
                guarded -> shown(delegate.initialize(request), guarded, answer -> {
                    changes.begin();
                    return answer;
                }));
    }

    /**
     * Tells the wrapped transport whether the client uses MCP 2026-07-28 or later. With a version of LangChain4j before
     * 1.19, which doesn't, this has no effect.
     */
    public void setModernProtocol(boolean modernProtocol) {
        ModernProtocol.setModernProtocol(delegate, modernProtocol);
    }

    /**
     * Tells the wrapped transport which version of the protocol the client uses. With a version of LangChain4j before
     * 1.19 this has no effect.
     */
    public void setProtocolVersion(String protocolVersion) {
        ModernProtocol.setProtocolVersion(delegate, protocolVersion);
    }

    /**
     * Returns whether the wrapped transport needs a notification to cancel a request. With a version of LangChain4j
     * before 1.19 every transport does.
     */
    public boolean requiresCancellationNotification() {
        return ModernProtocol.requiresCancellationNotification(delegate);
    }

    @Override
    public void checkHealth() {
        delegate.checkHealth();
    }

    @Override
    public void onFailure(Runnable actionOnFailure) {
        delegate.onFailure(actionOnFailure);
    }

    @Override
    public void close() throws IOException {
        changes.close();
        stopAsking();
        calls.close();
        asked.close();
        if (continuations != null) {
            continuations.clear();
        }
        fetch.tools().close();
        delegate.close();
    }

    /**
     * Checks that a client uses this transport, and that the transport refuses what every policy refuses: makes a call
     * that names no tool, and expects the denial. The call is never sent, even if the test fails, since it can't be
     * written as a call.
     *
     * <p>Call this at start-up, once the client is built.
     *
     * @throws IllegalStateException if there is no client, or the call was not denied
     */
    public void selfTest() {
        if (handler == null) {
            throw new IllegalStateException("the self-test failed: no client has started this transport");
        }
        CompletableFuture<JsonNode> answer = executeOperationWithResponse(new McpCallToolRequest(-1L, "", null));
        // A call that can't be read is decided at once, without asking a person or a remote limiter.
        if (!answer.isDone()
                || answer.isCompletedExceptionally()
                || !DenialMessages.isDenial(answer.getNow(MissingNode.getInstance()))) {
            throw new IllegalStateException("the self-test failed: a call that no policy allows was not denied");
        }
    }

    private ToolListQuery newFetch() {
        AnnouncedTools tools = engine.tools().open(server, toolListChanges);
        return new ToolListQuery(
                delegate, new ToolListState<>(tools, time, toolListChanges), toolListTimeout, this::forget);
    }

    private void forget(long id) {
        GuardedHandler current = handler;
        if (current != null) {
            current.forget(id);
        }
    }

    // ---- from the client to the server

    @Override
    public CompletableFuture<JsonNode> executeOperationWithResponse(McpClientMessage request) {
        return executeOperationWithResponse(new McpCallContext(null, request));
    }

    @Override
    public CompletableFuture<JsonNode> executeOperationWithResponse(McpCallContext context) {
        McpClientMessage message = context.message();
        if (message.method == McpClientMethod.TOOLS_CALL) {
            return call(context);
        }
        if (!isOfLangChain4j(message) || !(message instanceof McpClientRequest asked) || message.method == null) {
            engine.admit(unsigned(""));
            return CompletableFuture.failedFuture(unknownShape());
        }
        boolean lists = message.method == McpClientMethod.TOOLS_LIST;
        if (!lists && message.getId() != null && GuardedHandler.isOwn(message.getId())) {
            return CompletableFuture.failedFuture(idReserved());
        }
        String method = WireMethodNames.of(message.method);
        MethodCall request = request(method, message, context.invocationContext());
        return other(request, message.getId(), guarded -> {
            if (ListenRequests.namesResources(method, asked)) {
                Decision subscribes = engine.admit(request(SUBSCRIBE, context.invocationContext()));
                if (!subscribes.allowed()) {
                    guarded.unsent();
                    return CompletableFuture.failedFuture(answers.refusal(subscribes));
                }
            }
            if (lists) {
                Listing list = fetch.tools().listing(cursor(asked));
                return shown(
                        delegate.executeOperationWithResponse(context),
                        guarded,
                        response -> filtered(response, list, context.invocationContext()));
            }
            return shown(delegate.executeOperationWithResponse(context), guarded, response -> {
                if (method.equals(DISCOVER) && outcome(response) == CallOutcome.SUCCEEDED) {
                    // In the modern protocol this is what begins a session.
                    changes.begin();
                }
                return response;
            });
        });
    }

    /**
     * Decides on a request other than a call, which may take as long as a person needs, and sends it if it is allowed.
     * If the client gives up on it before, it is not sent.
     *
     * @param id the request's id; null if it has none
     */
    @SuppressWarnings("FutureReturnValueIgnored") // its last stage passes every failure on
    private CompletableFuture<JsonNode> other(
            MethodCall request, @Nullable Long id, Function<GuardedCall, CompletableFuture<JsonNode>> send) {
        if (!engine.readsParameters(request.method())) {
            return sent(GuardedCall.of(ToolCall.standingFor(request), engine.admitNotification(request)), send);
        }
        PendingCall open = new PendingCall();
        ToolCall call = ToolCall.standingFor(request);
        PendingCalls.Addition addition = id == null ? PendingCalls.Addition.AWAITED : calls.add(id, open, call);
        if (addition == PendingCalls.Addition.FULL) {
            engine.deny(request, PendingCalls.full());
            return CompletableFuture.failedFuture(answers.refusal(DenialText.busy()));
        }
        if (addition == PendingCalls.Addition.CLOSED) {
            return CompletableFuture.failedFuture(new IllegalStateException("the transport is closed"));
        }
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        CompletableFuture<Admission> decided =
                open.decidedBy(engine.admitAsync(request, otherOptions).toCompletableFuture());
        Function<Admission, CompletableFuture<JsonNode>> next = admission -> {
            GuardedCall guarded = GuardedCall.of(call, admission);
            if (admission.decision().allowed() && !open.send(guarded)) {
                admission.unsent();
                return CompletableFuture.failedFuture(
                        new IllegalStateException("the request was given up before it was decided, and was not sent"));
            }
            CompletableFuture<JsonNode> response = sent(guarded, send);
            givenUp(answer, () -> response.cancel(true));
            return response;
        };
        // Sending may block. The thread that decides, such as a remote limiter's, must not.
        (decided.isDone() ? decided.thenCompose(next) : decided.thenComposeAsync(next))
                .whenComplete((response, failure) -> {
                    forgetCall(id, open);
                    if (failure != null) {
                        answer.completeExceptionally(failure);
                    } else {
                        answer.complete(response);
                    }
                });
        return givenUp(answer, open::lose);
    }

    /** Sends a request if it is allowed. */
    private CompletableFuture<JsonNode> sent(
            GuardedCall guarded, Function<GuardedCall, CompletableFuture<JsonNode>> send) {
        if (!guarded.decision().allowed()) {
            return CompletableFuture.failedFuture(answers.refusal(guarded.decision()));
        }
        guarded.admission().handedOver();
        try {
            return send.apply(guarded);
        } catch (Throwable e) {
            guarded.sendingFailed(e, saysUnsent);
            return CompletableFuture.failedFuture(e);
        }
    }

    /**
     * What the client may see of a response to a request other than a call, which is settled by it. A client that gives
     * up cancels what it awaits, and LangChain4j's transports then close the stream by which the response would come.
     */
    @SuppressWarnings("FutureReturnValueIgnored") // nothing comes after the cancellation
    private CompletableFuture<JsonNode> shown(
            CompletableFuture<JsonNode> response, GuardedCall guarded, UnaryOperator<JsonNode> shown) {
        CompletableFuture<JsonNode> answer = response.whenComplete((message, failure) -> {
                    if (failure != null) {
                        guarded.sendingFailed(failure, saysUnsent);
                    }
                })
                .thenCompose(message -> judged(message, guarded).thenApply(shown));
        return givenUp(answer, () -> response.cancel(true));
    }

    @SuppressWarnings("FutureReturnValueIgnored") // nothing comes after the cancellation
    private static CompletableFuture<JsonNode> givenUp(CompletableFuture<JsonNode> answer, Runnable giveUp) {
        answer.whenComplete((seen, failure) -> {
            if (answer.isCancelled()) {
                giveUp.run();
            }
        });
        return answer;
    }

    /**
     * Null for the first page. A cursor that can't be read is not one of ours, so its page only adds to what is known.
     */
    private static @Nullable String cursor(McpClientRequest request) {
        if (request.getParams() == null) {
            return null;
        }
        return request.getParams() instanceof McpListToolsParams params ? params.getCursor() : "";
    }

    @Override
    public void executeOperationWithoutResponse(McpClientMessage request) {
        executeOperationWithoutResponse(new McpCallContext(null, request));
    }

    @Override
    public void executeOperationWithoutResponse(McpCallContext context) {
        McpClientMessage message = context.message();
        if (message.method == McpClientMethod.TOOLS_CALL) {
            throw answers.refusal(
                    engine.admit(request(WireMethodNames.of(message.method), context.invocationContext())));
        }
        if (!isOfLangChain4j(message)) {
            engine.admit(unsigned(""));
            throw unknownShape();
        }
        if (message instanceof McpClientResponse response) {
            respond(context, response);
            return;
        }
        String method = message.method == null ? "" : WireMethodNames.of(message.method);
        Admission admission = engine.admitNotification(request(method, message, context.invocationContext()));
        boolean notifies = message instanceof McpClientNotification && message.method != null;
        if (!admission.decision().allowed()) {
            if (!notifies) {
                throw answers.refusal(admission.decision());
            }
            log.debug("Dropped the notification {} of the client's", VisibleText.name(method));
            return;
        }
        if (notifies && message instanceof McpClientNotification notification) {
            cancel(notification);
        }
        admission.handedOver();
        try {
            delegate.executeOperationWithoutResponse(context);
        } catch (Throwable e) {
            GuardedCall.of(ToolCall.standingFor(unsigned(method)), admission).sendingFailed(e, saysUnsent);
            throw e;
        }
        // No response tells more.
        admission.unknown();
    }

    /** Passes on what the client answers to a request of the server's. */
    @SuppressWarnings("FutureReturnValueIgnored") // nothing comes after it
    private void respond(McpCallContext context, McpClientResponse response) {
        Long id = response.getId();
        GuardedCall request = id == null ? null : asked.take(id);
        if (request == null) {
            if (!judging) {
                delegate.executeOperationWithoutResponse(context);
            } else if (id != null) {
                send(answers.refusalTo(id, UNAWAITED));
            }
            return;
        }
        if (!request.judgesAnswer()) {
            delegate.executeOperationWithoutResponse(context);
            return;
        }
        AnswerNode answer = AnswerNode.of(JSON.valueToTree(response));
        CompletableFuture<JudgedResult> judged = request.answered(
                        answer.came() == null ? CallResult.of(null) : answer.came())
                .toCompletableFuture();
        if (judged.isDone()) {
            send(answers.toServer(id, answer, judged.join()));
        } else {
            // Sending may block. The thread that judges must not.
            judged.thenAcceptAsync(made -> send(answers.toServer(id, answer, made)));
        }
    }

    private void send(McpClientResponse response) {
        delegate.executeOperationWithoutResponse(new McpCallContext(null, response));
    }

    /**
     * Handles a call that the client has given up on. Runs before the server learns of it: a call that is still being
     * decided must not follow.
     */
    private void cancel(McpClientNotification notification) {
        if (notification.getParams() instanceof McpCancellationParams params && params.getRequestId() != null) {
            PendingCall call = calls.take(params.getRequestId());
            if (call != null) {
                call.lose();
            }
        }
    }

    private static boolean isOfLangChain4j(McpClientMessage message) {
        return message.getClass().getPackageName().equals(MESSAGES);
    }

    /**
     * The response would not reach the client. Lists are exempt: another guard in front of this one requests them with
     * such ids.
     */
    private static IllegalArgumentException idReserved() {
        return new IllegalArgumentException("the id of a request must be below " + GuardedHandler.OWN_IDS);
    }

    private static IllegalArgumentException unknownShape() {
        return new IllegalArgumentException("refused to send a message that is not a request,"
                + " response or notification of LangChain4j's, since no policy could be applied to it");
    }

    /**
     * A request of whose caller nothing is known but what the transport was wrapped with. If callers are distinguished,
     * it names no caller rather than the wrong one.
     */
    private MethodCall unsigned(String method) {
        MethodCall request = MethodCall.of(method).on(server);
        return resolver.equals(CallContextResolver.NONE) ? request.by(identity).in(session) : request.byUnknownCaller();
    }

    /** A request from the client, by the caller whom the resolver names. If that fails, the caller is not known. */
    private MethodCall request(String method, @Nullable InvocationContext invocation) {
        MethodCall request = MethodCall.of(method).on(server);
        if (resolver.equals(CallContextResolver.NONE)) {
            return unsigned(method);
        }
        try {
            ToolCall signed = signed(ToolCall.standingFor(request), invocation);
            return request.by(signed.identity()).inSessionOf(signed).with(signed.context());
        } catch (Throwable e) {
            log.debug(
                    "Who asks for {} can't be told ({})",
                    VisibleText.name(method),
                    e.getClass().getName());
            return unsigned(method);
        }
    }

    /** The same for a message of the client's, with its parameters if the policy reads any. */
    private MethodCall request(String method, McpClientMessage message, @Nullable InvocationContext invocation) {
        MethodCall request = request(method, invocation);
        return engine.readsParameters(method) ? saying(JSON.valueToTree(message).path("params"), request) : request;
    }

    /** The request with its parameters, if the policy reads any. What can't be read is not known. */
    private MethodCall saying(JsonNode params, MethodCall request) {
        if (!engine.readsParameters(request.method())) {
            return request;
        }
        if (params.isMissingNode() || params.isNull()) {
            return request.with(Arguments.NONE);
        }
        try {
            @SuppressWarnings("unchecked") // An object has names for its members.
            Map<String, ?> members = params.isObject() ? (Map<String, ?>) JsonMap.of(params) : null;
            return members == null ? request : request.with(Arguments.freeze(members, argumentLimits));
        } catch (InvalidValueException e) {
            return request;
        }
    }

    // ---- calls

    @SuppressWarnings("FutureReturnValueIgnored") // its last stage passes every failure on
    private CompletableFuture<JsonNode> call(McpCallContext context) {
        CallMessage request = CallMessage.read(context.message(), argumentLimits);
        ToolCall call = request.call().on(server);
        CompletableFuture<GuardedCall> decided;
        PendingCall open = new PendingCall();
        try {
            PendingCalls.Addition addition =
                    request.id() == null ? PendingCalls.Addition.AWAITED : calls.add(request.id(), open, call);
            if (addition == PendingCalls.Addition.FULL) {
                failed(call, PendingCalls.full());
                return CompletableFuture.completedFuture(answers.denial(request.id(), DenialText.busy(), null));
            }
            if (addition == PendingCalls.Addition.CLOSED) {
                return CompletableFuture.failedFuture(new IllegalStateException("the transport is closed"));
            }
            call = signed(request.call(), context.invocationContext()).among(fetch.tools());
            decided = decide(call, request.listMeta(), open);
        } catch (Throwable e) {
            forgetCall(context.message().getId(), open);
            Decision denied = failed(call, e).decision();
            return CompletableFuture.completedFuture(answers.denial(request.id(), denied, null));
        }
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        ToolCall signed = call;
        Function<Optional<GuardedCall>, CompletableFuture<JsonNode>> next =
                ruled -> ruled.map(guarded -> pass(context, request, open, answer, guarded))
                        .orElseGet(() -> CompletableFuture.completedFuture(
                                answers.denial(request.id(), DenialText.failed(), null)));
        CompletableFuture<Optional<GuardedCall>> ruled =
                decided.handle((guarded, failure) -> ruled(open, signed, guarded, failure));
        // Sending may block. The thread that decides, such as a remote limiter's, must not.
        (ruled.isDone() ? ruled.thenCompose(next) : ruled.thenComposeAsync(next)).whenComplete((response, failure) -> {
            forgetCall(request.id(), open);
            if (failure != null) {
                answer.completeExceptionally(failure);
            } else {
                answer.complete(response);
            }
        });
        answer.whenComplete((response, failure) -> {
            if (answer.isCancelled()) {
                open.lose();
            }
        });
        return answer;
    }

    /** Empty if the call is over, so that no caller waits for it any longer. */
    private Optional<GuardedCall> ruled(
            PendingCall open, ToolCall call, @Nullable GuardedCall guarded, @Nullable Throwable failure) {
        if (guarded == null && !open.isOver()) {
            return Optional.of(GuardedCall.of(
                    call,
                    failed(
                            call,
                            failure == null ? new IllegalStateException("the engine gave no decision") : failure)));
        }
        return Optional.ofNullable(guarded);
    }

    /** A denial because something failed, recorded like every other denial. */
    private Admission failed(ToolCall call, Throwable failure) {
        // The failure's message may quote anything. The engine's listener gets the failure itself.
        log.debug(
                "A call was denied because it could not be decided ({})",
                failure.getClass().getName());
        return engine.deny(call, failure);
    }

    private void forgetCall(@Nullable Long id, PendingCall open) {
        if (id != null) {
            calls.forget(id, open);
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // nothing comes after the cancellation
    private CompletableFuture<JsonNode> pass(
            McpCallContext context,
            CallMessage request,
            PendingCall open,
            CompletableFuture<JsonNode> answer,
            GuardedCall guarded) {
        Admission admission = guarded.admission();
        if (!admission.decision().allowed()) {
            admission.unsent();
            report(request.call().tool(), admission.decision());
            return CompletableFuture.completedFuture(
                    answers.denial(request.id(), admission.decision(), admission.answer()));
        }
        if (answer.isDone() || !open.send(guarded)) {
            admission.unsent();
            return CompletableFuture.failedFuture(
                    new IllegalStateException("the call was given up before it was decided, and was not sent"));
        }
        McpCallContext decided;
        try {
            decided = toSend(context, request, admission.toSend(request.call()));
        } catch (Throwable e) {
            open.end(GuardedCall::unsent);
            return CompletableFuture.failedFuture(e);
        }
        admission.handedOver();
        CompletableFuture<JsonNode> response;
        try {
            response = delegate.executeOperationWithResponse(decided);
        } catch (Throwable e) {
            open.end(call -> call.sendingFailed(e, saysUnsent));
            return CompletableFuture.failedFuture(e);
        }
        answer.whenComplete((seen, failure) -> {
            if (answer.isCancelled()) {
                open.lose();
                response.cancel(true);
            }
        });
        return response.whenComplete((message, failure) -> {
                    if (failure != null) {
                        open.end(call -> call.sendingFailed(failure, saysUnsent));
                    }
                })
                .thenCompose(message -> answered(request, guarded, open, message));
    }

    /**
     * What to send: what came, if it still says what was decided, and otherwise a copy that does. Headers repeat
     * arguments, so they are made anew if a person has changed the arguments.
     */
    private McpCallContext toSend(McpCallContext context, CallMessage request, ToolCall decided) {
        if (request.isSaidBy(context.message(), decided, argumentLimits)) {
            return context;
        }
        Map<String, String> headers = ModernProtocol.paramHeaders(context);
        if (!decided.arguments().equals(request.call().arguments())) {
            KnownTool tool = fetch.tools().find(decided.tool());
            ObjectValue schema = tool == null ? null : tool.definition().inputSchema();
            if (schema == null && headers != null) {
                throw new IllegalStateException(
                        "a person has changed arguments that headers repeat, and the tool's schema is not known");
            }
            headers = schema == null
                    ? null
                    : ParamHeaders.of(schema, decided.arguments().root());
        }
        return ModernProtocol.context(context.invocationContext(), request.decided(decided), headers);
    }

    /** Handles the server's answer to a call, and returns what the client may see of it. */
    private CompletableFuture<@Nullable JsonNode> answered(
            CallMessage request, GuardedCall guarded, PendingCall open, @Nullable JsonNode response) {
        ToolCall call = guarded.call();
        MethodCall asked = MethodCall.of("")
                .by(call.identity())
                .inSessionOf(call)
                .on(call.server())
                .with(call.context());
        Decision asks = askedWithin(response, asked);
        if (!asks.allowed()) {
            // The server has begun the call.
            open.lose();
            return CompletableFuture.completedFuture(withheld(request, asks));
        }
        AnswerNode answer = response == null ? null : AnswerNode.of(response);
        if (answer == null || answer.came() == null) {
            open.lose();
            return CompletableFuture.completedFuture(unjudged(response, answer, guarded));
        }
        return open.answered(guarded, answer.came())
                .toCompletableFuture()
                .thenApply(judged -> judged.decision().allowed()
                        ? shown(answer, judged, guarded)
                        : withheld(request, judged.decision()));
    }

    private JsonNode withheld(CallMessage request, Decision decision) {
        report(request.call().tool(), decision);
        return answers.denial(request.id(), decision, null);
    }

    /** What the client may see of an answer that says nothing that could be judged. */
    private static @Nullable JsonNode unjudged(
            @Nullable JsonNode response, @Nullable AnswerNode answer, GuardedCall guarded) {
        return answer == null || !guarded.judgesAnswer() ? response : answer.shown(null);
    }

    private static JsonNode shown(AnswerNode answer, JudgedResult judged, GuardedCall guarded) {
        return guarded.judgesAnswer() ? answer.shown(judged.shown()) : answer.message();
    }

    /** What the client may see of a response to a request other than a call, which is settled by it. */
    private CompletableFuture<JsonNode> judged(JsonNode message, GuardedCall guarded) {
        JsonNode allowed = withoutDeniedRequests(message, guarded);
        AnswerNode answer = AnswerNode.of(allowed);
        if (answer.came() == null) {
            guarded.settle(CallOutcome.UNKNOWN);
            return CompletableFuture.completedFuture(guarded.judgesAnswer() ? answer.shown(null) : allowed);
        }
        return guarded.answered(answer.came()).toCompletableFuture().thenApply(judged -> {
            if (!judged.decision().allowed()) {
                throw answers.refusal(judged.decision());
            }
            return shown(answer, judged, guarded);
        });
    }

    /** How a request has ended. Its answer is read as the client does: if there is a result, it ignores an error. */
    private static CallOutcome outcome(@Nullable JsonNode answer) {
        if (answer != null && answer.has("result")) {
            return CallOutcome.SUCCEEDED;
        }
        return answer != null && answer.hasNonNull("error") ? CallOutcome.FAILED : CallOutcome.UNKNOWN;
    }

    /** A failed fetch needs no check here: the engine denies the call if it still lacks a definition that it needs. */
    private CompletableFuture<GuardedCall> decide(ToolCall call, Map<String, Object> meta, PendingCall open) {
        return fetch.isNeeded(engine, call)
                ? fetch.learn(meta).thenCompose(learnt -> admit(call, open))
                : admit(call, open);
    }

    private CompletableFuture<GuardedCall> admit(ToolCall call, PendingCall open) {
        return open.decidedBy(guard.admit(call, options));
    }

    private ToolCall signed(ToolCall call, @Nullable InvocationContext invocation) {
        ToolCall signed = resolver.resolve(call.by(identity).in(session).on(server), invocation);
        if (!signed.tool().equals(call.tool())
                || !signed.arguments().equals(call.arguments())
                || !Objects.equals(signed.problem(), call.problem())) {
            throw new IllegalStateException("the call resolver must not change what is called");
        }
        return signed;
    }

    /**
     * Logs the tool's name but never an argument. The engine reports to its sinks and observers, and the host chooses
     * there what to log.
     */
    private static void report(String tool, Decision decision) {
        if (log.isDebugEnabled()) {
            log.debug(
                    "{} a call to {}: {}, rule {}",
                    decision.code() == Decision.Code.APPROVAL_PENDING ? "Put to a person" : "Denied",
                    VisibleText.name(tool),
                    decision.code().text(),
                    VisibleText.name(
                            decision.rule() == null ? "-" : decision.rule().name()));
        }
    }

    // ---- from the server to the client

    /** Decides on a request or notification from the server. On a notification, and on most requests, at once. */
    private CompletableFuture<Decision> received(JsonNode message) {
        JsonNode params = message.path("params");
        MethodCall request =
                saying(params, unsigned(message.path("method").asText()).askedByServer());
        if (!message.has("id")) {
            Admission told = engine.admitNotification(request);
            Decision decision = told.decision().allowed()
                    ? embedded(EmbeddedRequests.inResult(JsonMap.of(params)), request)
                    : told.decision();
            told.settle(decision.allowed() ? CallOutcome.UNKNOWN : CallOutcome.UNSENT);
            return CompletableFuture.completedFuture(decision);
        }
        CompletableFuture<Admission> deciding =
                engine.admitAsync(request, otherOptions).toCompletableFuture();
        Object wait = new Object();
        if (!deciding.isDone()) {
            asking.put(wait, deciding);
        }
        return deciding.thenApply(admission -> {
            asking.remove(wait);
            return asked(message, request, admission);
        });
    }

    /**
     * Hands the client a request of the server's. What the client answers doesn't say whether it has done what was
     * asked, so a request whose answer means nothing to the policy is settled at once.
     */
    private Decision asked(JsonNode message, MethodCall request, Admission admission) {
        GuardedCall guarded = GuardedCall.of(ToolCall.standingFor(request), admission);
        if (!guarded.decision().allowed()) {
            return guarded.decision();
        }
        admission.handedOver();
        if (guarded.judgesAnswer()) {
            judging = true;
        }
        // The client reads the id in the same way.
        PendingCalls.Addition addition = asked.add(message.get("id").asLong(), guarded);
        if (!guarded.judgesAnswer()) {
            admission.unknown();
        } else if (addition != PendingCalls.Addition.AWAITED) {
            admission.unknown();
            engine.deny(request, PendingCalls.full());
            return DenialText.busy();
        }
        return guarded.decision();
    }

    /** Requests of a server that is gone must not reach the client any more. */
    private void stopAsking() {
        asking.values().forEach(deciding -> deciding.cancel(false));
        asking.clear();
    }

    /**
     * Decides on the requests in a response from the server.
     *
     * @param answered the request that it answers
     */
    private Decision askedWithin(@Nullable JsonNode response, MethodCall answered) {
        if (response == null) {
            return Decision.ALLOWED;
        }
        Object result = JsonMap.of(response.path("result"));
        JsonNode error = response.path("error");
        return embedded(
                error.isObject()
                        ? EmbeddedRequests.inResponse(
                                result, JsonMap.of(error.path("code")), JsonMap.of(error.path("data")))
                        : EmbeddedRequests.inResult(result),
                answered);
    }

    private Decision embedded(List<EmbeddedRequest> requests, MethodCall answered) {
        return requests.isEmpty() ? Decision.ALLOWED : engine.admitEmbedded(requests, answered);
    }

    /**
     * Returns the response to a request other than a call. Fails if the response asks the client for something denied.
     */
    private JsonNode withoutDeniedRequests(JsonNode response, GuardedCall guarded) {
        MethodCall request = guarded.call().request();
        Decision asks = askedWithin(response, request == null ? unsigned("") : request);
        if (!asks.allowed()) {
            // The server has begun the request.
            guarded.settle(CallOutcome.UNKNOWN);
            log.debug("Withheld an answer of the server's that asks for what it may not");
            throw answers.refusal(asks);
        }
        return response;
    }

    private void refuse(Decision decision, long id) {
        try {
            delegate.executeOperationWithoutResponse(new McpCallContext(null, answers.refusalTo(id, decision)));
        } catch (RuntimeException e) {
            log.debug(
                    "The server could not be told that its request was refused ({})",
                    e.getClass().getName());
        }
    }

    private JsonNode filtered(JsonNode response, Listing list, @Nullable InvocationContext invocation) {
        try {
            return ToolLists.withoutHidden(response, list, engine, call -> signed(call, invocation));
        } catch (Throwable e) {
            log.warn(
                    "A list of tools was withheld because of a failure ({})",
                    e.getClass().getName());
            throw answers.refusal(engine.deny(request(TOOLS_LIST, invocation), e));
        }
    }

    /** The number of calls under way; for tests. */
    int openCalls() {
        return calls.size();
    }

    // ---- settings

    /** Settings of a wrapped transport. A setting that is not made keeps the default that its method documents. */
    public static final class Builder {

        private final McpTransport delegate;
        private final PolicyEngine engine;

        private @Nullable String server;
        private @Nullable String identity;
        private @Nullable String session;
        private CallContextResolver resolver = CallContextResolver.NONE;
        private Predicate<? super Throwable> saysUnsent = failure -> false;
        private String denialPrefix = DenialText.DEFAULT_PREFIX;
        private ValueLimits argumentLimits = ValueLimits.DEFAULT;
        private TimeSource time = TimeSource.system();
        private Alarm alarm = Alarm.system();
        private Duration callTimeToLive = GuardSettings.CALL_TIME_TO_LIVE;
        private Duration toolListTimeout = GuardSettings.TOOL_LIST_TIMEOUT;
        private Duration approvalWait = Duration.ofSeconds(55);

        private Builder(McpTransport delegate, PolicyEngine engine) {
            this.delegate = delegate;
            this.engine = engine;
        }

        /**
         * The name by which policies know this server: {@code call.server}. A host that uses one engine for several
         * servers should name each of them, or the engine mistakes one server's tools for another's. Default: none.
         */
        public Builder server(String name) {
            this.server = name;
            return this;
        }

        /** The caller, if the {@linkplain #callContext resolver} gives none: {@code call.identity}. Default: none. */
        public Builder identity(String identity) {
            this.identity = identity;
            return this;
        }

        /**
         * The agent session, if the {@linkplain #callContext resolver} gives none: {@code call.session}. Limits of
         * scope {@code session} count by it. Default: the caller's identity. If that is unknown as well, it is the
         * {@linkplain ToolCall#COMMON_SESSION session} that all such calls have in common, so that one agent's limits
         * hold over all its servers.
         */
        public Builder session(String session) {
            this.session = session;
            return this;
        }

        /** Finds out who makes each call. Default: {@link CallContextResolver#NONE}. */
        public Builder callContext(CallContextResolver resolver) {
            this.resolver = resolver;
            return this;
        }

        /**
         * Declares that the wrapped transport sends each message at most once, and which of its failures mean that no
         * byte of the message has left. A call that fails in this way gives back what limits have reserved for it.
         * Every other failure counts as unknown. Don't use this for transports over HTTP: their clients send a request
         * again by themselves, and the outcome of the last attempt says nothing about the first. A person's approval is
         * not given back. Default: none; LangChain4j's {@code StdioMcpTransport} has no such failure.
         */
        public Builder sendsOnce(Predicate<? super Throwable> saysUnsent) {
            this.saysUnsent = saysUnsent;
            return this;
        }

        /** The prefix of a denial's text. Default: {@code "[POLICY DENIED] "}. */
        public Builder denialPrefix(String prefix) {
            this.denialPrefix = prefix;
            return this;
        }

        /** The largest arguments allowed, whatever the policy says. Default: {@link ValueLimits#DEFAULT}. */
        public Builder argumentLimits(ValueLimits limits) {
            this.argumentLimits = limits;
            return this;
        }

        /** The source of time. Default: the JVM's clocks. */
        public Builder timeSource(TimeSource time) {
            this.time = time;
            return this;
        }

        /** Signals that a response has been awaited for too long. Default: {@link Alarm#system}. */
        public Builder alarm(Alarm alarm) {
            this.alarm = alarm;
            return this;
        }

        /**
         * How long a response is awaited before its call counts as lost. It should be longer than the client's {@code
         * toolExecutionTimeout}. Default: ten minutes.
         *
         * @throws IllegalArgumentException if it isn't positive
         */
        public Builder callTimeToLive(Duration timeToLive) {
            this.callTimeToLive = GuardSettings.positive("callTimeToLive", timeToLive);
            return this;
        }

        /**
         * How long a call may wait for the list of tools if a check needs it and the client hasn't listed the tools. To
         * be useful, it must be shorter than the client's {@code toolExecutionTimeout}. Default: ten seconds.
         *
         * @throws IllegalArgumentException if it isn't positive
         */
        public Builder toolListTimeout(Duration timeout) {
            this.toolListTimeout = GuardSettings.positive("toolListTimeout", timeout);
            return this;
        }

        /**
         * How long a call may wait for a person's approval. It must be shorter than the client's {@code
         * toolExecutionTimeout}, or the client gives up first and the answer has no effect. Default: 55 seconds, since
         * that timeout is a minute unless set otherwise.
         *
         * @throws IllegalArgumentException if it isn't positive
         */
        public Builder approvalWait(Duration wait) {
            this.approvalWait = GuardSettings.positive("approvalWait", wait);
            return this;
        }

        /**
         * Returns the wrapped transport.
         *
         * @throws IllegalArgumentException if the policy reads facts that no call here can have: the identity, the
         *     server's name or {@code ctx}. Once this returns, the engine refuses such policies.
         */
        public EnforcingMcpTransport build() {
            GuardSettings.requireFacts(
                    engine, !resolver.equals(CallContextResolver.NONE), identity, session, server, Set.of());
            return new EnforcingMcpTransport(this);
        }
    }
}
