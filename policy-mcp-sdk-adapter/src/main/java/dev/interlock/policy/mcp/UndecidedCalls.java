package dev.interlock.policy.mcp;

import dev.interlock.policy.adapter.JsonRpcIds;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * The calls, and other requests, of one connection that are being decided, which takes long if a person is asked. A
 * call that is cancelled, or whose connection ends, must not be sent any more, whatever the decision.
 */
final class UndecidedCalls {

    private final Set<Call<?>> calls = ConcurrentHashMap.newKeySet();

    /** One call. Two calls may have the same id, and are still distinct. */
    private static final class Call<T> {
        private static final Object TAKEN = new Object();
        private static final Object CLOSED = new Object();

        final Object id;
        final Sinks.Empty<Void> withdrawn = Sinks.empty();
        /** Whether the call is withdrawn because the connection has ended. */
        volatile boolean lost;

        private final Consumer<? super T> unsent;

        /** Null, then a ruling, then {@link #TAKEN}; {@link #CLOSED} may come at any point before that. */
        private final AtomicReference<@Nullable Object> state = new AtomicReference<>();

        Call(Object id, Consumer<? super T> unsent) {
            this.id = id;
            this.unsent = unsent;
        }

        void ruled(T ruling) {
            if (!state.compareAndSet(null, ruling)) {
                unsent.accept(ruling);
            }
        }

        /** Whether the ruling may be acted on. If so, this call can't be withdrawn here any more. */
        boolean take(T ruling) {
            return state.compareAndSet(ruling, TAKEN);
        }

        @SuppressWarnings({"unchecked", "ReferenceEquality"}) // what is none of the two marks is a ruling
        void close() {
            Object last = state.getAndSet(CLOSED);
            if (last != null && last != TAKEN && last != CLOSED) {
                unsent.accept((T) last);
            }
        }
    }

    /**
     * Returns the outcome of {@code decision}. Empty if the call is cancelled first; then nothing stays reserved for
     * it.
     */
    Mono<CallDecision> until(Object id, Mono<CallDecision> decision) {
        return until(id, decision, CallDecision::unsent);
    }

    /**
     * Does the same for a decision of any type.
     *
     * @param unsent gives back what a decision that no one acts on has reserved
     */
    <T> Mono<T> until(Object id, Mono<T> decision, Consumer<? super T> unsent) {
        return Mono.defer(() -> {
            Call<T> call = new Call<>(JsonRpcIds.key(id), unsent);
            calls.add(call);
            return decision.doOnNext(call::ruled)
                    .takeUntilOther(call.withdrawn.asMono())
                    .filter(ruling -> take(call, ruling))
                    // Not as the signal that ends the wait: an error signal would leave the decision running.
                    .switchIfEmpty(Mono.defer(() -> call.lost ? Mono.error(SdkRecords.sessionClosed()) : Mono.empty()))
                    .doFinally(signal -> {
                        calls.remove(call);
                        call.close();
                    });
        });
    }

    /** Takes the ruling, unless the call is withdrawn. A call whose ruling is taken is no longer being decided. */
    private <T> boolean take(Call<T> call, T ruling) {
        boolean taken = call.take(ruling);
        if (taken) {
            calls.remove(call);
        }
        return taken;
    }

    /** Withdraws every call with this id. */
    void withdraw(Object id) {
        Object key = JsonRpcIds.key(id);
        calls.stream().filter(call -> call.id.equals(key)).forEach(call -> call.withdrawn.tryEmitEmpty());
    }

    /** Withdraws all calls with an error: on the next connection, the client would not await their answers. */
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
