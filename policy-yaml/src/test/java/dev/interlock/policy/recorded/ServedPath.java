package dev.interlock.policy.recorded;

import static java.util.concurrent.TimeUnit.SECONDS;

import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A path with a server at its end, which holds each call that reaches it until it is to answer. */
public abstract class ServedPath implements CallPath {

    private volatile @Nullable ToolCall current;
    private volatile CompletableFuture<Arrival> next = new CompletableFuture<>();
    private boolean denied;

    private record Arrival(String tool, ObjectValue arguments, CompletableFuture<End> answer) {}

    /** The call that is being made, which says what the host knows of its caller. */
    protected final ToolCall current() {
        ToolCall call = current;
        if (call == null) {
            throw new IllegalStateException("no call is being made");
        }
        return call;
    }

    /** The agent session of the call that is being made; null if the host names none. */
    protected final @Nullable String session() {
        return RecordedCase.sessionOf(current());
    }

    /** Sends a call. Completes with the text that the caller reads, or fails as the caller's call does. */
    protected abstract CompletableFuture<String> send(ToolCall call) throws Exception;

    /**
     * A call has reached the server.
     *
     * @return completes with the way in which the server is to answer: success, a tool error or an error
     */
    protected final CompletableFuture<CallOutcome> arrived(String tool, @Nullable Map<String, ?> arguments) {
        return reached(tool, arguments).thenApply(End::outcome);
    }

    /**
     * A call has reached the server.
     *
     * @return completes with the end of the call, which says what the server is to answer
     */
    protected final CompletableFuture<End> reached(String tool, @Nullable Map<String, ?> arguments) {
        Arrival arrival = new Arrival(
                tool,
                arguments == null ? ObjectValue.EMPTY : (ObjectValue) Value.freeze(arguments),
                new CompletableFuture<>());
        if (!next.complete(arrival)) {
            arrival.answer.completeExceptionally(new IllegalStateException("a call has come twice"));
        }
        return arrival.answer;
    }

    @Override
    public final Made make(ToolCall call) throws Exception {
        requireNoLateArrival();
        current = call;
        CompletableFuture<Arrival> arrival = new CompletableFuture<>();
        next = arrival;
        CompletableFuture<String> answer = send(call).exceptionally(failure -> String.valueOf(failure));
        CompletableFuture.anyOf(arrival, answer).get(RecordedRun.PATIENCE.toSeconds(), SECONDS);
        if (!arrival.isDone()) {
            denied = true;
            return Made.denied(answer.join());
        }
        denied = false;
        Arrival running = arrival.join();
        return new Made(running.tool, running.arguments, null, end -> {
            running.answer.complete(end);
            answer.get(RecordedRun.PATIENCE.toSeconds(), SECONDS);
            return null;
        });
    }

    private void requireNoLateArrival() {
        if (denied && next.isDone()) {
            throw new AssertionError("a call was denied and reached the server all the same");
        }
    }
}
