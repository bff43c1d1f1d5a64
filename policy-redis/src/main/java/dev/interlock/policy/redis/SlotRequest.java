package dev.interlock.policy.redis;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Window;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A request to one slot: some of the charges of a batch, in the format of the scripts, which {@code cells.lua}
 * describes.
 */
final class SlotRequest {

    static final int BUCKET = 1;
    static final int SLIDING = 2;
    static final int FIXED = 3;
    static final int PLACES = 4;

    private static final int UNBOUNDED = 0;
    private static final int BOUNDED = 1;
    private static final int FAILURES = 2;
    private static final int AFTERWARDS = 3;
    /** What is added for failures and for what comes afterwards, if it is counted without room as well. */
    private static final int UNCHECKED = 2;

    /** What is added to the number of a calendar unit of a zone. */
    static final int IN_ZONE = 8;

    /** How many windows of a zone before and after the current one are sent. The clocks may differ by so much. */
    private static final int EDGES = 3;

    private static final long[] NO_EDGES = {};

    private static final byte[] NOTHING = {};

    private static final int HEAD = 5 + 7 * Double.BYTES;
    private static final int COST = 3 * Double.BYTES;

    private static final long BASE = 1_000_000_000;

    /** The longest time, in microseconds, for which a bucket may owe: as in the scripts. */
    private static final long LONGEST_DEBT = 2_305_843_009_213_693L;

    private final String tag;
    private final List<byte[]> cells = new ArrayList<>();
    private final List<Charge> firsts = new ArrayList<>();
    private final List<byte[]> parts = new ArrayList<>();
    private final List<Integer> positions = new ArrayList<>();
    private final List<Charge> charges = new ArrayList<>();

    private final Map<LimitKey, CellSlot> slots = new HashMap<>();

    private SlotRequest(String tag) {
        this.tag = tag;
    }

    /** A key, and the total that the charges so far ask of it. */
    private static final class CellSlot {
        final int number;
        long asked;

        CellSlot(int number) {
            this.number = number;
        }
    }

    /** The requests that reserve these charges: one for each tag, in the order in which the tags first occur. */
    static List<SlotRequest> toReserve(List<Charge> charges, KeyNames names, LongSupplier wallMillis) {
        return of(charges, names, wallMillis, 2, false);
    }

    /** The requests that look at the usage of these charges, in the same order. */
    static List<SlotRequest> toSee(List<Charge> charges, KeyNames names, LongSupplier wallMillis) {
        return of(charges, names, wallMillis, 1, true);
    }

    private static List<SlotRequest> of(
            List<Charge> charges, KeyNames names, LongSupplier wallMillis, int firstSlot, boolean withNothing) {
        Map<String, SlotRequest> byTag = new LinkedHashMap<>();
        for (int i = 0; i < charges.size(); i++) {
            Charge charge = charges.get(i);
            if (withNothing || charge.asked().micros() > 0) {
                byTag.computeIfAbsent(names.tag(charge.key()), SlotRequest::new)
                        .add(i, charge, names, wallMillis, firstSlot);
            }
        }
        return List.copyOf(byTag.values());
    }

    private void add(int position, Charge charge, KeyNames names, LongSupplier wallMillis, int firstSlot) {
        CellSlot slot = slots.computeIfAbsent(charge.key(), key -> {
            cells.add(names.cell(tag, key));
            firsts.add(charge);
            return new CellSlot(firstSlot + cells.size() - 1);
        });
        long before = slot.asked;
        slot.asked = Math.min(Long.MAX_VALUE - Amount.MAX.micros(), before)
                + charge.asked().micros();
        parts.add(part(charge, slot.number, slot.asked, before != 0, wallMillis));
        positions.add(position);
        charges.add(charge);
    }

    String tag() {
        return tag;
    }

    /** The names of the cells, without duplicates. */
    List<byte[]> cells() {
        return cells;
    }

    /**
     * The sets in which a new key needs a place: for each cell its caller's set, then for each cell its limit's set.
     */
    List<byte[]> sets(KeyNames names) {
        List<byte[]> sets = new ArrayList<>(2 * firsts.size());
        for (Charge charge : firsts) {
            sets.add(names.keysOfCaller(tag, charge.key(), charge.caller()));
        }
        for (Charge charge : firsts) {
            sets.add(names.keysOfLimit(tag, charge.key(), charge.caller()));
        }
        return sets;
    }

    /** What the keys are called whose cells' names are hashes, each after its cell's slot and its length. */
    byte[] names() {
        byte[] all = NOTHING;
        for (int i = 0; i < cells.size(); i++) {
            if (KeyNames.isHash(tag, cells.get(i))) {
                byte[] name = LimitInRedis.spelledOut(firsts.get(i).key());
                byte[] more = new byte[Short.BYTES + Integer.BYTES + name.length];
                littleEndian(more).putShort((short) (i + 2)).putInt(name.length).put(name);
                all = joined(all, more);
            }
        }
        return all;
    }

    /** One part for each charge. */
    List<byte[]> parts() {
        return parts;
    }

    /** The charge's position in the batch. */
    int position(int part) {
        return positions.get(part);
    }

    /**
     * For each part, 1 if a call with this outcome gives it back, or counts it only now; 2 if what it counts takes the
     * place of what was reserved; else 0.
     */
    byte[] givenBack(CallOutcome outcome) {
        byte[] flags = new byte[charges.size()];
        for (int i = 0; i < flags.length; i++) {
            Charge charge = charges.get(i);
            boolean back = charge.rule() instanceof LimitRule.Concurrent || outcome.changes(charge.mode());
            flags[i] = (byte) (charge.isAfterwards() ? '2' : back ? '1' : '0');
        }
        return flags;
    }

    /**
     * For each part, what a call counts that has ended so.
     *
     * @param spent the real amounts, in the order of the batch
     */
    byte[] counted(CallOutcome outcome, List<@Nullable Amount> spent) {
        if (charges.stream().noneMatch(Charge::isAfterwards)) {
            return NOTHING;
        }
        byte[] packed = new byte[charges.size() * 2 * Double.BYTES];
        ByteBuffer amounts = littleEndian(packed);
        for (int i = 0; i < charges.size(); i++) {
            int position = positions.get(i);
            Amount real = position < spent.size() ? spent.get(position) : null;
            put(amounts, charges.get(i).counted(outcome, real).micros());
        }
        return packed;
    }

    /** Whether any part takes a place among calls that are made at the same time. */
    boolean takesPlaces() {
        return charges.stream().anyMatch(charge -> charge.rule() instanceof LimitRule.Concurrent);
    }

    /** A number that represents this request: equal requests have equal numbers, and it is exact in a double. */
    double sign() {
        long hash = 7;
        for (byte[] cell : cells) {
            hash = 1_000_003 * hash + Arrays.hashCode(cell);
        }
        for (byte[] part : parts) {
            hash = 1_000_003 * hash + Arrays.hashCode(part);
        }
        return (double) (hash >>> 12);
    }

    private static byte[] part(Charge charge, int slot, long asked, boolean repeated, LongSupplier wallMillis) {
        LimitRule rule = charge.rule();
        long[] edges = edges(rule, wallMillis);
        Amount max = rule.max();
        boolean isBucket = rule instanceof LimitRule.TokenBucket;
        byte[] packed = new byte[HEAD + (!isBucket ? 0 : repeated ? 2 * COST : COST) + edges.length * Double.BYTES];
        ByteBuffer part = littleEndian(packed);
        part.put((byte) kind(rule));
        part.put((byte) unit(rule));
        part.put((byte) bounded(charge));
        part.putShort((short) slot);
        put(part, charge.amount().micros());
        put(part, asked);
        put(part, max == null ? 0 : max.micros());
        long window = window(rule);
        part.putDouble((double) window);
        for (long edge : edges) {
            part.putDouble((double) edge);
        }
        if (isBucket) {
            putCost(part, charge.amount().micros(), window, max == null ? 0 : max.micros(), charge.unchecked());
            if (repeated) {
                putCost(part, asked, window, max == null ? 0 : max.micros(), false);
            }
        }
        return packed;
    }

    private static int bounded(Charge charge) {
        boolean unbounded = charge.rule().max() == null || charge.unchecked();
        if (charge.mode() == ChargeMode.FAILURES) {
            return unbounded ? FAILURES + UNCHECKED : FAILURES;
        }
        if (charge.isAfterwards()) {
            return unbounded ? AFTERWARDS + UNCHECKED : AFTERWARDS;
        }
        return unbounded ? UNBOUNDED : BOUNDED;
    }

    private static int kind(LimitRule rule) {
        if (rule instanceof LimitRule.TokenBucket) {
            return BUCKET;
        }
        if (rule instanceof LimitRule.SlidingWindow) {
            return SLIDING;
        }
        return rule instanceof LimitRule.Concurrent ? PLACES : FIXED;
    }

    /** The numbers of the calendar units, larger by {@link #IN_ZONE} for those of a zone; 0 for a length. */
    private static int unit(LimitRule rule) {
        if (!(rule instanceof LimitRule.FixedWindow fixed)) {
            return 0;
        }
        if (fixed.window() instanceof Window.InZone zoned) {
            return IN_ZONE + unit(zoned.unit());
        }
        return fixed.window() instanceof Window.Calendar unit ? unit(unit) : 0;
    }

    private static int unit(Window.Calendar unit) {
        return switch (unit) {
            case MINUTE -> 1;
            case HOUR -> 2;
            case DAY -> 3;
            case WEEK -> 4;
            case MONTH -> 5;
        };
    }

    /**
     * Where windows of a zone begin, in seconds since 1970: those before, around and after the time of this process.
     * Redis knows no zones, and takes the one that its own clock is in. Empty for other windows.
     */
    private static long[] edges(LimitRule rule, LongSupplier wallMillis) {
        if (!(rule instanceof LimitRule.FixedWindow fixed && fixed.window() instanceof Window.InZone zoned)) {
            return NO_EDGES;
        }
        long[] edges = new long[2 * EDGES + 1];
        edges[EDGES] = zoned.start(wallMillis.getAsLong());
        for (int i = 1; i <= EDGES; i++) {
            edges[EDGES + i] = zoned.end(edges[EDGES + i - 1]);
            edges[EDGES - i] = zoned.start(edges[EDGES - i + 1] - 1);
        }
        for (int i = 0; i < edges.length; i++) {
            edges[i] /= 1_000;
        }
        return edges;
    }

    /**
     * In seconds for a fixed window, 0 for a month, a number for the zone if there is one; in microseconds, rounded up,
     * for the others.
     */
    private static long window(LimitRule rule) {
        if (rule instanceof LimitRule.FixedWindow fixed) {
            if (fixed.window() instanceof Window.Length length) {
                return length.duration().toSeconds();
            }
            if (fixed.window() instanceof Window.InZone zoned) {
                return Integer.toUnsignedLong(zoned.zone().getId().hashCode());
            }
            return ((Window.Calendar) fixed.window())
                    .length()
                    .map(length -> length.duration().toSeconds())
                    .orElse(0L);
        }
        Duration window = rule instanceof LimitRule.TokenBucket bucket
                ? bucket.window()
                : rule instanceof LimitRule.Concurrent places
                        ? places.lease()
                        : ((LimitRule.SlidingWindow) rule).window();
        return (window.toNanos() + 999) / 1_000;
    }

    /**
     * {@code micros · window / max}; arbitrary if there can never be room for that much.
     *
     * @param past whether it is counted even so, up to a length that is past any window
     */
    private static void putCost(ByteBuffer part, long micros, long window, long max, boolean past) {
        long cost = 0;
        long fraction = 0;
        if (past && micros > max) {
            BigInteger[] exact = BigInteger.valueOf(micros)
                    .multiply(BigInteger.valueOf(window))
                    .divideAndRemainder(BigInteger.valueOf(Math.max(1, max)));
            boolean longest = exact[0].compareTo(BigInteger.valueOf(LONGEST_DEBT)) >= 0;
            cost = longest ? LONGEST_DEBT : exact[0].longValueExact();
            fraction = longest ? 0 : exact[1].longValueExact();
        } else if (micros > 0 && micros <= max) {
            long high = Math.multiplyHigh(micros, window);
            long low = micros * window;
            if (high == 0 && low >= 0) {
                cost = low / max;
                fraction = low % max;
            } else {
                BigInteger[] exact = BigInteger.valueOf(micros)
                        .multiply(BigInteger.valueOf(window))
                        .divideAndRemainder(BigInteger.valueOf(max));
                cost = exact[0].longValueExact();
                fraction = exact[1].longValueExact();
            }
        }
        part.putDouble((double) cost);
        put(part, fraction);
    }

    private static void put(ByteBuffer part, long number) {
        long high = number / BASE;
        part.putDouble((double) high);
        part.putDouble((double) (number % BASE));
    }

    static byte[] doubles(double... numbers) {
        byte[] packed = new byte[numbers.length * Double.BYTES];
        littleEndian(packed).asDoubleBuffer().put(numbers);
        return packed;
    }

    static byte[] joined(byte[] first, byte[] second) {
        if (second.length == 0) {
            return first;
        }
        byte[] all = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        return all;
    }

    static ByteBuffer littleEndian(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The next number of an answer, at most {@link Long#MAX_VALUE}. */
    static long number(ByteBuffer answer) {
        double high = answer.getDouble();
        double low = answer.getDouble();
        return Math.addExact(Math.multiplyExact((long) high, BASE), (long) low);
    }
}
