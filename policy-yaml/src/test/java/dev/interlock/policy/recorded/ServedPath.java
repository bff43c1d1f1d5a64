package dev.interlock.policy.recorded;

import static java.util.concurrent.TimeUnit.SECONDS;

import dev.interlock.policy.adapter.DenialText;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.LinkedHashMap;
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

    /**
     * What the caller reads.
     *
     * @param text the text of the result, or of the error
     * @param result the whole result; null if there is an error, or if the caller can't read all of it
     */
    public record Reply(String text, @Nullable ObjectValue result) {

        /** A result, as plain JSON. */
        public static Reply of(Map<String, ?> result) {
            ObjectValue read = (ObjectValue) Value.freeze(result);
            return new Reply(RecordedRun.text(read), read);
        }

        /** What became of the result that the server gave. Some paths add members of their own to results. */
        @Nullable
        Received received(End end) {
            if (result == null || end.result() == null) {
                return null;
            }
            if (result.get("_meta") instanceof ObjectValue meta && meta.get(DenialText.META_KEY) != null) {
                return new Received(true, null);
            }
            Map<String, Value> members = new LinkedHashMap<>(result.members());
            members.keySet().retainAll(end.result().members().keySet());
            return new Received(false, ObjectValue.of(members));
        }
    }

    /** Sends a call. Completes with what the caller reads, or fails as the caller's call does. */
    protected abstract CompletableFuture<Reply> send(ToolCall call) throws Exception;

    /**
     * A call has reached the server.
     *
     * @return completes with the end of the call, which says what the server is to answer
     */
    protected final CompletableFuture<End> arrived(String tool, @Nullable Map<String, ?> arguments) {
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
        CompletableFuture<Reply> answer = send(call).exceptionally(failure -> new Reply(String.valueOf(failure), null));
        CompletableFuture.anyOf(arrival, answer).get(RecordedRun.PATIENCE.toSeconds(), SECONDS);
        if (!arrival.isDone()) {
            denied = true;
            return Made.denied(answer.join().text());
        }
        denied = false;
        Arrival running = arrival.join();
        return new Made(running.tool, running.arguments, null, end -> {
            running.answer.complete(end);
            return answer.get(RecordedRun.PATIENCE.toSeconds(), SECONDS).received(end);
        });
    }

    private void requireNoLateArrival() {
        if (denied && next.isDone()) {
            throw new AssertionError("a call was denied and reached the server all the same");
        }
    }
}
