package dev.interlock.policy.mcp;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.approval.ApprovalHandler;
import dev.interlock.policy.approval.ApprovalRequest;
import dev.interlock.policy.approval.ApprovalText;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.ClientCapabilities;
import io.modelcontextprotocol.spec.McpSchema.InitializeRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpTransport;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Asks the person at the other end of one MCP session, with the protocol's elicitation. Each session has its own
 * instance.
 *
 * <p>The requests are ours and not the server's. Their ids are random, so that only a client that was asked can answer.
 * An answer counts only if it comes in the same session and from the identity that made the call. An answer is a
 * response, so no tool call can pass for one.
 *
 * <p>Everything is sent on Reactor's elastic threads, since writing to a slow client may block. Thread-safe.
 */
final class ElicitedApprovals {

    private static final Logger log = LoggerFactory.getLogger(ElicitedApprovals.class);

    private static final String ID_PREFIX = AdapterRequests.ID_PREFIX + "approval/";

    /** The most questions that may be open in one session. More than a person can keep apart. */
    private static final int MAX_OPEN = 20;

    private final ApprovalForm form;
    private final Map<String, Question> open = new ConcurrentHashMap<>();
    private volatile boolean able;
    private volatile boolean closed;

    private record Question(
            @Nullable String identity, McpTransport transport, CompletableFuture<ApprovalAnswer> answer) {

        /** Leaves out the identity that is asked. */
        @Override
        public String toString() {
            return "a request for approval";
        }
    }

    ElicitedApprovals(ApprovalForm form) {
        this.form = form;
    }

    // ---- the client's capabilities

    /** Records the capabilities that a client announces in {@code initialize}. */
    void introduced(JSONRPCRequest initialize, McpTransport transport) {
        try {
            introduced(transport
                    .unmarshalFrom(initialize.params(), new TypeRef<InitializeRequest>() {})
                    .capabilities());
        } catch (RuntimeException e) {
            log.info(
                    "A client introduced itself in a way that can't be read, so its person is not asked for approvals");
            able = false;
        }
    }

    /** Records a client's capabilities. */
    void introduced(@Nullable ClientCapabilities capabilities) {
        ClientCapabilities.Elicitation elicitation = capabilities == null ? null : capabilities.elicitation();
        // A client that announces elicitation without details supports forms.
        able = elicitation != null && (elicitation.form() != null || elicitation.url() == null);
    }

    // ---- asking

    /** A handler that asks this person about a call that came over {@code transport}. */
    ApprovalHandler over(McpTransport transport) {
        return new ApprovalHandler() {
            @Override
            public CompletionStage<ApprovalAnswer> ask(ApprovalRequest request) {
                return ElicitedApprovals.this.ask(request, transport);
            }

            // The form shows all of them.
            @Override
            public boolean asksForAllRules() {
                return true;
            }
        };
    }

    private CompletionStage<ApprovalAnswer> ask(ApprovalRequest request, McpTransport transport) {
        if (!able) {
            return unasked("the client can't ask a person");
        }
        String text = ApprovalText.readable(request);
        if (text == null) {
            return unasked("its arguments are too long for a person to read");
        }
        CompletableFuture<ApprovalAnswer> answer = new CompletableFuture<>();
        Question question = new Question(request.identity(), transport, answer);
        send(() -> put(question, text), failure -> {
            log.info("A client could not be asked for an approval", RedactedException.of(failure));
            answer.complete(new ApprovalAnswer.Unasked("the client could not be asked"));
        });
        return answer;
    }

    private static CompletionStage<ApprovalAnswer> unasked(String reason) {
        return CompletableFuture.completedFuture(new ApprovalAnswer.Unasked(reason));
    }

    private Mono<Void> put(Question question, String text) {
        // Drawn here, on an elastic thread, since a source of secure random numbers may block.
        String id = ID_PREFIX + UUID.randomUUID();
        CompletionStage<ApprovalAnswer> end = question.answer();
        synchronized (open) {
            if (closed || open.size() >= MAX_OPEN) {
                question.answer()
                        .complete(new ApprovalAnswer.Unasked(
                                closed ? "the client has gone" : "too many questions are open at the client already"));
                return Mono.empty();
            }
            open.put(id, question);
        }
        end.whenComplete((given, failure) -> {
            // If the question is gone already, the client has answered it.
            if (open.remove(id) != null) {
                withdraw(id, question.transport());
            }
        });
        return question.answer().isDone()
                ? Mono.empty()
                : question.transport()
                        .sendMessage(SdkRecords.request(McpSchema.METHOD_ELICITATION_CREATE, id, form.about(text)))
                        // There is nothing to withdraw.
                        .doOnError(failure -> open.remove(id));
    }

    /** Tells the client that it may close the question. */
    private static void withdraw(String id, McpTransport transport) {
        JSONRPCMessage message = SdkRecords.notification(
                "notifications/cancelled", Map.of("requestId", id, "reason", "no answer is waited for any longer"));
        send(
                () -> transport.sendMessage(message),
                failure -> log.debug(
                        "A client could not be told that a question is withdrawn", RedactedException.of(failure)));
    }

    private static void send(Supplier<Mono<Void>> sending, Consumer<Throwable> failed) {
        Mono.defer(sending).subscribeOn(Schedulers.boundedElastic()).subscribe(nothing -> {}, failed);
    }

    // ---- being answered

    /**
     * Whether a client's response answers one of our questions. Such a response is never for the server, however late
     * it arrives.
     */
    static boolean isAnswer(JSONRPCResponse response) {
        return response.id() instanceof String id && id.startsWith(ID_PREFIX);
    }

    /**
     * Takes an answer.
     *
     * @param identity the identity that sends it
     */
    void answered(JSONRPCResponse response, @Nullable String identity) {
        Question question = open.get((String) response.id());
        if (question == null) {
            log.info("Dropped an answer to a question that is not open");
            return;
        }
        if (!Objects.equals(question.identity(), identity)) {
            log.warn("Dropped an answer to a request for approval that came from somebody else than the call");
            return;
        }
        if (open.remove((String) response.id(), question)) {
            ApprovalAnswer answer = form.read(response, converting(question.transport()));
            // Completing the answer continues the call. That must not hold up the thread that receives the client's
            // messages.
            Schedulers.boundedElastic().schedule(() -> question.answer().complete(answer));
        }
    }

    private static Function<Object, Map<String, Object>> converting(McpTransport transport) {
        return result -> transport.unmarshalFrom(result, new TypeRef<Map<String, Object>>() {});
    }

    /** Ends the session. */
    void close() {
        synchronized (open) {
            closed = true;
        }
        open.forEach((id, question) -> {
            open.remove(id);
            question.answer().complete(new ApprovalAnswer.Unasked("the client has gone"));
        });
    }

    /** The number of open questions; for tests. */
    int openQuestions() {
        return open.size();
    }
}
