package dev.interlock.policy.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Window;
import dev.interlock.policy.approval.Ticket;
import dev.interlock.policy.approval.TicketAnswer;
import dev.interlock.policy.approval.TicketClaim;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Caller;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRecord;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.session.MarkClaim;
import dev.interlock.policy.session.MarkRoom;
import dev.interlock.policy.session.SessionChange;
import dev.interlock.policy.session.SessionRecord;
import dev.interlock.policy.state.Suspension;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What several processes keep in one Redis. */
class SharedStateTest {

    private static final TicketAnswer YES = new TicketAnswer(true, "ada", null, null);
    private static final ServerClock CLOCK = new ServerClock(Instant.parse("2027-12-30T23:59:00Z"));

    private final Sample sample = new Sample();
    private RedisStore.Builder settings;
    private RedisStore store;
    private RedisStore other;

    @BeforeEach
    void open() {
        settings = SharedServer.limiter();
        store = settings.build();
        other = settings.build();
    }

    @AfterEach
    void close() {
        store.close();
        other.close();
    }

    // ---- tickets ----

    @Test
    void aYesIsUsedOnceHoweverManyClaimItOverTwoConnections() throws Exception {
        for (int round = 0; round < 20; round++) {
            String binding = "binding " + round;
            String id = opened(store, binding);
            other.approvalStore().answer(id, YES);
            int used = 0;
            for (Boolean each : inThreads(16, thread -> {
                RedisStore mine = thread % 2 == 0 ? store : other;
                TicketClaim claim = mine.approvalStore().claim(sample.ticket(binding), Sample.ROOMY);
                return claim instanceof TicketClaim.Found found
                        && found.ticket().state() == Ticket.State.APPROVED;
            })) {
                used += each ? 1 : 0;
            }
            assertThat(used).isEqualTo(1);
            assertThat(store.approvalStore().list()).hasSize(round + 1);
        }
    }

    @Test
    void aTicketThatIsApprovedOnOneIsUsedOnTheOtherWhenTheFirstIsGone() {
        String id = opened(store, "one");
        store.approvalStore().answer(id, YES);
        store.close();

        assertThat(((TicketClaim.Found) other.approvalStore().claim(sample.ticket("one"), Sample.ROOMY)).ticket())
                .extracting(Ticket::id, Ticket::state, Ticket::by)
                .containsExactly(id, Ticket.State.APPROVED, "ada");
        assertThat(other.approvalStore().claim(sample.ticket("one"), Sample.ROOMY))
                .isInstanceOf(TicketClaim.Opened.class);
    }

    @Test
    void aLongListOfTicketsIsWhole() {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 230; i++) {
            ids.add(opened(store, "binding " + i));
        }
        assertThat(other.approvalStore().list()).extracting(Ticket::id).containsExactlyInAnyOrderElementsOf(ids);
    }

    @Test
    void theKeysOfATicketCanBeReadAndEndByThemselves() throws IOException {
        try (RedisStore readable = settings.prefix("readable").build()) {
            String id = opened(readable, "b1");
            RedisServer server = SharedServer.get();
            String key = "{readable}ticket:" + id;
            assertThat(server.command("HGET", key, "state")).contains("pending");
            assertThat(server.command("HGET", key, "request")).contains("\"pay\"");
            assertThat(server.command("GET", "{readable}ticket-for:b1")).contains(id);
            for (String name : server.keys()) {
                if (name.startsWith("{readable}")) {
                    assertThat(server.command("PTTL", name)).as(name).doesNotStartWith(":-1");
                }
            }
        }
    }

    // ---- sessions ----

    @Test
    void marksOfOneAreSeenByTheOtherAndCanBeRead() throws IOException {
        store.close();
        other.close();
        store = settings.prefix("marked").build();
        other = settings.build();
        sample.mark(store, Sample.SESSION, "web", null);

        assertThat(other.sessionMemory().call(Sample.SESSION).names()).containsExactly("web");
        assertThat(other.sessionRecords().list(null, 10))
                .extracting(SessionRecord::session)
                .containsExactly(Sample.SESSION);
        RedisServer server = SharedServer.get();
        String key = "{marked}marks:" + Sample.SESSION;
        assertThat(server.command("HKEYS", key)).contains("n:web");
        assertThat(other.sessionRecords().clear(Sample.SESSION)).isTrue();
        assertThat(server.keys()).doesNotContain(key);
    }

    @Test
    void aCallerThatOpensSessionsShutsOutOnlyItself() {
        try (RedisStore small = settings.maxSessions(80).build()) {
            int kept = 0;
            while (small.sessionMemory().reserve(claim("mallory-" + kept, "mallory")) instanceof MarkRoom.Kept) {
                kept++;
            }
            // A caller may have one more while it has fewer than an eighth of those that are free.
            assertThat(kept).isEqualTo(9);
            assertThat(small.sessionMemory().reserve(claim("mallory-x", "mallory")))
                    .isEqualTo(new MarkRoom.None(MarkRoom.Shortage.TOO_MANY_SESSIONS));
            MarkRoom.Kept honest = (MarkRoom.Kept) small.sessionMemory().reserve(claim("ada-1", "ada"));
            small.sessionMemory().change("ada-1", honest, SessionChange.NONE);
            assertThat(small.sessionMemory().refusal(claim("mallory-0", "mallory")))
                    .isNull();
        }
    }

    @Test
    void aSessionThatIsForgottenMakesRoomForAnother() {
        try (RedisStore one = settings.maxSessions(1).build()) {
            MarkRoom.Kept room = (MarkRoom.Kept) one.sessionMemory().reserve(claim("s1", "ada"));
            assertThat(one.sessionMemory().refusal(claim("s2", "ada"))).isEqualTo(MarkRoom.Shortage.TOO_MANY_SESSIONS);
            one.sessionMemory().change("s1", room, SessionChange.NONE);

            assertThat(one.sessionMemory().refusal(claim("s2", "ada"))).isNull();
        }
    }

    @Test
    void aPlaceThatAProcessLeftBehindEndsWithItsLease() {
        settings.serverTime(CLOCK::text).lease(Duration.ofMinutes(5)).maxSessions(1);
        try (RedisStore dying = settings.build()) {
            dying.sessionMemory().reserve(claim("s1", "ada"));
        }
        try (RedisStore survivor = settings.build()) {
            assertThat(survivor.sessionMemory().refusal(claim("s2", "ada")))
                    .isEqualTo(MarkRoom.Shortage.TOO_MANY_SESSIONS);
            // Its lease, the tolerance, and the grain in which sessions are counted.
            CLOCK.advance(Duration.ofMinutes(11));
            assertThat(survivor.sessionMemory().refusal(claim("s2", "ada"))).isNull();
        }
    }

    private static MarkClaim claim(String session, String identity) {
        return new MarkClaim(session, Caller.of(identity, session), Map.of());
    }

    // ---- limits ----

    @Test
    void aLongKeyIsListedByItsName() {
        LimitKey key = new LimitKey("limit", "s".repeat(300), "values");
        LimitKey halves = new LimitKey("limit", "\uD800", "\uDC00");
        LimitRule rule = new LimitRule.TokenBucket(Amount.of(10), Duration.ofMinutes(5));
        for (int i = 0; i < 3; i++) {
            store.rateLimiter().reserve(new Batch("a" + i, List.of(charge(key, rule), charge(halves, rule))));
        }

        assertThat(other.limitRecords().list(null, 10))
                .extracting(LimitRecord::key)
                .containsExactly(key, halves);
        assertThat(other.limitRecords().reset(key)).isTrue();
        assertThat(other.limitRecords().list(null, 10))
                .extracting(LimitRecord::key)
                .containsExactly(halves);
    }

    @Test
    void aWindowOfAZoneIsListedInItsZone() {
        Window window = new Window.InZone(Window.Calendar.DAY, ZoneId.of("Pacific/Auckland"));
        LimitKey key = new LimitKey("limit", "ada");
        store.rateLimiter().reserve(new Batch("a", List.of(charge(key, new LimitRule.FixedWindow(null, window)))));

        assertThat(other.limitRecords().list(null, 10))
                .extracting(LimitRecord::rule)
                .containsExactly(new LimitRule.FixedWindow(null, window));
    }

    private static Charge charge(LimitKey key, LimitRule rule) {
        return new Charge(key, rule, Amount.ONE, ChargeMode.SENT);
    }

    // ---- the suspension ----

    @Test
    void aSuspensionIsSeenByAllAndEndsWithResumingAlone() throws IOException {
        Suspension first = new Suspension("spill \uD800", null, Instant.parse("2027-12-30T23:59:00.123456789Z"));
        Suspension second = new Suspension("", "bob", Instant.EPOCH);
        assertThat(store.suspensionStore().resume()).isNull();
        store.suspensionStore().suspend(first);
        assertThat(other.suspensionStore().read()).isEqualTo(first);
        other.suspensionStore().suspend(second);
        assertThat(store.suspensionStore().readAsync().toCompletableFuture().join())
                .isEqualTo(second);
        for (String name : SharedServer.get().keys()) {
            if (name.endsWith("}suspension")) {
                assertThat(SharedServer.get().command("PTTL", name)).startsWith(":-1");
            }
        }

        assertThat(store.suspensionStore().resume()).isEqualTo(second);
        assertThat(other.suspensionStore().read()).isNull();
    }

    // ---- words for the above ----

    private String opened(RedisStore in, String binding) {
        return ((TicketClaim.Opened) in.approvalStore().claim(sample.ticket(binding), Sample.ROOMY))
                .ticket()
                .id();
    }

    private interface Work<T> {
        T run(int thread) throws Exception;
    }

    private static <T extends @Nullable Object> List<T> inThreads(int threads, Work<T> work) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<Callable<T>> all = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                int thread = i;
                all.add(() -> work.run(thread));
            }
            List<T> results = new ArrayList<>();
            for (Future<T> done : pool.invokeAll(all)) {
                results.add(done.get());
            }
            return results;
        } finally {
            pool.shutdownNow();
        }
    }
}
