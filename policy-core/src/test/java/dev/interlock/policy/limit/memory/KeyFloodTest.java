package dev.interlock.policy.limit.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.ForkedJvm;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.Reservation;
import java.io.StringReader;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.ObjectName;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Five million keys that were never seen before, in a heap of 256 MiB. */
class KeyFloodTest {

    private static final int FLOOD = 5_000_000;
    /** Of the keys that the limiter may hold, half: there is one limit. */
    private static final int BOUND = 1_000_000;

    private static final Properties FOUND = new Properties();

    @BeforeAll
    static void flood() throws Exception {
        FOUND.load(new StringReader(ForkedJvm.run(Flood.class, "-Xmx256m", "-XX:+UseSerialGC")));
    }

    private static long found(String name) {
        return Long.parseLong(FOUND.getProperty(name));
    }

    @Test
    void aFloodOfKeysFillsItsLimitsHalfOfTheLimiterAndNoFurther() {
        assertThat(found("admitted")).isEqualTo(BOUND - 1);
        assertThat(found("refused")).isEqualTo(FLOOD - BOUND + 1);
        assertThat(found("keys")).isEqualTo(BOUND);
    }

    @Test
    void aFloodOfKeysNeitherEvictsNorRefillsAKeyThatIsInUse() {
        assertThat(found("admittedOfUsedUpKey")).isZero();
        assertThat(found("admittedOfUsedUpKeyAfterOneEmission")).isOne();
    }

    @Test
    void aKeyCostsAtMost115BytesBesidesItsText() {
        assertThat(found("bytesPerKey")).isBetween(80L, 115L);
    }

    @Test
    void onceTheFloodIsOverItsKeysMakePlaceForOthers() {
        assertThat(found("admittedAfterTheFlood")).isEqualTo(FLOOD);
        assertThat(found("keysAfterTheFlood")).isLessThan(BOUND / 10);
    }

    /** Prints what it finds. */
    static final class Flood {

        private static final LimitRule RULE = new LimitRule.TokenBucket(Amount.of(10), Duration.ofMinutes(1));

        private final ManualTime time = new ManualTime(Instant.EPOCH, 0);
        private final InMemoryRateLimiter limiter =
                InMemoryRateLimiter.builder().time(time).maxKeys(2 * BOUND).build();

        public static void main(String[] args) throws Exception {
            new Flood().run();
        }

        private boolean admits(String session) {
            Charge charge = new Charge(new LimitKey("tool", session), RULE, Amount.ONE, ChargeMode.SENT);
            return limiter.reserve(new Batch("", List.of(charge))) instanceof Reservation.Granted;
        }

        private int admitted(String session) {
            int count = 0;
            while (admits(session)) {
                count++;
            }
            return count;
        }

        private void run() throws Exception {
            admitted("used up");
            int admitted = 0;
            for (int i = 0; i < FLOOD; i++) {
                admitted += admits("session-" + i) ? 1 : 0;
            }
            print("admitted", admitted);
            print("refused", FLOOD - admitted);
            print("keys", limiter.keyCount());
            print("admittedOfUsedUpKey", admitted("used up"));
            print("bytesPerKey", bytesInUse() / BOUND);
            time.advance(Duration.ofSeconds(6));
            print("admittedOfUsedUpKeyAfterOneEmission", admitted("used up"));

            // Now 50,000 keys at a time are in use.
            int after = 0;
            for (int i = 0; i < FLOOD; i++) {
                time.advanceNanos(120_000);
                after += admits("later-" + i) ? 1 : 0;
            }
            print("admittedAfterTheFlood", after);
            print("keysAfterTheFlood", limiter.keyCount());
        }

        private static void print(String name, long value) {
            System.out.println(name + "=" + value);
        }

        /** What keys, cells, and the map's nodes and tables take, by the class histogram. */
        private static long bytesInUse() throws Exception {
            String histogram = (String) ManagementFactory.getPlatformMBeanServer()
                    .invoke(
                            new ObjectName("com.sun.management:type=DiagnosticCommand"),
                            "gcClassHistogram",
                            new Object[] {new String[0]},
                            new String[] {String[].class.getName()});
            Matcher line = Pattern.compile("\\d+:\\s+\\d+\\s+(\\d+)\\s+(\\S+)").matcher(histogram);
            Map<String, Boolean> counted = Map.of(
                    LimitKey.class.getName(),
                    true,
                    BucketCell.class.getName(),
                    true,
                    "java.util.concurrent.ConcurrentHashMap$Node",
                    true,
                    "[Ljava.util.concurrent.ConcurrentHashMap$Node;",
                    true);
            long bytes = 0;
            while (line.find()) {
                bytes += counted.containsKey(line.group(2)) ? Long.parseLong(line.group(1)) : 0;
            }
            return bytes;
        }
    }
}
