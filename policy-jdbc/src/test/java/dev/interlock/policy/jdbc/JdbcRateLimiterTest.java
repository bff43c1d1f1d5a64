package dev.interlock.policy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Window;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.jdbc.CutCommits.Cut;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Caller;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.UnavailableException;
import dev.interlock.policy.limit.remote.FailureMode;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteDataSource;

/** What counts in a database do besides the contract, and when the database fails. */
class JdbcRateLimiterTest {

    private static final LimitRule TEN = new LimitRule.FixedWindow(Amount.of(10), Window.Calendar.DAY);
    private static final LimitRule ONE_PLACE = new LimitRule.Concurrent(Amount.ONE, Duration.ofMinutes(1));
    private static final LimitKey KEY = new LimitKey("a", "ana");
    private static final Reservation UNAVAILABLE = new Reservation.NotGranted(-1, Reservation.Reason.UNAVAILABLE, null);

    /** 2027-12-30T12:00:00Z. */
    private final AtomicLong nanos = new AtomicLong(1_830_168_000_000_000_000L);

    private final SqliteFile file = SqliteFile.create();
    private final JdbcStore store = store(file.connections()).build();

    private JdbcStore.Builder store(DataSource connections) {
        return JdbcStore.on(connections)
                .timeout(Duration.ofMinutes(1))
                .breaker(1_000, Duration.ofMillis(1))
                .databaseTime(nanos::get);
    }

    @AfterEach
    void close() {
        store.close();
        file.close();
    }

    @Test
    void storesOnTheSameDatabaseShareTheirCounts() {
        Reservation.Granted mine = granted(store, charge(KEY, TEN, 7));
        try (JdbcStore other = store(file.connections()).build()) {
            assertThat(reserve(other, charge(KEY, TEN, 4))).isInstanceOf(Reservation.NotGranted.class);
            other.rateLimiter().settle(mine, CallOutcome.UNSENT);
            assertThat(used(other))
                    .as("what another limiter has granted is its own")
                    .isEqualTo(Amount.of(7));
            store.rateLimiter().settle(mine, CallOutcome.UNSENT);
            assertThat(used(other)).isEqualTo(Amount.ZERO);
        }
    }

    @Test
    void anEndThatChangesNothingAndARefusalWriteNothing() {
        Reservation.Granted call = granted(store, charge(KEY, TEN, 10));
        long commits = number("SELECT COUNT(*) FROM interlock_commits");
        store.rateLimiter().settle(call, CallOutcome.SUCCEEDED);
        reserve(store, charge(new LimitKey("b", ""), TEN, 1), charge(KEY, TEN, 1));

        assertThat(number("SELECT COUNT(*) FROM interlock_commits")).isEqualTo(commits);
        assertThat(number("SELECT COUNT(*) FROM interlock_limits")).isEqualTo(1);
    }

    @Test
    void aPersonCanReadTheTable() {
        granted(store, charge(new LimitKey("a", "an\u0000a", "x".repeat(2_000)), TEN, 3));

        assertThat(text("SELECT limit_name || '|' || kind || '|' || used FROM interlock_limits"))
                .isEqualTo("a|fixed window|3");
        assertThat(number("SELECT length(key) FROM interlock_limits")).isEqualTo(1_000);
        assertThat(store.limitRecords().list(null, 1).get(0).key().partition()).isEqualTo("x".repeat(2_000));
    }

    @Test
    void aClockThatStepsBackMakesNoRoom() {
        nanos.addAndGet(Duration.ofDays(1).toNanos());
        granted(store, charge(KEY, TEN, 10));
        nanos.addAndGet(-Duration.ofDays(1).toNanos());

        assertThat(reserve(store, charge(KEY, TEN, 1))).isInstanceOf(Reservation.NotGranted.class);
        try (JdbcStore other = store(file.connections()).build()) {
            assertThat(reserve(other, charge(KEY, TEN, 1))).isInstanceOf(Reservation.NotGranted.class);
        }
    }

    @Test
    void keysAreBoundedAndThoseAtAFreshStartMakePlace() {
        try (JdbcStore small = store(file.connections()).maxKeys(2).build()) {
            granted(small, charge(KEY, TEN, 1));
            assertThat(reserve(
                            small,
                            charge(KEY, TEN, 1),
                            charge(new LimitKey("b", ""), TEN, 1),
                            charge(new LimitKey("c", ""), TEN, 1)))
                    .isEqualTo(new Reservation.NotGranted(2, Reservation.Reason.TOO_MANY_KEYS, null));
            assertThat(used(small)).isEqualTo(Amount.ONE);
            granted(small, charge(new LimitKey("b", ""), TEN, 1));
            nanos.addAndGet(Duration.ofHours(12).toNanos());
            assertThat(reserve(small, charge(new LimitKey("c", ""), TEN, 1)))
                    .as("should the clock step back, they must still be there")
                    .isInstanceOf(Reservation.NotGranted.class);
            nanos.addAndGet(KeyPlaces.KEPT_NANOS + 1_000_000);

            granted(small, charge(new LimitKey("c", ""), TEN, 1));
            assertThat(number("SELECT COUNT(*) FROM interlock_limits")).isEqualTo(1);
        }
    }

    @Test
    void rowsAtAFreshStartAreDeletedLittleByLittle() {
        for (int i = 0; i < 200; i++) {
            granted(store, charge(new LimitKey("old", "" + i), TEN, 1));
        }
        nanos.addAndGet(Duration.ofDays(2).toNanos());
        for (int i = 0; i < 160; i++) {
            granted(store, charge(new LimitKey("new", "" + i), TEN, 1));
        }

        assertThat(number("SELECT COUNT(*) FROM interlock_limits WHERE limit_name = 'old'"))
                .isZero();
        assertThat(number("SELECT COUNT(*) FROM interlock_limits")).isEqualTo(160);
    }

    // ---- connections that break ----

    @ParameterizedTest
    @EnumSource(Cut.class)
    void aCallIsCountedAndGivenBackOnceIfTheConnectionBreaks(Cut when) {
        CutCommits network = new CutCommits(file.connections());
        try (JdbcStore cut = store(network.connections()).build().open()) {
            network.cutAtNextCommit(when, false);
            Reservation.Granted call = granted(cut, charge(KEY, TEN, 3));
            assertThat(used(store)).isEqualTo(Amount.of(3));
            network.cutAtNextCommit(when, false);
            cut.rateLimiter().settle(call, CallOutcome.UNSENT);

            assertThat(used(store)).isEqualTo(Amount.ZERO);
        }
    }

    @ParameterizedTest
    @EnumSource(Cut.class)
    void aPlaceIsTakenAndGivenBackOnceIfTheConnectionBreaks(Cut when) {
        CutCommits network = new CutCommits(file.connections());
        try (JdbcStore cut = store(network.connections()).build().open()) {
            network.cutAtNextCommit(when, false);
            Reservation.Granted call = granted(cut, charge(KEY, ONE_PLACE, 1));
            assertThat(reserve(store, charge(KEY, ONE_PLACE, 1))).isInstanceOf(Reservation.NotGranted.class);
            network.cutAtNextCommit(when, false);
            cut.rateLimiter().settle(call, CallOutcome.FAILED);

            granted(store, charge(KEY, ONE_PLACE, 1));
            assertThat(reserve(store, charge(KEY, ONE_PLACE, 1))).isInstanceOf(Reservation.NotGranted.class);
        }
    }

    @ParameterizedTest
    @EnumSource(Cut.class)
    void aCallWhoseCountIsNotKnownIsRefusedAndCountedOnceAtMost(Cut when) {
        CutCommits network = new CutCommits(file.connections());
        try (JdbcStore cut = store(network.connections()).build().open()) {
            network.cutAtNextCommit(when, true);
            assertThat(reserve(cut, charge(KEY, TEN, 3))).isEqualTo(UNAVAILABLE);
            network.repair();

            assertThat(used(cut)).isEqualTo(when == Cut.AFTER ? Amount.of(3) : Amount.ZERO);
        }
    }

    // ---- a database that is unavailable ----

    @Test
    void withoutADatabaseCallsAreDeniedAndNothingIsThrownButByUsage() {
        Reservation.Granted call = granted(store, charge(KEY, ONE_PLACE, 1));
        store.close();

        assertThat(reserve(store, charge(KEY, TEN, 1))).isEqualTo(UNAVAILABLE);
        assertThat(store.rateLimiter()
                        .reserveAsync(new Batch("", List.of(charge(KEY, TEN, 1))))
                        .toCompletableFuture()
                        .join())
                .isEqualTo(UNAVAILABLE);
        store.rateLimiter().hold(call, Duration.ofSeconds(1));
        store.rateLimiter().settle(call, CallOutcome.UNSENT);
        assertThatThrownBy(() -> used(store)).isInstanceOf(UnavailableException.class);
        assertThatThrownBy(() -> store.rateLimiter()
                        .usageAsync(List.of(charge(KEY, TEN, 1)))
                        .toCompletableFuture()
                        .join())
                .isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(UnavailableException.class);
        assertThatThrownBy(() -> store.limitRecords().reset(KEY)).isInstanceOf(UnavailableException.class);
        assertThatThrownBy(() -> store.limitRecords().list(null, 1)).isInstanceOf(UnavailableException.class);
    }

    @Test
    void aPoolWithoutAFreeConnectionIsADatabaseThatIsUnavailable() {
        DataSource exhausted = source(() -> {
            throw new SQLTransientConnectionException("no connection is free");
        });
        Charge charge = charge(KEY, TEN, 6);
        Batch once = Batch.once("", new LimitKey("once", ""), Caller.of("ana", null), Duration.ofMinutes(1));
        try (JdbcStore closed = store(exhausted).build();
                JdbcStore open = store(exhausted).onFailure(FailureMode.open()).build();
                JdbcStore local =
                        store(exhausted).onFailure(FailureMode.local(0.5)).build()) {
            assertThat(reserve(closed, charge)).isEqualTo(UNAVAILABLE);
            open.rateLimiter().settle(granted(open, charge), CallOutcome.UNSENT);
            assertThat(open.rateLimiter().reserve(once)).isEqualTo(UNAVAILABLE);
            assertThat(reserve(local, charge)).isInstanceOf(Reservation.NotGranted.class);
            Reservation.Granted call = granted(local, charge(KEY, TEN, 5));
            assertThat(used(local)).isEqualTo(Amount.of(5));
            local.rateLimiter().settle(call, CallOutcome.UNSENT);
            assertThat(used(local)).isEqualTo(Amount.ZERO);
            assertThat(local.rateLimiter().reserve(once)).isEqualTo(UNAVAILABLE);
        }
    }

    @Test
    void aFileThatAnotherProcessHoldsMakesNoCallWaitForLongAndCountsNothingLater() throws Exception {
        granted(store, charge(KEY, TEN, 1));
        try (JdbcStore hasty = store(file.connections())
                        .timeout(Duration.ofMillis(200))
                        .build()
                        .open();
                Connection other = file.connections().getConnection();
                Statement statement = other.createStatement()) {
            statement.execute("BEGIN IMMEDIATE");
            assertThat(reserve(hasty, charge(KEY, TEN, 5))).isEqualTo(UNAVAILABLE);
            assertThat(used(hasty)).as("reading waits for none").isEqualTo(Amount.ONE);
            statement.execute("COMMIT");
            // Lines up behind the one that was given up.
            granted(store, charge(KEY, TEN, 2));

            assertThat(used(store)).isEqualTo(Amount.of(3));
        }
    }

    @Test
    void aFullDiskDeniesAndLosesNothing() throws Exception {
        granted(store, charge(KEY, TEN, 1));
        AtomicReference<String> bound = new AtomicReference<>("PRAGMA max_page_count = 1");
        DataSource connections = file.connections();
        try (JdbcStore full = store(source(() -> {
                    Connection connection = connections.getConnection();
                    try (Statement statement = connection.createStatement()) {
                        statement.execute(bound.get());
                    }
                    return connection;
                }))
                .build()) {
            int counted = 0;
            Reservation answer = reserve(full, charge(new LimitKey("0", "s".repeat(300)), TEN, 1));
            while (answer instanceof Reservation.Granted) {
                counted++;
                answer = reserve(full, charge(new LimitKey("" + counted, "s".repeat(300)), TEN, 1));
            }
            assertThat(answer).isEqualTo(UNAVAILABLE);
            assertThat(number("SELECT COUNT(*) FROM interlock_limits")).isEqualTo(1 + counted);
            assertThat(used(full)).isEqualTo(Amount.ONE);
            bound.set("PRAGMA max_page_count = 1000000");

            granted(full, charge(new LimitKey("" + counted, "s".repeat(300)), TEN, 1));
            assertThat(number("SELECT COUNT(*) FROM interlock_limits")).isEqualTo(2 + counted);
        }
    }

    @Test
    void aFileThatMayOnlyBeReadDenies() {
        granted(store, charge(KEY, TEN, 1));
        SQLiteConfig config = new SQLiteConfig();
        config.setReadOnly(true);
        SQLiteDataSource source = new SQLiteDataSource(config);
        source.setUrl(file.url());
        try (JdbcStore reading = store(source).build()) {
            assertThat(reserve(reading, charge(KEY, TEN, 1))).isEqualTo(UNAVAILABLE);
        }
        assertThat(used(store)).isEqualTo(Amount.ONE);
    }

    @Test
    void aRowThatMakesNoSenseDeniesAndCanBeReset() throws Exception {
        granted(store, charge(KEY, TEN, 1));
        try (Connection connection = file.connections().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("UPDATE interlock_limits SET cell = x'0142FF'");
        }

        assertThat(reserve(store, charge(KEY, TEN, 1))).isEqualTo(UNAVAILABLE);
        assertThat(store.limitRecords().reset(KEY)).isTrue();
        granted(store, charge(KEY, TEN, 10));
    }

    // ---- words for the above ----

    private interface Connecting {
        Connection connect() throws SQLException;
    }

    private static DataSource source(Connecting connecting) {
        return (DataSource) Proxy.newProxyInstance(
                JdbcRateLimiterTest.class.getClassLoader(),
                new Class<?>[] {DataSource.class},
                (proxy, method, arguments) -> connecting.connect());
    }

    private static Charge charge(LimitKey key, LimitRule rule, long calls) {
        return new Charge(key, rule, Amount.of(calls), ChargeMode.SENT);
    }

    private static Reservation reserve(JdbcStore in, Charge... charges) {
        return in.rateLimiter().reserve(new Batch("", List.of(charges)));
    }

    private static Reservation.Granted granted(JdbcStore in, Charge... charges) {
        Reservation answer = reserve(in, charges);
        assertThat(answer).isInstanceOf(Reservation.Granted.class);
        return (Reservation.Granted) answer;
    }

    private static Amount used(JdbcStore in) {
        return in.rateLimiter()
                .usage(List.of(new Charge(KEY, TEN, Amount.ZERO, ChargeMode.SENT)))
                .get(0)
                .used();
    }

    private long number(String sql) {
        return Long.parseLong(text(sql));
    }

    private String text(String sql) {
        try (Connection connection = file.connections().getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
