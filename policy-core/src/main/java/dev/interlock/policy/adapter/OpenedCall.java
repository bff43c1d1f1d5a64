package dev.interlock.policy.adapter;

import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A call that a client makes, once its {@linkplain SealedStates state} was opened. One thread at a time may use it.
 */
final class OpenedCall {

    /**
     * For how long a state stays used up. Longer than it is good, since the clocks of replicas may differ by minutes.
     */
    private static final Duration USED_UP = SealedStates.LONGEST.plusMinutes(5);

    private final PolicyEngine engine;
    private final ToolCall call;
    private final @Nullable SealedContent content;
    private final String nonce;
    private final ObjectValue answers;
    private final long sinceNanos;
    private @Nullable CompletionStage<Boolean> first;

    private OpenedCall(
            PolicyEngine engine,
            ToolCall call,
            @Nullable SealedContent content,
            String nonce,
            ObjectValue answers,
            long sinceNanos) {
        this.engine = engine;
        this.call = call;
        this.content = content;
        this.nonce = nonce;
        this.answers = answers;
        this.sinceNanos = sinceNanos;
    }

    /** A call without a state that was made for it. */
    static OpenedCall of(PolicyEngine engine, ToolCall call) {
        return new OpenedCall(engine, call, null, "", ObjectValue.EMPTY, 0);
    }

    /**
     * A call with a state that was made for it.
     *
     * @param came the call as it came
     * @param content what the state holds
     * @param good whether it has not expired
     * @param sinceNanos when the call was first answered, by the monotonic clock
     */
    static OpenedCall of(
            PolicyEngine engine, ToolCall came, SealedContent content, String nonce, boolean good, long sinceNanos) {
        Value given = came.parameters().get(ToolCall.INPUT_RESPONSES);
        ObjectValue answers = given instanceof ObjectValue object ? object : ObjectValue.EMPTY;
        boolean usable = good && content.asked().containsAll(answers.names());
        return new OpenedCall(engine, restored(came, content), usable ? content : null, nonce, answers, sinceNanos);
    }

    /** The call as the server gets it: what was kept takes the place of the state and, if we asked, of the answers. */
    private static ToolCall restored(ToolCall came, SealedContent content) {
        Map<String, Value> parameters = new LinkedHashMap<>(came.parameters().members());
        parameters.remove(Continuations.STATE);
        if (content.purpose() instanceof SealedContent.Asks) {
            Value given = parameters.remove(ToolCall.INPUT_RESPONSES);
            if (given instanceof ObjectValue object) {
                Map<String, Value> others = new LinkedHashMap<>(object.members());
                others.keySet().removeAll(content.asked());
                if (!others.isEmpty()) {
                    parameters.put(ToolCall.INPUT_RESPONSES, ObjectValue.of(others));
                }
            }
        }
        parameters.putAll(content.kept().members());
        return came.saying(ObjectValue.of(parameters));
    }

    /** The call to decide: with the parameters that the server gets, but its original arguments. */
    ToolCall call() {
        return call;
    }

    /** The state tells it apart from all others; empty if there is none that is good. */
    String nonce() {
        return content == null ? "" : nonce;
    }

    /** What a person may have answered; null if no person was asked, or the state is of no use any more. */
    SealedContent.@Nullable Asks asks() {
        return content != null && content.purpose() instanceof SealedContent.Asks asks ? asks : null;
    }

    /** The client's answer under this name; null if there is none. */
    @Nullable
    Value answer(String name) {
        return answers.get(name);
    }

    /** Uses the state up. The stage never fails, and is true if no other call has used it, at any replica. */
    CompletionStage<Boolean> isFirst() {
        CompletionStage<Boolean> known = first;
        if (known == null) {
            known = engine.redeem(nonce, call, USED_UP);
            first = known;
        }
        return known;
    }

    /** Takes the call that this one continues. The stage never fails, and is null if this is a new call. */
    CompletionStage<@Nullable GuardedCall> before() {
        if (content == null || !(content.purpose() instanceof SealedContent.GoesOn goesOn)) {
            return CompletableFuture.completedFuture(null);
        }
        return isFirst()
                .thenApply(isFirst -> isFirst
                        ? new GuardedCall(
                                engine, null, call, engine.resume(call, goesOn.admission()), sinceNanos, goesOn.round())
                        : null);
    }

    /** Names the tool and the server; never an argument. */
    @Override
    public String toString() {
        return call.toString();
    }
}
