package dev.interlock.policy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Window;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Caller;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.session.MarkClaim;
import dev.interlock.policy.session.MarkRoom;
import dev.interlock.policy.session.NewMark;
import dev.interlock.policy.session.SessionChange;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.sql.DataSource;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Measures what a call costs in a database, and prints it. {@code -Dstore.calls=2000} makes it so many calls of each
 * kind; without that it only shows that the measurement runs.
 */
class StoreCostsTest {

    private static final int CALLS = Integer.getInteger("store.calls", 20);

    /** One call of the thread with this number. */
    private interface Work {
        void run(int thread, int call) throws Exception;
    }

    @Test
    void whatACallCostsInSqlite() throws Exception {
        try (SqliteFile file = SqliteFile.create()) {
            measure("SQLite", file.connections());
        }
    }

    @Test
    @Tag("servers")
    void whatACallCostsInPostgresql() throws Exception {
        try (PostgresServer server = PostgresServer.startDurable()) {
            measure("PostgreSQL", PostgresServer.connections(server.freshDatabase()));
        }
    }

    private static void measure(String database, DataSource connections) throws Exception {
        JdbcStore store =
                JdbcStore.on(connections).timeout(Duration.ofMinutes(1)).build().open();
        try {
            for (int threads : new int[] {1, 8}) {
                String where = database + ", " + threads + (threads == 1 ? " thread: " : " threads: ");
                measure(where + "one limit of each session", threads, (thread, call) -> limits(store, thread, call, 1));
                measure(where + "and two that all share", threads, (thread, call) -> limits(store, thread, call, 3));
                measure(where + "a call that is given back", threads, (thread, call) -> settle(store, thread, call));
                measure(where + "marks are read", threads, (thread, call) -> marks(store, thread, call, false));
                measure(where + "a mark is set", threads, (thread, call) -> marks(store, thread, call, true));
            }
        } finally {
            store.close();
        }
    }

    private static void measure(String what, int threads, Work work) throws Exception {
        work.run(0, -1);
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        List<Callable<long[]>> all = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            int thread = i;
            all.add(() -> {
                long[] nanos = new long[CALLS / threads];
                for (int call = 0; call < nanos.length; call++) {
                    long start = System.nanoTime();
                    work.run(thread, call);
                    nanos[call] = System.nanoTime() - start;
                }
                return nanos;
            });
        }
        try {
            long start = System.nanoTime();
            long[] nanos = new long[0];
            for (Future<long[]> done : pool.invokeAll(all)) {
                long[] more = done.get();
                long[] longer = Arrays.copyOf(nanos, nanos.length + more.length);
                System.arraycopy(more, 0, longer, nanos.length, more.length);
                nanos = longer;
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            Arrays.sort(nanos);
            assertThat(nanos).isNotEmpty();
            System.out.printf(
                    Locale.ROOT,
                    "%-50s median %6.2f ms, 99 of 100 within %7.2f ms, %6.0f a second%n",
                    what,
                    nanos[nanos.length / 2] / 1e6,
                    nanos[nanos.length * 99 / 100] / 1e6,
                    nanos.length / seconds);
        } finally {
            pool.shutdownNow();
        }
    }

    private static Reservation.Granted reserve(JdbcStore store, int thread, int call, int limits) {
        LimitRule bucket = new LimitRule.TokenBucket(Amount.of(1_000_000), Duration.ofHours(1));
        LimitRule fixed = new LimitRule.FixedWindow(Amount.of(1_000_000), Window.Calendar.DAY);
        LimitRule sliding = new LimitRule.SlidingWindow(Amount.of(1_000_000), Duration.ofSeconds(10));
        List<Charge> charges = List.of(
                new Charge(new LimitKey("own", "s" + thread), bucket, Amount.ONE, ChargeMode.SENT),
                new Charge(new LimitKey("day", ""), fixed, Amount.ONE, ChargeMode.SENT),
                new Charge(new LimitKey("all", ""), sliding, Amount.ONE, ChargeMode.SENT));
        String id = thread + "-" + call + "-" + System.nanoTime();
        return (Reservation.Granted) store.rateLimiter().reserve(new Batch(id, charges.subList(0, limits)));
    }

    private static void limits(JdbcStore store, int thread, int call, int limits) {
        Reservation.Granted granted = reserve(store, thread, call, limits);
        store.rateLimiter().settle(granted, CallOutcome.SUCCEEDED);
    }

    private static void settle(JdbcStore store, int thread, int call) {
        Reservation.Granted granted = reserve(store, thread, call, 1);
        store.rateLimiter().settle(granted, CallOutcome.UNSENT);
    }

    private static void marks(JdbcStore store, int thread, int call, boolean set) {
        String session = "s" + thread;
        store.sessionMemory().call(session);
        if (set) {
            MarkClaim claim = new MarkClaim(session, Caller.of(null, session), Map.of());
            MarkRoom.Kept room = (MarkRoom.Kept) store.sessionMemory().reserve(claim);
            NewMark mark = new NewMark("seen", List.of(Integer.toString(call % 10)), true, Duration.ofHours(1));
            store.sessionMemory().change(session, room, new SessionChange(Set.of(), 0, List.of(mark), true));
        }
    }
}
