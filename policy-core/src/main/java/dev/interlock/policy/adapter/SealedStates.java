package dev.interlock.policy.adapter;

import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.AdmitOptions;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.time.TimeSource;
import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What a server's guard gives to clients as {@code requestState} when the server asks for input, or the guard asks for
 * a person's approval: the server's own state and what is known about the call, encrypted and authenticated with a key
 * that all replicas of the server share. So a call can go on at any replica, and the guard keeps nothing for clients
 * that never come back.
 *
 * <p>A call that is made again with a state that it got because the server asked continues the one before. It is not
 * charged a second time, and what persons have agreed to stays agreed, if all of this holds:
 *
 * <ul>
 *   <li>Identity, session, server, tool, arguments and all other parameters are equal, as {@link Continuations}
 *       compares them, and the keys of {@code inputResponses} are among those that the client was asked for.
 *   <li>The state was made with one of the keys, has not expired, and is used for the first time. Which states were
 *       used is known to the engine's limiter, and so to all replicas that share it. If the limiter can't be reached,
 *       no state is good.
 *   <li>The call has been made again fewer than ten times.
 * </ul>
 *
 * <p>Anything else is a new call. The server sees its own state again if the state is one for this very call, even if
 * it has expired or was used; any other state passes as it came. {@link SealedApprovals} says what holds for a state
 * that a client got because the guard asked. Thread-safe.
 */
public final class SealedStates {

    /** The longest time for which a state is good. */
    public static final Duration LONGEST = Duration.ofMinutes(10);

    /** The shortest key, in bytes. */
    public static final int MIN_KEY_BYTES = 32;

    private final PolicyEngine engine;
    private final TimeSource time;
    private final long timeToLiveMillis;
    private final StateSeal seal;

    /**
     * Creates the states of one server.
     *
     * @param keys the keys that the replicas share, each of at least {@value #MIN_KEY_BYTES} bytes: states are sealed
     *     with the first, and opened with any. If there are none, a random key
     * @param timeToLive for how long a call may go on after its server has first asked for input; states are good for
     *     {@link #LONGEST} at most
     * @throws IllegalArgumentException if a key is too short
     */
    public SealedStates(PolicyEngine engine, TimeSource time, List<byte[]> keys, Duration timeToLive) {
        for (byte[] key : keys) {
            if (key.length < MIN_KEY_BYTES) {
                throw new IllegalArgumentException(
                        "a key for states must have at least " + MIN_KEY_BYTES + " bytes, had " + key.length);
            }
        }
        this.engine = engine;
        this.time = time;
        this.timeToLiveMillis = Math.max(1, shorter(timeToLive).toMillis());
        this.seal = new StateSeal(keys);
    }

    private static Duration shorter(Duration time) {
        return time.compareTo(LONGEST) < 0 ? time : LONGEST;
    }

    /**
     * Has a call decided, with its state. To be called once for each call; {@link SealedApprovals#admit} does it, too.
     *
     * @param call the call as it came, with all its parameters and what is known of its caller
     * @return as {@link CallGuard#admit}; completes exceptionally, too, if the host's clock throws
     */
    public CompletableFuture<GuardedCall> admit(CallGuard guard, ToolCall call, AdmitOptions options) {
        return guard.admit(open(call), options);
    }

    /** Opens the state of a call. */
    OpenedCall open(ToolCall call) {
        if (call.problem() != null || !(call.parameters().get(Continuations.STATE) instanceof Value.Text state)) {
            return OpenedCall.of(engine, call);
        }
        byte[] opened = seal.open(state.value());
        SealedContent content = opened == null ? null : SealedContent.read(opened);
        if (content == null || !content.binding().equals(Continuations.key(call, null))) {
            return OpenedCall.of(engine, call);
        }
        long left = content.expiresMillis() - time.wallMillis();
        long since = time.monotonicNanos() - TimeUnit.MILLISECONDS.toNanos(Math.max(0, timeToLiveMillis - left));
        return OpenedCall.of(engine, call, content, StateSeal.nonceOf(state.value()), left > 0, since);
    }

    /**
     * Returns what the client gets of the server's answer to a round of a call: the result with a sealed state in place
     * of the server's if the call may go on, otherwise the result itself. To be called once for each answer.
     *
     * @param result the result as plain JSON values
     */
    public Map<?, ?> sealed(GuardedCall call, Map<?, ?> result) {
        if (AnswerKind.of(result) != AnswerKind.INPUT_REQUIRED || call.round() >= Continuations.MAX_ROUNDS) {
            return result;
        }
        Set<String> asked = Continuations.asked(result.get(Continuations.REQUESTS));
        ObjectValue kept = kept(result.get(Continuations.STATE));
        long now = time.monotonicNanos();
        long gone = call.round() == 0 ? 0 : TimeUnit.NANOSECONDS.toMillis(now - call.sinceNanos());
        if (asked == null || kept == null || gone >= timeToLiveMillis) {
            return result;
        }
        SealedContent.GoesOn goesOn = new SealedContent.GoesOn(call.round(), engine.carry(call.admission()));
        Sealed sealed = seal(call.call(), Duration.ofMillis(timeToLiveMillis - gone), asked, kept, goesOn);
        if (sealed == null) {
            return result;
        }
        Map<Object, @Nullable Object> shown = new LinkedHashMap<>(result);
        shown.put(Continuations.STATE, sealed.text());
        return shown;
    }

    /** Null if the state is of no kind that a client can bring back. */
    private static @Nullable ObjectValue kept(@Nullable Object state) {
        if (state == null) {
            return ObjectValue.EMPTY;
        }
        try {
            return state instanceof String ? ObjectValue.of(Map.of(Continuations.STATE, Value.freeze(state))) : null;
        } catch (InvalidValueException e) {
            return null;
        }
    }

    /**
     * A state.
     *
     * @param nonce tells it apart from all others
     * @param text what the client gets
     */
    record Sealed(String nonce, String text) {
        @Override
        public String toString() {
            return "a state";
        }
    }

    /**
     * Makes a state for a call. Null if there is no room in a state for what it would hold.
     *
     * @param validFor for how long it is good
     */
    @Nullable
    Sealed seal(ToolCall call, Duration validFor, Set<String> asked, ObjectValue kept, SealedContent.Purpose purpose) {
        SealedContent content = new SealedContent(
                time.wallMillis() + shorter(validFor).toMillis(), Continuations.key(call, null), asked, kept, purpose);
        byte[] nonce = seal.nonce();
        String text = seal.seal(nonce, content.write());
        return text == null ? null : new Sealed(StateSeal.text(nonce), text);
    }

    /**
     * Returns the parameters of a call as the server gets them: with its own state and the answers to what it has
     * asked.
     *
     * @param call the call as it was {@linkplain GuardedCall#call decided}
     * @param params the parameters to send, with the state and the answers as they came
     */
    public static Map<String, @Nullable Object> restored(ToolCall call, Map<String, @Nullable Object> params) {
        Map<String, @Nullable Object> restored = new LinkedHashMap<>(params);
        for (String name : new String[] {Continuations.STATE, ToolCall.INPUT_RESPONSES}) {
            Value value = call.parameters().get(name);
            if (value == null) {
                restored.remove(name);
            } else {
                restored.put(name, value.toJava());
            }
        }
        return restored;
    }
}
