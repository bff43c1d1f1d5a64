package dev.interlock.policy.mcp;

import dev.interlock.policy.adapter.GuardedCall;
import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.Decision.Verdict;
import dev.interlock.policy.engine.JudgedResult;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse.JSONRPCError;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * Has what is answered to calls and to other requests judged by the policy, and tells what may be seen of it. Nothing
 * blocks: what takes longer to judge is passed on later, and other messages meanwhile.
 *
 * <p>If the policy says nothing about an answer, it is not converted, and passes as the object that it is. Otherwise it
 * is read once, as plain JSON, and what was judged is what passes: an answer of another Java type could be another
 * answer the next time that it is read. Thread-safe.
 */
final class JudgedAnswers {

    private static final Logger log = LoggerFactory.getLogger(JudgedAnswers.class);

    // What answers say that nothing judges.
    private static final CallResult ERROR = CallResult.failed(null, null, null);
    private static final CallResult RESULT = CallResult.of(null);
    private static final CallResult TOOL_ERROR = CallResult.of(Map.of("isError", true));

    private static final Decision UNAWAITED = new Decision(
            Verdict.DENIED,
            Code.RESULT,
            null,
            "Nothing awaits this answer: the request was answered before, or was given up.",
            null,
            false);

    /** Deeper values are left to a converter, which has a bound of its own. */
    private static final int MAX_DEPTH = 500;

    private final Methods methods;
    private final Answers answers;
    private final UnaryOperator<Object> converter;
    private final boolean early;

    /** Whether an answer was ever awaited that the policy said something about. It may be another policy by now. */
    private volatile boolean judging;

    /** What an answer ends. */
    interface Awaited {

        /** The call, or the other request, with what was reserved for it. */
        GuardedCall guarded();

        /** The answer has come; see {@link GuardedCall#answered}. */
        default CompletionStage<JudgedResult> answered(CallResult came) {
            return guarded().answered(came);
        }

        /** There is no answer that could be passed on. */
        void abandon();
    }

    private JudgedAnswers(Methods methods, Answers answers, UnaryOperator<Object> converter, boolean early) {
        this.methods = methods;
        this.answers = answers;
        this.converter = converter;
        this.early = early;
    }

    /**
     * What a server answers. It may guess the ids of requests that are still being decided, and answer them early.
     *
     * @param converter converts values of an unknown Java type to plain JSON
     */
    static JudgedAnswers ofServer(Methods methods, Answers answers, UnaryOperator<Object> converter) {
        return new JudgedAnswers(methods, answers, converter, true);
    }

    /**
     * What clients answer, who know no request before it is awaited here.
     *
     * @param converter converts values of an unknown Java type to plain JSON
     */
    static JudgedAnswers ofClient(Methods methods, Answers answers, UnaryOperator<Object> converter) {
        return new JudgedAnswers(methods, answers, converter, false);
    }

    /** Called before a call or another request is sent. */
    void awaits(GuardedCall guarded) {
        if (guarded.judgesAnswer()) {
            judging = true;
        }
    }

    /** What may be seen of the answer to a call, which ends it: a tool result if the answer is withheld. */
    Mono<JSONRPCResponse> ofCall(Object id, JSONRPCResponse response, Awaited awaited) {
        return ended(id, response, awaited, answers::withheld);
    }

    /** What may be seen of the answer to another request, which ends it: an error if the answer is withheld. */
    Mono<JSONRPCResponse> ofOther(Object id, JSONRPCResponse response, Awaited awaited) {
        return ended(id, response, awaited, answers::refusal);
    }

    private Mono<JSONRPCResponse> ended(
            Object id,
            JSONRPCResponse response,
            Awaited awaited,
            BiFunction<Object, Decision, JSONRPCResponse> withholding) {
        Decision asks = methods.askedWithin(response, awaited.guarded());
        if (asks.allowed()) {
            return judged(id, response, awaited, withholding);
        }
        // The server has begun the request.
        awaited.abandon();
        log.debug("Withheld an answer of the server's that asks for what it may not");
        return Mono.just(withholding.apply(id, asks));
    }

    /** What the server may see of what its client has answered to a request of the server's. */
    Mono<JSONRPCResponse> ofClient(JSONRPCResponse response, GuardedCall asked) {
        return judged(response.id(), response, new AskedOfClient(asked), answers::refusal);
    }

    private record AskedOfClient(GuardedCall guarded) implements Awaited {
        @Override
        public void abandon() {
            guarded.unsent();
        }
    }

    private Mono<JSONRPCResponse> judged(
            Object id,
            JSONRPCResponse response,
            Awaited awaited,
            BiFunction<Object, Decision, JSONRPCResponse> withholding) {
        boolean whole = awaited.guarded().judgesAnswer();
        CompletableFuture<JudgedResult> judged =
                awaited.answered(whole ? plain(response) : outline(response)).toCompletableFuture();
        if (judged.isDone()) {
            return Mono.just(shown(id, response, whole, judged.join(), withholding));
        }
        // A reader that stops waiting cancels only what is made for it here, and not what follows from the answer.
        return Mono.fromFuture(judged.thenApply(made -> shown(id, response, whole, made, withholding)));
    }

    @SuppressWarnings("ReferenceEquality") // what was not changed is the same object
    private static JSONRPCResponse shown(
            Object id,
            JSONRPCResponse response,
            boolean whole,
            JudgedResult judged,
            BiFunction<Object, Decision, JSONRPCResponse> withholding) {
        if (!judged.decision().allowed()) {
            return withholding.apply(id, judged.decision());
        }
        if (!whole) {
            return response;
        }
        CallResult.ProtocolError failure = judged.shown().error();
        JSONRPCError error = response.error();
        if (failure == null || error == null) {
            Object result = judged.shown().result();
            return error == null && result == response.result() ? response : SdkRecords.result(id, result);
        }
        String message = failure.message();
        // A reader may follow the result if there are both.
        return response.result() == null && Objects.equals(message, error.message()) && failure.data() == error.data()
                ? response
                : SdkRecords.error(id, error.code(), message == null ? "" : message, failure.data());
    }

    /** What an answer says that no rule reads. */
    private static CallResult outline(JSONRPCResponse response) {
        if (response.error() != null) {
            return ERROR;
        }
        if (response.result() instanceof CallToolResult typed) {
            return Boolean.TRUE.equals(typed.isError()) ? TOOL_ERROR : RESULT;
        }
        return CallResult.of(response.result());
    }

    private CallResult plain(JSONRPCResponse response) {
        JSONRPCError error = response.error();
        return error == null
                ? CallResult.of(plain(response.result()))
                : CallResult.failed(error.code(), error.message(), plain(error.data()));
    }

    /** The same value if it is plain JSON. One that can't be converted stays as it is, and can't be judged. */
    private @Nullable Object plain(@Nullable Object value) {
        try {
            return value == null || isPlain(value, MAX_DEPTH) ? value : converter.apply(value);
        } catch (RuntimeException | StackOverflowError e) {
            log.debug("An answer can't be converted", RedactedException.of(e));
            return value;
        }
    }

    private static boolean isPlain(@Nullable Object value, int depth) {
        if (value instanceof Map<?, ?> members) {
            return depth > 0
                    && members.entrySet().stream()
                            .allMatch(member ->
                                    member.getKey() instanceof String && isPlain(member.getValue(), depth - 1));
        }
        if (value instanceof List<?> items) {
            return depth > 0 && items.stream().allMatch(item -> isPlain(item, depth - 1));
        }
        return value == null || value instanceof String || value instanceof Number || value instanceof Boolean;
    }

    /**
     * What may be seen of an answer that nothing awaits. If answers are judged, it might be a second one to a call, one
     * that comes too late, or one that comes before its call was decided, from a server that guesses ids. Then it is
     * withheld.
     */
    JSONRPCResponse unawaited(Object id, JSONRPCResponse response) {
        if (passesAnonymous()) {
            return response;
        }
        log.debug("Withheld an answer that nothing awaits");
        return answers.refusal(id, UNAWAITED);
    }

    /** Whether an answer that says not even what it answers may be seen. */
    boolean passesAnonymous() {
        return !judging && !(early && methods.judgesAnswers());
    }
}
