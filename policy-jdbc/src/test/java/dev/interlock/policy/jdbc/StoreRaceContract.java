package dev.interlock.policy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.approval.NewTicket;
import dev.interlock.policy.approval.Ticket;
import dev.interlock.policy.approval.TicketAnswer;
import dev.interlock.policy.approval.TicketClaim;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Caller;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitRecord;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.session.MarkClaim;
import dev.interlock.policy.session.MarkRoom;
import dev.interlock.policy.session.NewMark;
import dev.interlock.policy.session.SessionChange;
import dev.interlock.policy.session.SessionMemory;
import dev.interlock.policy.state.Suspension;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What holds for many processes on one database at the same time, exactly. */
abstract class StoreRaceContract {

    private String url = "";
    private JdbcStore store;

    /** The processes. */
    protected abstract RacingJvms jvms();

    /** The URL of an empty database. */
    protected abstract String freshDatabase();

    /** A store on it. */
    protected abstract JdbcStore open(String at);

    @BeforeEach
    void open() {
        url = freshDatabase();
        store = open(url);
    }

    @AfterEach
    void close() {
        store.close();
    }

    private long sum(String task, int number) {
        return jvms().run(task, url, number).stream().mapToLong(Long::longValue).sum();
    }

    /** So many calls of each process that there are about twice as many as fit. */
    private int each(int fit) {
        return 2 * fit / jvms().count();
    }

    // ---- limits ----

    @Test
    void aLimitAdmitsExactlyAsManyCallsOverAllProcesses() {
        assertThat(sum("calls", each(200))).isEqualTo(200);
        assertThat(store.limitRecords().list(null, 10))
                .hasSize(4)
                .extracting(LimitRecord::used)
                .containsOnly(Amount.of(50));
    }

    @Test
    void aBatchOverSeveralLimitsIsAllOrNothingOverAllProcesses() {
        long admitted = sum("batches", each(50));

        // A batch that is given back may have been in the way of another for a moment.
        assertThat(admitted).isLessThanOrEqualTo(50);
        for (LimitRecord counted : store.limitRecords().list(null, 10)) {
            // A bucket may keep a part of what is given back while others have taken from it since.
            Amount most = counted.key().limit().equals("bucket") ? Amount.of(50) : Amount.of(admitted);
            assertThat(counted.used().micros())
                    .as(counted.key().limit())
                    .isBetween(Amount.of(admitted).micros(), most.micros());
        }
    }

    @Test
    void aKeyIsUsedUpByOneOfAllProcesses() {
        assertThat(sum("once", 10)).isEqualTo(10);
    }

    // ---- marks ----

    @Test
    void exactlyAsManyValuesFindRoomAsThereIsOverAllProcesses() {
        set(new NewMark("seen", numbers(SessionMemory.MOST_VALUES - 50), true, null));

        assertThat(sum("values", each(50))).isEqualTo(50);
        assertThat(store.sessionRecords().list(null, 1).get(0).marks().get(0).values())
                .hasSize(SessionMemory.MOST_VALUES);
    }

    @Test
    void whatIsSetStaysWhileOthersSetAndClear() {
        assertThat(sum("marks", 3)).isEqualTo(3L * jvms().count());
        assertThat(store.sessionMemory().read("s").names()).hasSize(jvms().count());
    }

    @Test
    void aSessionIsClearedByOneOfAllProcesses() {
        for (int round = 0; round < 3; round++) {
            set(NewMark.plain("web", null));
            assertThat(sum("clear", 0)).isEqualTo(1);
        }
    }

    @Test
    void noMoreSessionsAreKeptThanThereMayBeOverAllProcesses() {
        assertThat(sum("sessions", each(80))).isEqualTo(40);
    }

    // ---- tickets ----

    @Test
    void eachYesIsUsedOnceOverAllProcessesAndThreads() {
        for (int i = 0; i < 8; i++) {
            NewTicket fresh = StoreRacer.ticket("call " + i);
            store.approvalStore().claim(fresh, StoreRacer.ROOMY);
            store.approvalStore().answer(fresh.id(), new TicketAnswer(true, "ada", null, null));
        }

        assertThat(sum("claims", 8)).isEqualTo(8);
        assertThat(store.approvalStore().list())
                .extracting(Ticket::state)
                .containsOnly(Ticket.State.PENDING)
                .hasSize(8);
    }

    @Test
    void noMoreTicketsAreOpenedThanThereMayBeOverAllProcesses() {
        assertThat(sum("tickets", each(20))).isEqualTo(10);
        assertThat(store.approvalStore().list()).hasSize(10);
    }

    @Test
    void aTicketOutlivesTheProcessInWhichItWasApproved() {
        try (RacingJvms killed = RacingJvms.start(1)) {
            assertThat(killed.run("approve", url, 0)).containsExactly(1L);
        }

        TicketClaim first = store.approvalStore().claim(StoreRacer.ticket("call 0"), StoreRacer.ROOMY);
        assertThat(((TicketClaim.Found) first).ticket())
                .extracting(Ticket::state, Ticket::by)
                .containsExactly(Ticket.State.APPROVED, "p0");
        assertThat(store.approvalStore().claim(StoreRacer.ticket("call 0"), StoreRacer.ROOMY))
                .isInstanceOf(TicketClaim.Opened.class);
    }

    @Test
    void aSuspensionAndAResetOutliveTheProcessThatMadeThem() {
        Charge charge = new Charge(
                StoreRacer.RESET,
                new LimitRule.SlidingWindow(Amount.ONE, Duration.ofDays(1)),
                Amount.ONE,
                ChargeMode.SENT);
        assertThat(store.rateLimiter().reserve(new Batch("first", List.of(charge))))
                .isInstanceOf(Reservation.Granted.class);
        try (RacingJvms killed = RacingJvms.start(1)) {
            assertThat(killed.run("stop", url, 0)).containsExactly(1L);
        }

        assertThat(store.suspensionStore().read()).isEqualTo(new Suspension("Stopped.", "p0", Instant.EPOCH));
        assertThat(store.rateLimiter().reserve(new Batch("second", List.of(charge))))
                .isInstanceOf(Reservation.Granted.class);
    }

    private void set(NewMark mark) {
        SessionMemory memory = store.sessionMemory();
        MarkRoom.Kept room = (MarkRoom.Kept) memory.reserve(new MarkClaim("s", Caller.of(null, "s"), Map.of()));
        memory.change("s", room, new SessionChange(Set.of(), 0, List.of(mark), true));
    }

    private static List<String> numbers(int count) {
        return IntStream.range(0, count).mapToObj(Integer::toString).toList();
    }

    /** Settings of a store that waits for as long as it takes. */
    static JdbcStore.Builder patient(DataSource connections) {
        return JdbcStore.on(connections).timeout(Duration.ofMinutes(2)).maxSessions(40);
    }
}
