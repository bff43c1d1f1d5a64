package dev.interlock.policy.mcp;

import io.modelcontextprotocol.spec.McpTransportSessionClosedException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * The calls of one connection that are being decided, which takes long where a person is asked. One that is cancelled, or
 * whose connection ends, must not be sent any more, whatever the answer.
 */
final class UndecidedCalls {

    private final Set<Call> calls = ConcurrentHashMap.newKeySet();

    /** One call. Two may have one id, and are still two. */
    private static final class Call {
        private static final Object TAKEN = new Object();
        private static final Object CLOSED = new Object();

        final Object id;
        final Sinks.Empty<Void> withdrawn = Sinks.empty();
        /** Whether it is withdrawn because the connection has ended. */
        volatile boolean lost;

        /** Null, then a ruling, then {@link #TAKEN}; or {@link #CLOSED} before that. */
        private final AtomicReference<@Nullable Object> state = new AtomicReference<>();

        Call(Object id) {
            this.id = id;
        }

        void ruled(CallDecision ruling) {
            if (!state.compareAndSet(null, ruling)) {
                ruling.unsent();
            }
        }

        /** Whether the ruling may be acted on: from then on, this call can't be withdrawn here. */
        boolean take(CallDecision ruling) {
            return state.compareAndSet(ruling, TAKEN);
        }

        void close() {
            if (state.getAndSet(CLOSED) instanceof CallDecision ruling) {
                ruling.unsent();
            }
        }
    }

    /** What {@code decision} comes to; empty if the call is cancelled before, and then nothing stays reserved for it. */
    Mono<CallDecision> until(Object id, Mono<CallDecision> decision) {
        return Mono.defer(() -> {
            Call call = new Call(JsonRpcIds.key(id));
            calls.add(call);
            return decision.doOnNext(call::ruled)
                    .takeUntilOther(call.withdrawn.asMono())
                    .filter(call::take)
                    // Not as the signal that ends the wait: one that is an error leaves the decision going on.
                    .switchIfEmpty(Mono.defer(
                            () -> call.lost ? Mono.error(new McpTransportSessionClosedException()) : Mono.empty()))
                    .doFinally(signal -> {
                        calls.remove(call);
                        call.close();
                    });
        });
    }

    /** Withdraws every call of that id. */
    void withdraw(Object id) {
        Object key = JsonRpcIds.key(id);
        calls.stream().filter(call -> call.id.equals(key)).forEach(call -> call.withdrawn.tryEmitEmpty());
    }

    /** Withdraws all calls, with an error: on the next connection nobody would await their answers. */
    void withdrawAll() {
        calls.forEach(call -> {
            call.lost = true;
            call.withdrawn.tryEmitEmpty();
        });
    }

    int size() {
        return calls.size();
    }
}
