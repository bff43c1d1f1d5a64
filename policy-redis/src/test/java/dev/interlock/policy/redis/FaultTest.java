package dev.interlock.policy.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Window;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Caller;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.Reservation.Granted;
import dev.interlock.policy.limit.UnavailableException;
import dev.interlock.policy.limit.remote.FailureMode;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of limits when the server, its memory or the network fails: no fault ever makes room. */
class FaultTest {

    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final LimitRule TEN = new LimitRule.FixedWindow(Amount.of(10), Window.Calendar.MONTH);
    private static final LimitKey KEY = new LimitKey("limit", "");

    private final ManualTime time = ManualTime.at("2026-11-23T10:00:00Z");
    private final Deadlines deadlines = new Deadlines();
    private final Outages outages = new Outages();
    private final AtomicInteger calls = new AtomicInteger();

    private RedisServer server;
    private TcpProxy proxy;
    private RedisStore limiter;

    @BeforeEach
    void start() throws IOException {
        server = RedisServer.start();
        proxy = TcpProxy.to(server.port());
        limiter = limiter(FailureMode.closed());
    }

    @AfterEach
    void stop() throws IOException {
        limiter.close();
        proxy.close();
        server.close();
    }

    private RedisStore limiter(FailureMode mode) {
        return RedisStore.server(proxy.uri())
                .deadlines(deadlines)
                .breaker(3, PAUSE)
                .onFailure(mode)
                .time(time)
                .listener(outages)
                .build();
    }

    // ---- the server ----

    @Test
    void whileTheServerIsGoneCallsAreDeniedAndItIsToldOnce() throws IOException {
        admit(4);
        server.kill();

        assertThat(reserveInVain()).isEqualTo(unavailable());
        for (int i = 0; i < 50; i++) {
            assertThat(reserveInVain()).isEqualTo(unavailable());
        }
        assertThat(outages.events()).hasSize(1).first().asString().startsWith("lost: ");

        server.run();
        awaitAnswers();
        assertThat(outages.events()).hasSize(2).last().isEqualTo("back");
    }

    @Test
    void aServerThatSavesWhatItIsToldHasItAfterARestart() throws IOException {
        server.kill();
        server.option("--appendonly", "yes", "--appendfsync", "always");
        server.run();
        admit(4);
        server.kill();
        server.run();

        awaitAnswers();
        assertThat(used()).isEqualTo(4);
        assertThat(admitted(20)).isEqualTo(6);
    }

    @Test
    void callsToAServerThatStandsStillAreDeniedAndCalledOff() throws Exception {
        admit(4);
        server.pause();
        for (int i = 0; i < 10; i++) {
            assertThat(reserveInVain()).isEqualTo(unavailable());
        }
        assertThat(outages.events()).hasSize(1);
        server.resume();

        awaitAnswers();
        awaitUsed(4);
        assertThat(admitted(20)).isEqualTo(6);
    }

    @Test
    void callsToAServerThatIsSlowAreDeniedInTimeAndCalledOff() {
        admit(4);
        proxy.holdAnswers(true);
        assertThat(reserveInVain()).isEqualTo(unavailable());
        proxy.holdAnswers(false);

        awaitUsed(4);
        assertThat(admitted(20)).isEqualTo(6);
        assertThat(outages.events()).as("one late answer is not an outage").isEmpty();
    }

    @Test
    void aServerThatForgotTheScriptsIsToldThemAgain() throws IOException {
        admit(3);
        server.command("SCRIPT", "FLUSH");
        Granted granted = (Granted) reserve();
        server.command("SCRIPT", "FLUSH");
        limiter.rateLimiter().settle(granted, CallOutcome.UNSENT);
        awaitUsed(3);

        server.command("SCRIPT", "FLUSH");
        assertThat(used()).isEqualTo(3);
        assertThat(admitted(20)).isEqualTo(7);
        assertThat(outages.events()).isEmpty();
    }

    @Test
    void whenTheMemoryIsFullCallsAreDeniedWholeAndOthersStillGiveBack() throws IOException {
        admit(3);
        Granted granted = (Granted) reserve();
        server.command("CONFIG", "SET", "maxmemory", "100kb");

        LimitKey fresh = new LimitKey("other", "");
        for (int i = 0; i < 3; i++) {
            assertThat(limiter.rateLimiter().reserve(batch(charge(KEY), charge(fresh))))
                    .isEqualTo(unavailable());
        }
        assertThat(outages.events()).hasSize(1).first().asString().contains("OOM");
        limiter.rateLimiter().settle(granted, CallOutcome.UNSENT);

        server.command("CONFIG", "SET", "maxmemory", "0");
        awaitAnswers();
        awaitUsed(3);
        assertThat(limiter.rateLimiter().usage(List.of(charge(fresh))).get(0).used())
                .isEqualTo(Amount.ZERO);
    }

    @Test
    void aServerThatMayDropCountsIsNotTrustedWithAny() throws IOException {
        server.command("CONFIG", "SET", "maxmemory", "100mb");
        server.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
        for (int i = 0; i < 3; i++) {
            assertThat(reserve()).isEqualTo(unavailable());
        }
        assertThat(outages.events()).hasSize(1).first().asString().contains("set maxmemory-policy to noeviction");

        server.command("CONFIG", "SET", "maxmemory-policy", "noeviction");
        awaitAnswers();
    }

    // ---- lost answers ----

    @Test
    void aCallWhoseAnswerIsLostWithTheConnectionIsAskedAgainAndCountsOnce() {
        admit(4);
        proxy.cutAtNextAnswer();

        assertThat(reserve()).isInstanceOf(Granted.class);
        assertThat(used()).isEqualTo(5);
        assertThat(outages.events()).isEmpty();
    }

    @Test
    void theSameCallTwiceCountsOnceUntilItIsSettled() {
        Batch batch = batch(charge(KEY));
        Granted first = (Granted) limiter.rateLimiter().reserve(batch);
        Granted second = (Granted) limiter.rateLimiter().reserve(batch);
        assertThat(used()).isEqualTo(1);

        limiter.rateLimiter().settle(first, CallOutcome.UNSENT);
        limiter.rateLimiter().settle(second, CallOutcome.UNSENT);
        assertThat(used()).isZero();
    }

    @Test
    void anotherCallByTheIdOfOneUnderWayIsDenied() {
        Batch batch = batch(charge(KEY));
        limiter.rateLimiter().reserve(batch);

        assertThat(limiter.rateLimiter().reserve(new Batch(batch.id(), List.of(charge(new LimitKey("other", ""))))))
                .isEqualTo(unavailable());
        assertThat(used()).isEqualTo(1);
        assertThat(outages.events()).isEmpty();
    }

    @Test
    void aRequestThatArrivesAfterItWasCalledOffTakesNothing() {
        admit(4);
        Batch late = batch(charge(KEY));
        proxy.loseAnswers(true);
        assertThat(inVain(late)).isEqualTo(unavailable());
        proxy.loseAnswers(false);
        proxy.cut();

        awaitAnswers();
        awaitUsed(4);
        assertThat(limiter.rateLimiter().reserve(late))
                .as("the same request again")
                .isEqualTo(unavailable());
        assertThat(used()).isEqualTo(4);
    }

    // ---- another server takes over ----

    @Test
    void aReplicaThatTakesOverGoesOnCounting() throws IOException {
        RedisServer replica = replicaOf(server.port());
        try {
            admit(4);
            server.awaitReplica();
            server.kill();
            replica.command("REPLICAOF", "NO", "ONE");
            for (int i = 0; i < 3; i++) {
                assertThat(reserveInVain()).isEqualTo(unavailable());
            }
            proxy.lead(replica.port());

            awaitAnswers();
            assertThat(used()).isEqualTo(4);
            assertThat(admitted(20)).isEqualTo(6);
        } finally {
            replica.close();
        }
    }

    @Test
    void aMasterThatBecameAReplicaIsLeftForTheOneThatItsNameLeadsToNow() throws IOException {
        RedisServer next = replicaOf(server.port());
        try {
            admit(4);
            server.awaitReplica();
            next.command("REPLICAOF", "NO", "ONE");
            server.command("REPLICAOF", "127.0.0.1", Integer.toString(next.port()));
            for (int i = 0; i < 3; i++) {
                assertThat(reserve()).isEqualTo(unavailable());
            }
            assertThat(outages.events()).hasSize(1).first().asString().containsIgnoringCase("read");
            proxy.leadLater(next.port());

            awaitAnswers();
            assertThat(used()).isEqualTo(4);
        } finally {
            next.close();
        }
    }

    @Test
    void whatHadNotReachedTheReplicaThatTakesOverIsLostAndNoMore() throws IOException {
        try (TcpProxy replication = TcpProxy.to(server.port())) {
            RedisServer replica = replicaOf(replication.port());
            try {
                admit(4);
                server.awaitReplica();
                replication.loseAnswers(true);
                admit(3);
                server.kill();
                replica.command("REPLICAOF", "NO", "ONE");
                proxy.lead(replica.port());

                awaitAnswers();
                assertThat(used()).isEqualTo(4);
            } finally {
                replica.close();
            }
        }
    }

    private static RedisServer replicaOf(int port) throws IOException {
        RedisServer replica = RedisServer.start("--replicaof", "127.0.0.1", Integer.toString(port));
        replica.awaitLog("sync: Finished with success");
        return replica;
    }

    // ---- what happens instead ----

    @Test
    void inOpenModeAnOutageLetsEverythingThroughAndWhatWasCountedStays() throws IOException {
        limiter.close();
        limiter = limiter(FailureMode.open());
        admit(10);
        assertThat(admitted(3)).isZero();
        proxy.lead(1);

        assertThat(admittedInVain(30)).isEqualTo(30);
        limiter.rateLimiter().settle((Granted) reserveInVain(), CallOutcome.UNSENT);
        assertThat(limiter.rateLimiter().usage(List.of(charge(KEY))).get(0).room())
                .isEqualTo(Amount.of(10));

        proxy.lead(server.port());
        RedisServer.await(() -> {
            time.advance(PAUSE);
            return admitted(1) == 0;
        });
        assertThat(used()).isEqualTo(10);
        assertThat(outages.events()).hasSize(2);
    }

    @Test
    void inLocalModeAnOutageLetsAFractionThroughHoweverOftenItComes() {
        limiter.close();
        limiter = limiter(FailureMode.local(0.35));
        admit(2);
        proxy.lead(1);
        assertThat(admittedInVain(1)).isEqualTo(1);
        Granted granted = (Granted) reserveInVain();
        assertThat(admittedInVain(30)).isEqualTo(1);
        limiter.rateLimiter().settle(granted, CallOutcome.UNSENT);
        assertThat(admittedInVain(30)).isEqualTo(1);
        assertThat(limiter.rateLimiter().reserve(batch(new Charge(KEY, TEN, Amount.of(4), ChargeMode.SENT))))
                .as("more than the part that is left, but not than the limit")
                .isEqualTo(new Reservation.NotGranted(0, Reservation.Reason.UNAVAILABLE, null));

        proxy.lead(server.port());
        awaitAnswers();
        assertThat(used()).isEqualTo(2);
        proxy.lead(1);
        assertThat(admittedInVain(30)).as("the next outage").isZero();
    }

    @Test
    void whatIsGoodOnceIsRefusedInAnOutageInEveryMode() {
        for (FailureMode mode : List.of(FailureMode.closed(), FailureMode.open(), FailureMode.local(1))) {
            limiter.close();
            limiter = limiter(mode);
            awaitAnswers();
            assertThat(limiter.rateLimiter().reserve(once("before " + mode))).isInstanceOf(Granted.class);
            proxy.lead(1);
            assertThat(inVain(once("during " + mode))).isEqualTo(unavailable());
            assertThat(inVain(once("before " + mode))).isEqualTo(unavailable());

            proxy.lead(server.port());
            awaitAnswers();
            assertThat(limiter.rateLimiter().reserve(once("before " + mode)))
                    .isInstanceOfSatisfying(
                            Reservation.NotGranted.class,
                            refused -> assertThat(refused.reason()).isEqualTo(Reservation.Reason.NO_ROOM));
        }
    }

    private Batch once(String key) {
        return Batch.once(
                "call-" + calls.incrementAndGet(),
                new LimitKey("once", key),
                Caller.of("ada", null),
                Duration.ofMinutes(10));
    }

    @Test
    void aClosedLimiterDenies() {
        admit(1);
        limiter.close();
        assertThat(reserve()).isEqualTo(unavailable());
    }

    // ---- words for the above ----

    private static Reservation unavailable() {
        return new Reservation.NotGranted(-1, Reservation.Reason.UNAVAILABLE, null);
    }

    private Batch batch(Charge... charges) {
        return new Batch("call-" + calls.incrementAndGet(), List.of(charges));
    }

    private static Charge charge(LimitKey key) {
        return new Charge(key, TEN, Amount.ONE, ChargeMode.SENT);
    }

    private Reservation reserve() {
        return limiter.rateLimiter().reserve(batch(charge(KEY)));
    }

    private Reservation reserveInVain() {
        return inVain(batch(charge(KEY)));
    }

    /** No answer comes in time, whatever the time is. */
    private Reservation inVain(Batch batch) {
        CompletableFuture<Reservation> answer =
                limiter.rateLimiter().reserveAsync(batch).toCompletableFuture();
        deadlines.pass();
        return answer.join();
    }

    private int admittedInVain(int tries) {
        int count = 0;
        for (int i = 0; i < tries; i++) {
            count += reserveInVain() instanceof Granted ? 1 : 0;
        }
        return count;
    }

    private int admitted(int tries) {
        int count = 0;
        for (int i = 0; i < tries; i++) {
            count += reserve() instanceof Granted ? 1 : 0;
        }
        return count;
    }

    /** However slow the machine is: the first answer takes a connection, too. */
    private void admit(int count) {
        awaitAnswers();
        assertThat(admitted(count)).isEqualTo(count);
        outages.events().clear();
    }

    private long used() {
        return limiter.rateLimiter().usage(List.of(charge(KEY))).get(0).used().micros() / Amount.ONE_MICROS;
    }

    /** What was called off may come to the server after what was asked later over another connection. */
    private void awaitUsed(long count) {
        RedisServer.await(() -> {
            try {
                return used() == count;
            } catch (UnavailableException e) {
                return false;
            }
        });
    }

    /** Time passes until Redis is asked again and answers. */
    private void awaitAnswers() {
        LimitKey other = new LimitKey("probe", "");
        LimitRule unbounded = new LimitRule.FixedWindow(null, Window.Calendar.MONTH);
        RedisServer.await(() -> {
            time.advance(PAUSE);
            Batch batch = batch(new Charge(other, unbounded, Amount.ONE, ChargeMode.SENT));
            return limiter.rateLimiter().reserve(batch) instanceof Granted && isUp();
        });
    }

    /** In local mode grants say nothing. */
    private boolean isUp() {
        return outages.events().isEmpty()
                || outages.events().get(outages.events().size() - 1).equals("back");
    }
}
