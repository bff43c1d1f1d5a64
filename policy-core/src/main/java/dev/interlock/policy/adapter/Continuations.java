package dev.interlock.policy.adapter;

import dev.interlock.policy.Rounds;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.time.Alarm;
import dev.interlock.policy.time.Reminder;
import dev.interlock.policy.time.TimeSource;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.CanonicalJson;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The calls that servers have answered with {@code input_required}, until they are made again with the input. A call
 * that is made again continues the one before, and is not charged a second time, if all of this holds:
 *
 * <ul>
 *   <li>Identity, session, server, tool, arguments and all other parameters are equal, except for {@code
 *       inputResponses}, {@code requestState} and the protocol's envelope.
 *   <li>Its {@code requestState} is that of the answer, or absent in both. It has a {@code requestState} or {@code
 *       inputResponses}: a call without either is a new call.
 *   <li>The keys of its {@code inputResponses} are among those that the server asked for.
 *   <li>No other call has continued the one before.
 *   <li>The call has gone on for less than the time to live, and has been made again fewer than ten times, or as often
 *       as the policy's {@code rounds} say.
 *   <li>It is certain which call goes on, if persons have changed the arguments of one of several calls that are equal.
 * </ul>
 *
 * <p>Anything else is a new call. A call that isn't continued in time is settled as unknown, even if no other call
 * comes. When there is no room for another call, or its caller takes up a quarter of it, that call is settled as
 * unknown at once; a call that has a place keeps it. Neither gives anything back.
 *
 * <p>Thread-safe. Keys are digests, so that no caller can choose keys that slow the table down.
 */
public final class Continuations {

    /** How often a call may be made again. */
    static final int MAX_ROUNDS = Rounds.MOST;

    /** The longest names of requested inputs that are kept for one call, in characters altogether. */
    private static final int MAX_ASKED_CHARS = 64 << 10;

    /** How many bytes all calls that are kept may take up together, roughly. Callers choose how large a call is. */
    static final long MAX_BYTES = 64L << 20;

    /** How many calls that differ only in what was asked are looked at. */
    private static final int MAX_ALIKE = 100;

    static final String STATE = "requestState";
    static final String REQUESTS = "inputRequests";

    private final TimeSource time;
    private final long timeToLiveNanos;
    private final Reminder reminder;
    private final CallerShares shares;

    /** The calls by their key. */
    private final Map<String, Alike> byKey = new HashMap<>();

    /** All calls in the order in which they expire. */
    private final TreeSet<Open> byAge = new TreeSet<>();

    /** How many calls were ever kept. */
    private long kept;

    /**
     * A call that may be continued.
     *
     * @param number tells calls apart that are equal
     * @param bytes what the call takes up, roughly
     */
    private record Open(String key, Set<String> asked, GuardedCall call, long number, long bytes)
            implements Comparable<Open> {

        @Override
        public int compareTo(Open other) {
            int older = Long.signum(call.sinceNanos() - other.call.sinceNanos());
            return older != 0 ? older : Long.compare(number, other.number);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Open open && open.number == number;
        }

        @Override
        public int hashCode() {
            return Long.hashCode(number);
        }

        /** What is sent when the call is made again: persons may have changed it. */
        Arguments sent() {
            return call.admission().toSend(call.call()).arguments();
        }

        @Override
        public String toString() {
            return call.toString();
        }
    }

    /** The calls with the same key, in order. */
    private static final class Alike {
        private final Deque<Open> calls = new ArrayDeque<>(1);

        /** Whether persons have changed the arguments of some of the calls that were ever among these. */
        private boolean different;

        void add(Open open) {
            different |= !calls.isEmpty() && !calls.peek().sent().equals(open.sent());
            calls.add(open);
        }

        /** The call that one with these answers continues; null if there is none, or if it is not certain which. */
        @Nullable
        Open find(Set<String> given) {
            Open found = null;
            int looked = 0;
            for (Open open : calls) {
                if (open.asked().containsAll(given)) {
                    if (!different) {
                        return open;
                    }
                    if (found != null && !found.sent().equals(open.sent())) {
                        return null;
                    }
                    found = found == null ? open : found;
                }
                looked++;
                if (looked == MAX_ALIKE) {
                    return different && calls.size() > MAX_ALIKE ? null : found;
                }
            }
            return found;
        }
    }

    /**
     * Creates an empty table.
     *
     * @param alarm rings when the oldest call has expired
     * @param timeToLive for how long a call may go on after its server has first asked for input; positive
     * @param capacity how many calls are kept at most
     */
    public Continuations(TimeSource time, Alarm alarm, Duration timeToLive, int capacity) {
        this.time = time;
        this.timeToLiveNanos = timeToLive.toNanos();
        this.shares = new CallerShares(capacity, MAX_BYTES);
        this.reminder = new Reminder(alarm, this::settleExpired);
    }

    /**
     * Keeps a call that its server has answered with {@code input_required}.
     *
     * @return false if the call can't go on; then its caller must settle it
     */
    boolean keep(GuardedCall answered, Map<?, ?> result) {
        Object state = result.get(STATE);
        Set<String> asked = asked(result.get(REQUESTS));
        if (answered.round() >= MAX_ROUNDS || asked == null || (state != null && !(state instanceof String))) {
            return false;
        }
        String key = key(answered.call(), (String) state);
        long size = size(answered.call(), asked);
        List<GuardedCall> expired = new ArrayList<>(0);
        boolean isKept = false;
        boolean isFirst = false;
        synchronized (this) {
            long now = time.monotonicNanos();
            sweep(now, expired);
            GuardedCall call = answered.round() == 0 ? answered.since(now) : answered;
            if (left(call, now) > 0 && shares.take(CallerShares.caller(call.call()), size)) {
                call.admission().inputRequired();
                Open open = new Open(key, asked, call, kept++, size);
                byKey.computeIfAbsent(key, any -> new Alike()).add(open);
                byAge.add(open);
                isKept = true;
                isFirst = byAge.first().equals(open);
            }
        }
        settle(expired);
        if (isFirst) {
            // The alarm may be set for a call that expires later.
            reminder.sooner();
        }
        return isKept;
    }

    /**
     * Takes the call that this one continues. No other call can continue it any more.
     *
     * @param call the call as it came, with all its parameters and what is known of its caller
     * @return null if this is a new call
     */
    @Nullable
    GuardedCall take(ToolCall call) {
        ObjectValue parameters = call.parameters();
        if (parameters.size() == 0 || call.problem() != null) {
            return null;
        }
        Value state = present(parameters.get(STATE));
        Value responses = present(parameters.get(ToolCall.INPUT_RESPONSES));
        if ((state == null && responses == null)
                || (state != null && !(state instanceof Value.Text))
                || (responses != null && !(responses instanceof ObjectValue))) {
            return null;
        }
        String key = key(call, state == null ? null : ((Value.Text) state).value());
        Set<String> given = responses == null ? Set.of() : ((ObjectValue) responses).names();
        List<GuardedCall> expired = new ArrayList<>(0);
        Open found;
        synchronized (this) {
            sweep(time.monotonicNanos(), expired);
            Alike alike = byKey.get(key);
            found = alike == null ? null : alike.find(given);
            if (found != null) {
                remove(found);
            }
        }
        settle(expired);
        return found == null ? null : found.call();
    }

    private void remove(Open open) {
        byAge.remove(open);
        shares.giveBack(CallerShares.caller(open.call().call()), open.bytes());
        Alike alike = byKey.get(open.key());
        if (alike != null) {
            alike.calls.remove(open);
            if (alike.calls.isEmpty()) {
                byKey.remove(open.key());
            }
        }
    }

    /** Settles all calls as unknown. The table can still be used. */
    public void clear() {
        reminder.cancel();
        List<GuardedCall> open;
        synchronized (this) {
            open = byAge.stream().map(Open::call).toList();
            byAge.clear();
            byKey.clear();
            shares.clear();
        }
        settle(open);
    }

    /** Returns how many calls may be continued. */
    public synchronized int size() {
        return byAge.size();
    }

    /** Returns when the next call expires; null if there is none. */
    private @Nullable Duration settleExpired() {
        List<GuardedCall> expired = new ArrayList<>(0);
        Duration next;
        synchronized (this) {
            long now = time.monotonicNanos();
            sweep(now, expired);
            next = byAge.isEmpty() ? null : Duration.ofNanos(left(byAge.first().call(), now));
        }
        settle(expired);
        return next;
    }

    private void sweep(long now, List<GuardedCall> expired) {
        while (!byAge.isEmpty() && left(byAge.first().call(), now) <= 0) {
            Open oldest = byAge.first();
            remove(oldest);
            expired.add(oldest.call());
        }
    }

    /** For how many nanoseconds a call may still go on. */
    private long left(GuardedCall call, long now) {
        return timeToLiveNanos - (now - call.sinceNanos());
    }

    private static void settle(List<GuardedCall> calls) {
        calls.forEach(call -> call.settle(CallOutcome.UNKNOWN));
    }

    /** The names of the requested inputs. Null if they can't be read, or are too long to be kept. */
    static @Nullable Set<String> asked(@Nullable Object requests) {
        if (requests == null) {
            return Set.of();
        }
        if (!(requests instanceof Map<?, ?> members)) {
            return null;
        }
        Set<String> asked = new HashSet<>();
        long chars = 0;
        for (Object name : members.keySet()) {
            if (!(name instanceof String text)) {
                return null;
            }
            chars += text.length();
            if (chars > MAX_ASKED_CHARS) {
                return null;
            }
            asked.add(text);
        }
        return asked;
    }

    /** What a call takes up as long as it is kept. */
    static long size(ToolCall call, Set<String> asked) {
        return GuardedCall.size(call)
                + Character.BYTES * asked.stream().mapToLong(String::length).sum();
    }

    private static @Nullable Value present(@Nullable Value value) {
        return value == Value.Nil.NULL ? null : value;
    }

    // ---- keys

    static String key(ToolCall call, @Nullable String state) {
        Map<String, Value> rest = new LinkedHashMap<>(call.parameters().members());
        rest.remove(STATE);
        rest.remove(ToolCall.INPUT_RESPONSES);
        MessageDigest digest = sha256();
        add(digest, call.identity());
        add(digest, call.session());
        add(digest, call.server());
        add(digest, call.tool());
        add(digest, CanonicalJson.of(call.arguments().root()));
        add(digest, CanonicalJson.of(ObjectValue.of(rest)));
        add(digest, state);
        return HexFormat.of().formatHex(digest.digest());
    }

    /** Adds a text with its length. By characters, because different texts may have the same bytes in UTF-8. */
    static void add(MessageDigest digest, @Nullable String text) {
        if (text == null) {
            digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(-1).flip());
            return;
        }
        ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES + text.length() * Character.BYTES);
        bytes.putInt(text.length());
        for (int i = 0; i < text.length(); i++) {
            bytes.putChar(text.charAt(i));
        }
        digest.update(bytes.flip());
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
    }
}
