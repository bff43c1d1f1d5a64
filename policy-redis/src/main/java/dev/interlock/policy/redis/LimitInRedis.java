package dev.interlock.policy.redis;

import dev.interlock.policy.Amount;
import dev.interlock.policy.Window;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRecord;
import dev.interlock.policy.limit.LimitRule;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.ZoneId;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Reads what a script shows of a cell, and what its key is called. */
final class LimitInRedis {

    private static final int LENGTHS = 2 * Integer.BYTES;

    private LimitInRedis() {}

    /** A key in full, for a cell whose name is only a hash of it. */
    static byte[] spelledOut(LimitKey key) {
        byte[] limit = PackedTexts.bytes(key.limit());
        byte[] subject = PackedTexts.bytes(key.subject());
        byte[] values = PackedTexts.bytes(key.partition());
        byte[] all = new byte[LENGTHS + limit.length + subject.length + values.length];
        SlotRequest.littleEndian(all)
                .putInt(limit.length)
                .putInt(subject.length)
                .put(limit)
                .put(subject)
                .put(values);
        return all;
    }

    /**
     * What a script says of a cell.
     *
     * @return null if the name is of something else, or can't be told
     */
    static @Nullable LimitRecord read(byte[] cell, byte[] answer) {
        ByteBuffer fields = SlotRequest.littleEndian(answer);
        int kind = fields.get();
        int unit = fields.get();
        double window = fields.getDouble();
        Amount max = new Amount(SlotRequest.number(fields));
        Amount used = new Amount(Math.min(SlotRequest.number(fields), Amount.MAX.micros()));
        Duration fresh = Duration.ofNanos(((long) fields.getDouble()) * 1_000);
        byte[] name = new byte[fields.remaining()];
        fields.get(name);
        LimitKey key = name.length == 0 ? fromName(cell) : fromName(name, 0);
        return key == null ? null : new LimitRecord(key, rule(kind, unit, (long) window, max, fresh), used, fresh);
    }

    private static @Nullable LimitKey fromName(byte[] spelled, int from) {
        ByteBuffer lengths = SlotRequest.littleEndian(spelled);
        int limit = lengths.getInt();
        int subject = lengths.getInt();
        int at = from + LENGTHS;
        return new LimitKey(
                PackedTexts.text(Arrays.copyOfRange(spelled, at, at + limit)),
                PackedTexts.text(Arrays.copyOfRange(spelled, at + limit, at + limit + subject)),
                PackedTexts.text(Arrays.copyOfRange(spelled, at + limit + subject, spelled.length)));
    }

    /** Takes apart what {@link KeyNames#cell} has put together. Null if it is no name of a key, or only a hash. */
    private static @Nullable LimitKey fromName(byte[] cell) {
        String name = new String(cell, StandardCharsets.UTF_8);
        // A tag contains no braces.
        String rest = name.substring(name.indexOf('}') + 1);
        try {
            int colon = rest.indexOf(':', 2);
            int limit = Integer.parseInt(rest.substring(2, colon));
            if (rest.startsWith("k:")) {
                String text = rest.substring(colon + 1);
                return new LimitKey(text.substring(0, limit), text.substring(limit));
            }
            if (rest.startsWith("p:")) {
                int second = rest.indexOf(':', colon + 1);
                int subject = limit + Integer.parseInt(rest.substring(colon + 1, second));
                String text = rest.substring(second + 1);
                return new LimitKey(text.substring(0, limit), text.substring(limit, subject), text.substring(subject));
            }
            return null;
        } catch (NumberFormatException | IndexOutOfBoundsException e) {
            return null;
        }
    }

    private static LimitRule rule(int kind, int unit, long window, Amount max, Duration fresh) {
        return switch (kind) {
            case SlotRequest.BUCKET -> new LimitRule.TokenBucket(max, Duration.ofNanos(window * 1_000));
            case SlotRequest.SLIDING -> new LimitRule.SlidingWindow(Amount.MAX, Duration.ofNanos(window * 1_000));
            // A place is known with the end of its lease alone.
            case SlotRequest.PLACES -> new LimitRule.Concurrent(Amount.MAX, fresh.plusNanos(1));
            default -> new LimitRule.FixedWindow(null, window(unit, window));
        };
    }

    private static Window window(int unit, long window) {
        if (unit == 0) {
            return new Window.Length(Duration.ofSeconds(window));
        }
        Window.Calendar calendar = calendar(unit % SlotRequest.IN_ZONE);
        if (unit < SlotRequest.IN_ZONE) {
            return calendar;
        }
        // The store knows a zone by a number that is made of its name.
        return ZoneId.getAvailableZoneIds().stream()
                .filter(id -> Integer.toUnsignedLong(id.hashCode()) == window)
                .findFirst()
                .<Window>map(id -> new Window.InZone(calendar, ZoneId.of(id)))
                .orElse(calendar);
    }

    /** The numbers are those of {@link SlotRequest}. */
    private static Window.Calendar calendar(int unit) {
        return switch (unit) {
            case 1 -> Window.Calendar.MINUTE;
            case 2 -> Window.Calendar.HOUR;
            case 3 -> Window.Calendar.DAY;
            case 4 -> Window.Calendar.WEEK;
            default -> Window.Calendar.MONTH;
        };
    }
}
