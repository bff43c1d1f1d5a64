package dev.interlock.policy.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Window;
import dev.interlock.policy.approval.TicketAnswer;
import dev.interlock.policy.approval.TicketClaim;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Caller;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.Reservation.Granted;
import dev.interlock.policy.limit.Usage;
import dev.interlock.policy.session.SessionRecord;
import dev.interlock.policy.state.Suspension;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Limits on a cluster of three nodes, each of which answers only for its own slots. */
class ClusterTest {

    private static final int NODES = 3;
    private static final int SLOTS = 16_384;
    private static final LimitRule FIVE = new LimitRule.FixedWindow(Amount.of(5), Window.Calendar.MONTH);

    private static final List<RedisServer> CLUSTER = new ArrayList<>();

    @BeforeAll
    static void start() throws IOException {
        for (int i = 0; i < NODES; i++) {
            CLUSTER.add(RedisServer.start("--cluster-enabled", "yes"));
        }
        for (int i = 0; i < NODES; i++) {
            RedisServer node = CLUSTER.get(i);
            String[] slots = IntStream.range(i * SLOTS / NODES, (i + 1) * SLOTS / NODES)
                    .mapToObj(Integer::toString)
                    .toArray(String[]::new);
            node.command(Stream.concat(Stream.of("CLUSTER", "ADDSLOTS"), Stream.of(slots))
                    .toArray(String[]::new));
            node.command("CLUSTER", "SET-CONFIG-EPOCH", Integer.toString(i + 1));
        }
        for (RedisServer node : CLUSTER) {
            node.command(
                    "CLUSTER",
                    "MEET",
                    "127.0.0.1",
                    Integer.toString(CLUSTER.get(0).port()));
        }
        for (RedisServer node : CLUSTER) {
            node.awaitLog("Cluster state changed: ok");
        }
    }

    @AfterAll
    static void stop() throws IOException {
        for (RedisServer node : CLUSTER) {
            node.close();
        }
    }

    private static RedisStore limiter(String prefix, Placement placement) {
        return RedisStore.cluster(List.of(CLUSTER.get(0).uri()))
                .prefix(prefix + placement)
                .placement(placement)
                .timeout(RedisServer.PATIENCE)
                .build();
    }

    @ParameterizedTest
    @EnumSource
    void batchesOverManySubjectsAreAllOrNothing(Placement placement) {
        try (RedisStore limiter = limiter("all", placement)) {
            for (int i = 0; i < 5; i++) {
                assertThat(limiter.rateLimiter().reserve(batch("all" + i, charges("s" + i))))
                        .as("call %d", i)
                        .isInstanceOf(Granted.class);
            }
            Reservation.NotGranted refused =
                    (Reservation.NotGranted) limiter.rateLimiter().reserve(batch("all-refused", charges("fresh")));
            assertThat(refused.charge()).isEqualTo(2);
            assertThat(refused.reason()).isEqualTo(Reservation.Reason.NO_ROOM);

            assertThat(limiter.rateLimiter().usage(charges("fresh")))
                    .extracting(Usage::used)
                    .containsExactly(Amount.ZERO, Amount.ZERO, Amount.of(5));
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatIsGivenBackComesBackInEverySlot(Placement placement) {
        try (RedisStore limiter = limiter("back", placement)) {
            Granted granted = (Granted) limiter.rateLimiter().reserve(batch("back", charges("s")));
            limiter.rateLimiter().settle(granted, CallOutcome.UNSENT);
            limiter.rateLimiter().settle(granted, CallOutcome.UNSENT);

            assertThat(limiter.rateLimiter().usage(charges("s")))
                    .extracting(Usage::used)
                    .containsOnly(Amount.ZERO);
        }
    }

    @ParameterizedTest
    @EnumSource
    void whoInventsToolsShutsOnlyThemselves(Placement placement) {
        try (RedisStore limiter = RedisStore.cluster(List.of(CLUSTER.get(0).uri()))
                .prefix("flood" + placement)
                .placement(placement)
                .maxKeysPerLimit(80)
                .timeout(RedisServer.PATIENCE)
                .build()) {
            Reservation answer = limiter.rateLimiter().reserve(batch("flood", List.of(invented(0, "mallory"))));
            int keys = 0;
            while (answer instanceof Granted) {
                keys++;
                answer = limiter.rateLimiter().reserve(batch("flood" + keys, List.of(invented(keys, "mallory"))));
            }
            assertThat(answer).isEqualTo(new Reservation.NotGranted(0, Reservation.Reason.TOO_MANY_KEYS, null));
            assertThat(keys).isEqualTo(9);
            assertThat(limiter.rateLimiter().reserve(batch("honest", List.of(invented(keys, "ada")))))
                    .isInstanceOf(Granted.class);
        }
    }

    private static Charge invented(int number, String identity) {
        LimitKey key = new LimitKey("pace@tool-" + number, identity);
        return new Charge(key, FIVE, Amount.ONE, ChargeMode.SENT, Caller.of(identity, null));
    }

    @Test
    void bySubjectTheNodesDivideTheCountsAndInOneSlotOneHasThemAll() throws IOException {
        try (RedisStore divided = limiter("where", Placement.BY_SUBJECT);
                RedisStore together = limiter("where", Placement.ONE_SLOT)) {
            LimitRule plenty = new LimitRule.TokenBucket(Amount.of(1_000), Duration.ofDays(1));
            for (int i = 0; i < 60; i++) {
                Charge charge = new Charge(new LimitKey("limit", "subject-" + i), plenty, Amount.ONE, ChargeMode.SENT);
                assertThat(divided.rateLimiter().reserve(batch("divided" + i, List.of(charge))))
                        .isInstanceOf(Granted.class);
                assertThat(together.rateLimiter().reserve(batch("together" + i, List.of(charge))))
                        .isInstanceOf(Granted.class);
            }
        }
        List<Long> counts = new ArrayList<>();
        long nodesThatHaveAll = 0;
        for (RedisServer node : CLUSTER) {
            List<String> cells = node.keys().stream()
                    .filter(key -> key.contains("}k:5:limitsubject-"))
                    .toList();
            counts.add(cells.stream()
                    .filter(key -> key.contains("where" + Placement.BY_SUBJECT))
                    .count());
            long here = cells.stream()
                    .filter(key -> key.contains("where" + Placement.ONE_SLOT))
                    .count();
            nodesThatHaveAll += here == 60 ? 1 : 0;
        }
        assertThat(counts).allSatisfy(count -> assertThat(count).isPositive());
        assertThat(counts.stream().mapToLong(Long::longValue).sum()).isEqualTo(60);
        assertThat(nodesThatHaveAll).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource
    void everythingElseIsKeptOnACluster(Placement placement) {
        Sample sample = new Sample();
        try (RedisStore store = limiter("state", placement);
                RedisStore other = limiter("state", placement)) {
            for (int i = 0; i < 20; i++) {
                sample.mark(store, "session-" + i, "web", null);
                store.rateLimiter().reserve(batch("state" + placement + i, charges("s" + i)));
            }
            assertThat(other.sessionMemory().call("session-7").names()).containsExactly("web");
            assertThat(other.sessionRecords().list(null, 100)).hasSize(20);
            assertThat(other.sessionRecords().list("session-3", 2))
                    .extracting(SessionRecord::session)
                    .containsExactly("session-4", "session-5");
            assertThat(other.sessionRecords().clear("session-7")).isTrue();
            assertThat(store.sessionRecords().list(null, 100)).hasSize(19);

            // Five of each session and identity, and the one that all share.
            assertThat(other.limitRecords().list(null, 100)).hasSize(11);
            assertThat(other.limitRecords().reset(new LimitKey("all", ""))).isTrue();
            assertThat(other.limitRecords().list(null, 100)).hasSize(10);

            TicketClaim opened = store.approvalStore().claim(sample.ticket("b"), Sample.ROOMY);
            String id = ((TicketClaim.Opened) opened).ticket().id();
            other.approvalStore().answer(id, new TicketAnswer(true, null, null, null));
            assertThat(other.approvalStore().list()).hasSize(1);
            assertThat(store.approvalStore().claim(sample.ticket("b"), Sample.ROOMY))
                    .isInstanceOf(TicketClaim.Found.class);
            assertThat(other.approvalStore().list()).isEmpty();

            store.suspensionStore().suspend(new Suspension("spill", null, Instant.EPOCH));
            assertThat(other.suspensionStore().resume()).isNotNull();
        }
    }

    private static Batch batch(String id, List<Charge> charges) {
        return new Batch(id, charges);
    }

    /** A session's limit, an identity's, and one that all share. */
    private static List<Charge> charges(String session) {
        return List.of(
                new Charge(new LimitKey("session", session), FIVE, Amount.ONE, ChargeMode.SENT),
                new Charge(new LimitKey("identity", "by-" + session), FIVE, Amount.ONE, ChargeMode.SENT),
                new Charge(new LimitKey("all", ""), FIVE, Amount.ONE, ChargeMode.SENT));
    }
}
