package dev.interlock.policy.adapter;

import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.time.TimeSource;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * What a server's guard gives to clients as {@code requestState} when the server asks for input: the server's own state
 * and what is known about the call, encrypted and authenticated with a key that all replicas of the server share. So a
 * call can go on at any replica, and the guard keeps nothing for clients that never come back.
 *
 * <p>A call that is made again with such a state continues the one before, and is not charged a second time, if all of
 * this holds:
 *
 * <ul>
 *   <li>Identity, session, server, tool, arguments and all other parameters are equal, as {@link Continuations}
 *       compares them, and the keys of {@code inputResponses} are among those that the server asked for.
 *   <li>The state was made with this key, has not expired, and was not used here before. Each process remembers which
 *       states it has seen; another replica accepts each once, too.
 *   <li>The call has been made again fewer than ten times.
 *   <li>If persons have approved the call: it goes on in the process in which they did.
 * </ul>
 *
 * <p>Anything else is a new call. The server sees its own state again if the state is one for this very call, even if
 * it has expired or was used; any other state passes as it came. Thread-safe.
 */
public final class SealedStates {

    /** The longest time for which a state is good. */
    public static final Duration LONGEST = Duration.ofMinutes(10);

    /** The shortest key, in bytes. */
    public static final int MIN_KEY_BYTES = 32;

    private static final String PREFIX = "il1.";
    private static final byte[] ASSOCIATED = PREFIX.getBytes(StandardCharsets.US_ASCII);
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BITS = 128;

    private final PolicyEngine engine;
    private final TimeSource time;
    private final long timeToLiveMillis;
    private final int capacity;
    private final SecretKeySpec key;
    private final SecureRandom random = new SecureRandom();

    /** The states that were used, until they expire, by nonce. */
    private final Set<String> spent = new HashSet<>();

    /** The calls that were sealed here and not continued yet, until they expire, by nonce. */
    private final Map<String, Begun> begun = new HashMap<>();

    /** What the calls in {@link #begun} take up. */
    private long bytes;

    private record Begun(GuardedCall call, long bytes) {
        @Override
        public String toString() {
            return call.toString();
        }
    }

    /** The nonces in both, in the order in which they expire. */
    private final PriorityQueue<Expiry> expiries = new PriorityQueue<>();

    private record Expiry(long atMillis, String nonce) implements Comparable<Expiry> {

        @Override
        public int compareTo(Expiry other) {
            return Long.compare(atMillis, other.atMillis);
        }

        @Override
        public String toString() {
            return "an expiry";
        }
    }

    /**
     * What a state holds.
     *
     * @param nonce tells states apart
     * @param binding a digest of the call
     * @param record the id under which the call is on record; empty if it isn't
     * @param approved whether persons have taken part
     * @param asked the names of the inputs that the server asked for
     * @param inner the server's own state; null if it gave none
     */
    private record Content(
            String nonce,
            long expiresMillis,
            int round,
            String binding,
            String record,
            boolean approved,
            Set<String> asked,
            @Nullable String inner) {

        @Override
        public String toString() {
            return "a state";
        }
    }

    /**
     * Creates the states of one server.
     *
     * @param key the key that the replicas share, of at least {@value #MIN_KEY_BYTES} bytes; null for a random one
     * @param timeToLive for how long a call may go on after its server has first asked for input; states are good for
     *     {@link #LONGEST} at most
     * @param capacity how many states are remembered at most; when there are as many, calls don't go on
     * @throws IllegalArgumentException if the key is too short
     */
    public SealedStates(
            PolicyEngine engine, TimeSource time, byte @Nullable [] key, Duration timeToLive, int capacity) {
        if (key != null && key.length < MIN_KEY_BYTES) {
            throw new IllegalArgumentException(
                    "the key for states must have at least " + MIN_KEY_BYTES + " bytes, had " + key.length);
        }
        this.engine = engine;
        this.time = time;
        this.timeToLiveMillis =
                timeToLive.compareTo(LONGEST) < 0 ? Math.max(1, timeToLive.toMillis()) : LONGEST.toMillis();
        this.capacity = capacity;
        byte[] secret = key == null ? new byte[MIN_KEY_BYTES] : key.clone();
        if (key == null) {
            random.nextBytes(secret);
        }
        MessageDigest digest = Continuations.sha256();
        digest.update(ASSOCIATED);
        this.key = new SecretKeySpec(digest.digest(secret), "AES");
    }

    /**
     * Returns what the client gets of the server's answer to a round of a call: the result with a sealed state in place
     * of the server's if the call may go on, otherwise the result itself. To be called once for each answer.
     *
     * @param result the result as plain JSON values
     */
    public Map<?, ?> sealed(GuardedCall call, Map<?, ?> result) {
        Object inner = result.get(Continuations.STATE);
        if (AnswerKind.of(result) == AnswerKind.INPUT_REQUIRED
                && call.round() < Continuations.MAX_ROUNDS
                && call.call().problem() == null
                && (inner == null || inner instanceof String)) {
            Set<String> asked = Continuations.asked(result.get(Continuations.REQUESTS));
            String sealed = asked == null ? null : seal(call, asked, (String) inner);
            if (sealed != null) {
                Map<Object, @Nullable Object> shown = new LinkedHashMap<>(result);
                shown.put(Continuations.STATE, sealed);
                return shown;
            }
        }
        return result;
    }

    private @Nullable String seal(GuardedCall call, Set<String> asked, @Nullable String inner) {
        byte[] nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        String name = text(nonce);
        long now = time.wallMillis();
        GuardedCall first = call.round() == 0 ? call.since(time.monotonicNanos()) : call;
        long left = timeToLiveMillis - TimeUnit.NANOSECONDS.toMillis(time.monotonicNanos() - first.sinceNanos());
        Content content = new Content(
                name,
                now + left,
                call.round(),
                Continuations.key(call.call(), null),
                call.admission().recordId(),
                call.admission().answer() != null,
                asked,
                inner);
        synchronized (this) {
            sweep(now);
            long size = Continuations.size(call.call(), asked);
            if (left <= 0 || expiries.size() >= capacity || size > Continuations.MAX_BYTES - bytes) {
                return null;
            }
            begun.put(name, new Begun(first, size));
            bytes += size;
            expiries.add(new Expiry(content.expiresMillis(), name));
        }
        return PREFIX + text(sealed(nonce, write(content)));
    }

    /**
     * Takes the call that this one continues. No other call can continue it in this process any more.
     *
     * @param call the call as it came, with all its parameters and what is known of its caller
     * @return null if this is a new call
     */
    @Nullable
    GuardedCall take(ToolCall call) {
        Content content = opened(call);
        Value responses = call.parameters().get(ToolCall.INPUT_RESPONSES);
        Set<String> given = responses instanceof ObjectValue members ? members.names() : Set.of();
        if (content == null || !content.asked().containsAll(given)) {
            return null;
        }
        GuardedCall before;
        long now = time.wallMillis();
        synchronized (this) {
            sweep(now);
            if (content.expiresMillis() <= now || spent.contains(content.nonce())) {
                return null;
            }
            before = taken(content.nonce());
            if (before == null) {
                if (content.approved() || expiries.size() >= capacity) {
                    return null;
                }
                expiries.add(new Expiry(content.expiresMillis(), content.nonce()));
            }
            spent.add(content.nonce());
        }
        if (before != null) {
            return before;
        }
        long since = time.monotonicNanos()
                - TimeUnit.MILLISECONDS.toNanos(Math.max(0, timeToLiveMillis - (content.expiresMillis() - now)));
        return new GuardedCall(
                engine, null, call, engine.admittedElsewhere(call, content.record()), since, content.round());
    }

    private void sweep(long now) {
        while (!expiries.isEmpty() && expiries.peek().atMillis() <= now) {
            String nonce = expiries.remove().nonce();
            spent.remove(nonce);
            taken(nonce);
        }
    }

    private @Nullable GuardedCall taken(String nonce) {
        Begun taken = begun.remove(nonce);
        if (taken == null) {
            return null;
        }
        bytes -= taken.bytes();
        return taken.call();
    }

    /**
     * Returns the parameters of a call as the server gets them: with its own state, if the call's is one that was made
     * here for this very call.
     *
     * @param call the call as it came, with what is known of its caller
     * @param params the parameters to send
     */
    public Map<String, @Nullable Object> restored(ToolCall call, Map<String, @Nullable Object> params) {
        Content content = opened(call);
        if (content == null) {
            return params;
        }
        Map<String, @Nullable Object> restored = new LinkedHashMap<>(params);
        if (content.inner() == null) {
            restored.remove(Continuations.STATE);
        } else {
            restored.put(Continuations.STATE, content.inner());
        }
        return restored;
    }

    /** What the state of a call holds; null if it has none that was made for it with this key. */
    private @Nullable Content opened(ToolCall call) {
        if (call.problem() != null
                || !(call.parameters().get(Continuations.STATE) instanceof Value.Text state)
                || !state.value().startsWith(PREFIX)) {
            return null;
        }
        Content content = open(state.value().substring(PREFIX.length()));
        return content != null && content.binding().equals(Continuations.key(call, null)) ? content : null;
    }

    // ---- encryption

    private byte[] sealed(byte[] nonce, byte[] plain) {
        try {
            byte[] secret = cipher(Cipher.ENCRYPT_MODE, nonce).doFinal(plain);
            byte[] all = Arrays.copyOf(nonce, nonce.length + secret.length);
            System.arraycopy(secret, 0, all, nonce.length, secret.length);
            return all;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JVM has AES/GCM", e);
        }
    }

    /** Null if it was not made with this key. */
    private @Nullable Content open(String state) {
        try {
            byte[] all = Base64.getUrlDecoder().decode(state);
            if (all.length <= NONCE_BYTES || !text(all).equals(state)) {
                return null;
            }
            byte[] nonce = Arrays.copyOf(all, NONCE_BYTES);
            byte[] plain = cipher(Cipher.DECRYPT_MODE, nonce).doFinal(all, NONCE_BYTES, all.length - NONCE_BYTES);
            return read(text(nonce), plain);
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            return null;
        }
    }

    private Cipher cipher(int mode, byte[] nonce) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
        cipher.updateAAD(ASSOCIATED);
        return cipher;
    }

    private static String text(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    // ---- what is encrypted

    private static byte[] write(Content content) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeLong(content.expiresMillis());
            out.writeByte(content.round());
            write(out, content.binding());
            write(out, content.record());
            out.writeBoolean(content.approved());
            out.writeInt(content.asked().size());
            for (String name : content.asked()) {
                write(out, name);
            }
            out.writeBoolean(content.inner() != null);
            if (content.inner() != null) {
                write(out, content.inner());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** By characters, since not every text of JSON can be written in UTF-8. */
    private static void write(DataOutputStream out, String text) throws IOException {
        out.writeInt(text.length());
        out.writeChars(text);
    }

    private static Content read(String nonce, byte[] plain) {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(plain))) {
            long expires = in.readLong();
            int round = in.readByte();
            String binding = read(in);
            String record = read(in);
            boolean approved = in.readBoolean();
            Set<String> asked = new HashSet<>();
            for (int left = in.readInt(); left > 0; left--) {
                asked.add(read(in));
            }
            String inner = in.readBoolean() ? read(in) : null;
            return new Content(nonce, expires, round, binding, record, approved, asked, inner);
        } catch (IOException e) {
            throw new UncheckedIOException("a state made with the right key can't be read", e);
        }
    }

    private static String read(DataInputStream in) throws IOException {
        int length = in.readInt();
        StringBuilder text = new StringBuilder(length);
        for (int i = 0; i < length; i++) {
            text.append(in.readChar());
        }
        return text.toString();
    }

    /** The number of states that are remembered; for tests. */
    public synchronized int size() {
        sweep(time.wallMillis());
        return expiries.size();
    }
}
