package dev.interlock.policy.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Window;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScoredValue;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** The short way through the script that reserves leaves behind, to the byte, what the long way does. */
class SimpleReservationProperties {

    private static final String LONG_WAY =
            Script.RESERVE.text().replace("local answer = simple()", "local answer = nil");
    private static final long START = Instant.parse("2026-11-23T10:59:58Z").toEpochMilli() * 1_000;

    /** What was written later lives for longer. */
    private static final long A_MOMENT = 20_000;

    private static String longWay;
    private static RedisClient client;
    private static RedisCommands<byte[], byte[]> redis;

    @BeforeContainer
    static void connect() {
        client = RedisClient.create(RedisURI.create(SharedServer.get().uri()));
        redis = client.connect(ByteArrayCodec.INSTANCE).sync();
        assertThat(LONG_WAY).isNotEqualTo(Script.RESERVE.text());
        longWay = redis.scriptLoad(LONG_WAY);
        redis.scriptLoad(Script.RESERVE.text());
    }

    @AfterContainer
    static void disconnect() {
        client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
    }

    /** A call, and the microseconds that have passed since the one before. */
    record Call(long pause, List<Charge> charges) {}

    @Property(tries = 100)
    void bothWaysAnswerAndLeaveTheSame(@ForAll("calls") List<Call> calls) {
        redis.flushall();
        long now = START;
        for (int i = 0; i < calls.size(); i++) {
            now += calls.get(i).pause;
            assertThat(reserve(Script.RESERVE.digest(), "short", i, now, calls.get(i)))
                    .as("answer %d", i)
                    .isEqualTo(reserve(longWay, "long", i, now, calls.get(i)));
            assertThat(values("short", calls.get(i), i)).isEqualTo(values("long", calls.get(i), i));
            assertThat(counted("short", calls.get(i))).isEqualTo(counted("long", calls.get(i)));
        }
        Call last = calls.get(calls.size() - 1);
        byte[][] ofShort = keys("short", last, calls.size() - 1);
        byte[][] ofLong = keys("long", last, calls.size() - 1);
        for (int k = 0; k < ofShort.length; k++) {
            assertThat(redis.pttl(ofShort[k])).isCloseTo(redis.pttl(ofLong[k]), within(A_MOMENT));
        }
    }

    private static List<String> values(String prefix, Call call, int number) {
        return redis.mget(keys(prefix, call, number)).stream()
                .map(value -> value.hasValue() ? HexFormat.of().formatHex(value.getValue()) : "none")
                .toList();
    }

    /** Up to when each key of each set is counted. */
    private static List<List<Double>> counted(String prefix, Call call) {
        KeyNames names = new KeyNames(prefix, Placement.ONE_SLOT);
        return SlotRequest.toReserve(call.charges, names, () -> 0).get(0).sets(names).stream()
                .map(set -> redis.zrangeWithScores(set, 0, -1).stream()
                        .map(ScoredValue::getScore)
                        .toList())
                .toList();
    }

    private static byte[] reserve(String script, String prefix, int number, long now, Call call) {
        KeyNames names = new KeyNames(prefix, Placement.ONE_SLOT);
        SlotRequest demand = SlotRequest.toReserve(call.charges, names, () -> 0).get(0);
        List<byte[]> arguments = new ArrayList<>(List.of(
                RedisConnection.ascii(Long.toString(now)), SlotRequest.doubles(300_000, 300_000, number, 500_000)));
        arguments.addAll(demand.parts());
        List<byte[]> keys = new ArrayList<>(Arrays.asList(keys(prefix, call, number)));
        keys.addAll(demand.sets(names));
        return redis.evalsha(
                script, ScriptOutputType.VALUE, keys.toArray(byte[][]::new), arguments.toArray(byte[][]::new));
    }

    private static byte[][] keys(String prefix, Call call, int number) {
        KeyNames names = new KeyNames(prefix, Placement.ONE_SLOT);
        List<byte[]> keys = new ArrayList<>(List.of(names.call(prefix, "call-" + number)));
        keys.addAll(SlotRequest.toReserve(call.charges, names, () -> 0).get(0).cells());
        return keys.toArray(byte[][]::new);
    }

    @Provide
    static Arbitrary<List<Call>> calls() {
        Arbitrary<Amount> amounts = Arbitraries.oneOf(
                Arbitraries.integers().between(1, 4).map(Amount::of),
                Arbitraries.longs().between(1, 9_000_000).map(Amount::new),
                Arbitraries.longs().between(1, Amount.MAX.micros()).map(Amount::new));
        Arbitrary<Amount> limits = Arbitraries.oneOf(
                Arbitraries.of(0, 1, 3, 7, 10).map(Amount::of),
                Arbitraries.longs().between(1, Amount.MAX.micros()).map(Amount::new));
        Arbitrary<LimitRule> rules = Combinators.combine(Arbitraries.integers().between(0, 4), limits)
                .as((kind, max) -> switch (kind) {
                    case 0, 1 -> new LimitRule.TokenBucket(max, Duration.ofSeconds(60));
                    case 2 -> new LimitRule.FixedWindow(max, Window.Calendar.HOUR);
                    case 3 -> new LimitRule.FixedWindow(null, Window.Calendar.MONTH);
                    default -> new LimitRule.SlidingWindow(max, Duration.ofSeconds(60));
                });
        // One rule for each of three keys, that seldom changes.
        return rules.list().ofSize(4).flatMap(four -> {
            Arbitrary<Charge> charges = Combinators.combine(Arbitraries.of(0, 0, 0, 1, 1, 1, 2, 2, 2, 3), amounts)
                    .as((rule, amount) ->
                            new Charge(new LimitKey("limit" + rule % 3, "s"), four.get(rule), amount, ChargeMode.SENT));
            Arbitrary<Long> pauses = Arbitraries.longs().between(-1_000_000, 90_000_000);
            return Combinators.combine(pauses, charges.list().ofMinSize(1).ofMaxSize(3))
                    .as(Call::new)
                    .list()
                    .ofMinSize(1)
                    .ofMaxSize(12);
        });
    }
}
