package dev.interlock.policy.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Policy;
import dev.interlock.policy.Window;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Caller;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.Reservation.Granted;
import dev.interlock.policy.limit.Reservation.Reason;
import dev.interlock.policy.limit.Usage;
import dev.interlock.policy.yaml.PolicyYaml;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** In Redis, too, a caller that invents names of tools, or opens sessions, shuts out only itself. */
class CallersKeysInRedisTest {

    private static final Policy POLICY = PolicyYaml.read("""
                    version: "1"
                    default: allow
                    all_tools:
                      rules:
                        - {name: pace, rate_limit: {max: 5, window: 1d}}
                    """, "policy.yaml").orThrow();

    private static final int THREADS = 16;
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final LimitRule TEN = new LimitRule.TokenBucket(Amount.of(10), MINUTE);

    private final ServerClock clock = new ServerClock(Instant.parse("2027-03-01T10:00:30Z"));
    private final AtomicInteger calls = new AtomicInteger();

    private static ToolCall call(String tool) {
        return ToolCall.of(tool, Map.of());
    }

    private RedisStore.Builder limiter(int maxKeys) {
        return SharedServer.limiter().serverTime(clock::text).maxKeysPerLimit(maxKeys);
    }

    private static Caller identity(String name) {
        return Caller.of(name, null);
    }

    private static Charge charge(String limit, String subject, LimitRule rule, Caller caller) {
        return new Charge(new LimitKey(limit, subject), rule, Amount.ONE, ChargeMode.SENT, caller);
    }

    private Reservation reserve(RedisStore limiter, Charge... charges) {
        return limiter.rateLimiter().reserve(new Batch("call-" + calls.incrementAndGet(), List.of(charges)));
    }

    private static Reservation tooManyKeys(int charge) {
        return new Reservation.NotGranted(charge, Reason.TOO_MANY_KEYS, null);
    }

    /** How many keys one caller gets of an empty limit. */
    private static int share(int maxKeys) {
        int keys = 0;
        while (keys < Math.max(1, (maxKeys - keys) / 8)) {
            keys++;
        }
        return keys;
    }

    static List<LimitRule> rules() {
        return List.of(
                TEN,
                new LimitRule.SlidingWindow(Amount.of(10), MINUTE),
                new LimitRule.FixedWindow(Amount.of(10), new Window.Length(MINUTE)));
    }

    // ---- who is shut out ----

    @ParameterizedTest
    @EnumSource
    void anIdentityThatInventsToolsShutsOnlyItself(Placement placement) {
        try (RedisStore limiter = limiter(80).placement(placement).build()) {
            PolicyEngine engine = PolicyEngine.builder(POLICY)
                    .rateLimiter(limiter.rateLimiter())
                    .build();
            List<Decision> decisions = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                decisions.add(engine.admit(call("x" + i).by("mallory").in("m")).decision());
            }

            assertThat(decisions.subList(0, share(80))).allMatch(Decision::allowed);
            assertThat(decisions.subList(share(80), 100)).allSatisfy(decision -> {
                assertThat(decision.code()).isEqualTo(Code.LIMITER_UNAVAILABLE);
                assertThat(decision.message())
                        .startsWith("Too many different tools, sessions or values are being counted for this caller");
            });
            assertThat(engine.admit(call("x100").by("ada").in("a")).decision().allowed())
                    .isTrue();
            assertThat(engine.admit(call("x100").in("unknown")).decision().allowed())
                    .isTrue();
            for (int i = 0; i < 4; i++) {
                assertThat(engine.admit(call("x0").by("mallory").in("m"))
                                .decision()
                                .allowed())
                        .as("what it called before it may go on calling")
                        .isTrue();
            }
            assertThat(engine.admit(call("x0").by("mallory").in("m")).decision().code())
                    .isEqualTo(Code.LIMIT);
        }
    }

    @Test
    void anIdentityThatOpensSessionsShutsOnlyItself() {
        try (RedisStore limiter = limiter(80).build()) {
            PolicyEngine engine = PolicyEngine.builder(POLICY)
                    .rateLimiter(limiter.rateLimiter())
                    .build();
            int allowed = 0;
            for (int i = 0; i < 100; i++) {
                ToolCall next = call("get").by("mallory").in("session-" + i);
                allowed += engine.admit(next).decision().allowed() ? 1 : 0;
            }

            assertThat(allowed).isEqualTo(share(80));
            assertThat(engine.admit(call("get").by("ada").in("a")).decision().allowed())
                    .isTrue();
        }
    }

    @Test
    void sessionsOfNoOneFillTheirPartOfALimitAndNoMore() {
        try (RedisStore limiter = limiter(40).build()) {
            for (int i = 0; i < 40; i++) {
                assertThat(reserve(limiter, charge("pace@get", "s" + i, TEN, Caller.of(null, "s" + i))))
                        .as("who has no key yet gets one while there is room")
                        .isInstanceOf(Granted.class);
            }

            assertThat(reserve(limiter, charge("pace@get", "s40", TEN, Caller.of(null, "s40"))))
                    .isEqualTo(tooManyKeys(0));
            assertThat(reserve(limiter, charge("pace@get", "s0", TEN, Caller.of(null, "s0"))))
                    .isInstanceOf(Granted.class);
            assertThat(reserve(limiter, charge("pace@get", "s40", TEN, identity("ada"))))
                    .isInstanceOf(Granted.class);
            assertThat(reserve(limiter, charge("other@get", "s40", TEN, Caller.of(null, "s40"))))
                    .isInstanceOf(Granted.class);
        }
    }

    /** What can't be counted in one slot is counted in each. */
    @Test
    void bySubjectEachSessionHasKeysOfItsOwn() {
        try (RedisStore limiter = limiter(8).placement(Placement.BY_SUBJECT).build()) {
            Caller mallory = identity("mallory");
            for (int i = 0; i < 20; i++) {
                assertThat(reserve(limiter, charge("pace@get", "s" + i, TEN, mallory)))
                        .isInstanceOf(Granted.class);
                assertThat(reserve(limiter, charge("pace@put", "s" + i, TEN, mallory)))
                        .isEqualTo(tooManyKeys(0));
            }
        }
    }

    // ---- what is counted ----

    @ParameterizedTest
    @MethodSource("rules")
    void keysThatExpireFreeTheirPlaces(LimitRule rule) throws IOException {
        try (RedisStore limiter =
                limiter(1).prefix("sets").clockTolerance(Duration.ofSeconds(90)).build()) {
            for (int i = 0; i < 40; i++) {
                assertThat(reserve(limiter, charge("pace@x" + i, "", rule, identity("ada"))))
                        .isInstanceOf(Granted.class);
                assertThat(reserve(limiter, charge("pace@y" + i, "", rule, identity("bob"))))
                        .isEqualTo(tooManyKeys(0));
                // The window, the tolerance, and the grain.
                clock.advance(Duration.ofSeconds(60 + 90 + 60));
            }
            assertThat(sets("sets"))
                    .hasSize(2)
                    .allSatisfy(set -> assertThat(SharedServer.get().command("ZCARD", set))
                            .as("what has ended is taken out")
                            .isEqualTo(":1\r\n"));
        }
    }

    @ParameterizedTest
    @MethodSource("rules")
    void aKeyIsCountedForAsLongAsItIsUsed(LimitRule rule) {
        try (RedisStore limiter =
                limiter(1).clockTolerance(Duration.ofMillis(1)).build()) {
            for (int i = 0; i < 60; i++) {
                assertThat(reserve(limiter, charge("pace@x", "", rule, identity("ada"))))
                        .isInstanceOf(Granted.class);
                assertThat(reserve(limiter, charge("pace@y", "", rule, identity("bob"))))
                        .as("after %d times 7 s", i)
                        .isEqualTo(tooManyKeys(0));
                clock.advance(Duration.ofSeconds(7));
            }
        }
    }

    @Test
    void aCallerThatMakesAKeyLastLongerHasItOnItsAccount() {
        LimitRule slow = new LimitRule.TokenBucket(Amount.of(10), MINUTE);
        try (RedisStore limiter =
                limiter(8).clockTolerance(Duration.ofMillis(1)).build()) {
            assertThat(reserve(limiter, charge("pace@x", "", slow, identity("ada"))))
                    .isInstanceOf(Granted.class);
            for (int i = 0; i < 30; i++) {
                clock.advance(Duration.ofSeconds(5));
                assertThat(reserve(limiter, charge("pace@x", "", slow, identity("bob"))))
                        .isInstanceOf(Granted.class);
            }
            assertThat(reserve(limiter, charge("pace@y", "", slow, identity("bob"))))
                    .isEqualTo(tooManyKeys(0));
            assertThat(reserve(limiter, charge("pace@y", "", slow, identity("ada"))))
                    .isInstanceOf(Granted.class);
        }
    }

    @ParameterizedTest
    @MethodSource("rules")
    void aKeyFromBeforeKeysWereCountedGoesOnCountingAndIsCountedInTime(LimitRule rule) throws IOException {
        try (RedisStore limiter = limiter(1).prefix("sets").build()) {
            Charge old = charge("pace@x", "", rule, identity("ada"));
            for (int i = 0; i < 8; i++) {
                assertThat(reserve(limiter, old)).isInstanceOf(Granted.class);
            }
            for (String set : sets("sets")) {
                SharedServer.get().command("DEL", set);
            }
            assertThat(reserve(limiter, charge("pace@y", "", rule, identity("bob"))))
                    .isInstanceOf(Granted.class);

            assertThat(reserve(limiter, old)).as("though the limit is full").isInstanceOf(Granted.class);
            assertThat(reserve(limiter, old)).isInstanceOf(Granted.class);
            assertThat(((Reservation.NotGranted) reserve(limiter, old)).reason())
                    .isEqualTo(Reason.NO_ROOM);

            clock.advance(Duration.ofMinutes(3));
            assertThat(reserve(limiter, old)).isInstanceOf(Granted.class);
            assertThat(sets("sets")).as("those of two callers, and the limit's").hasSize(3);
        }
    }

    @BeforeEach
    void forget() throws IOException {
        SharedServer.get().command("FLUSHALL");
    }

    private static List<String> sets(String prefix) throws IOException {
        return SharedServer.get().keys().stream()
                .filter(key -> key.matches("\\{" + prefix + "}[nl]:.*"))
                .toList();
    }

    // ---- all or none ----

    @Test
    void aCallThatIsRefusedForItsKeysReservesNothingAndLeavesNoKey() throws IOException {
        try (RedisStore limiter = limiter(8).build()) {
            Charge known = charge("whole", "", TEN, identity("mallory"));
            assertThat(reserve(limiter, known, charge("pace@x", "", TEN, identity("mallory"))))
                    .isInstanceOf(Granted.class);
            List<String> before = SharedServer.get().keys();

            assertThat(reserve(
                            limiter,
                            known,
                            charge("other@y", "", TEN, identity("mallory")),
                            charge("pace@y", "", TEN, identity("mallory"))))
                    .isEqualTo(tooManyKeys(2));

            assertThat(SharedServer.get().keys()).containsExactlyInAnyOrderElementsOf(before);
            assertThat(limiter.rateLimiter().usage(List.of(known)))
                    .extracting(Usage::used)
                    .containsExactly(Amount.ONE);
        }
    }

    @Test
    void bySubjectWhatWasReservedInOtherSlotsIsGivenBack() {
        try (RedisStore limiter = limiter(8).placement(Placement.BY_SUBJECT).build()) {
            Charge session = charge("mine", "s", TEN, identity("mallory"));
            assertThat(reserve(limiter, session, charge("pace@x", "", TEN, identity("mallory"))))
                    .isInstanceOf(Granted.class);
            assertThat(reserve(limiter, session, charge("pace@y", "", TEN, identity("mallory"))))
                    .isEqualTo(tooManyKeys(1));

            RedisServer.await(() ->
                    limiter.rateLimiter().usage(List.of(session)).get(0).used().equals(Amount.ONE));
        }
    }

    @Test
    void allKeysThatOneCallBringsAreCounted() {
        try (RedisStore limiter = limiter(2).build()) {
            assertThat(reserve(
                            limiter,
                            charge("pace@x", "", TEN, identity("ada")),
                            charge("pace@y", "", TEN, identity("ada"))))
                    .as("one caller")
                    .isEqualTo(tooManyKeys(1));
            assertThat(reserve(
                            limiter,
                            charge("pace@x", "", TEN, identity("ada")),
                            charge("pace@y", "", TEN, identity("bob")),
                            charge("pace@z", "", TEN, identity("eve"))))
                    .as("one limit")
                    .isEqualTo(tooManyKeys(2));
            assertThat(reserve(
                            limiter,
                            charge("pace@x", "", TEN, identity("ada")),
                            charge("pace@y", "", TEN, identity("bob")),
                            charge("pace@x", "", TEN, identity("ada"))))
                    .as("a key that is charged twice is one")
                    .isInstanceOf(Granted.class);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void manyThreadsAndProcessesGetNoMoreKeysThanOne(boolean oneCaller) throws Exception {
        RedisStore.Builder settings = limiter(400);
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try (RedisStore one = settings.build();
                RedisStore other = settings.build()) {
            List<Callable<Integer>> floods = new ArrayList<>();
            for (int t = 0; t < THREADS; t++) {
                int thread = t;
                floods.add(() -> {
                    int granted = 0;
                    for (int i = 0; i < 50; i++) {
                        String name = thread + "-" + i;
                        Caller caller = identity(oneCaller ? "mallory" : name);
                        Reservation answer =
                                reserve(thread % 2 == 0 ? one : other, charge("pace@" + name, "", TEN, caller));
                        granted += answer instanceof Granted ? 1 : 0;
                    }
                    return granted;
                });
            }
            int granted = 0;
            for (Future<Integer> flood : threads.invokeAll(floods)) {
                granted += flood.get();
            }
            assertThat(granted).isEqualTo(oneCaller ? share(400) : 400);
        } finally {
            threads.shutdownNow();
        }
    }

    // ---- what it costs ----

    @Test
    void aCallWithAKnownKeyTouchesNoSet() throws IOException {
        RedisServer server = SharedServer.get();
        try (RedisStore limiter = limiter(8).build()) {
            LimitRule plenty = new LimitRule.TokenBucket(Amount.of(1_000), Duration.ofDays(1));
            Charge known = charge("pace@x", "", plenty, identity("ada"));
            assertThat(reserve(limiter, known)).isInstanceOf(Granted.class);
            List<String> before = setCommands(server);

            for (int i = 0; i < 100; i++) {
                assertThat(reserve(limiter, known)).isInstanceOf(Granted.class);
            }
            assertThat(before).isNotEmpty();
            assertThat(setCommands(server)).isEqualTo(before);
        }
    }

    private static List<String> setCommands(RedisServer server) throws IOException {
        return server.command("INFO", "commandstats")
                .lines()
                .filter(line -> line.startsWith("cmdstat_z"))
                .toList();
    }

    @Test
    void aLimitNeedsAtLeastOneKey() {
        assertThatThrownBy(() -> RedisStore.server("redis://localhost").maxKeysPerLimit(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a limit needs at least 1 key, was 0");
    }
}
