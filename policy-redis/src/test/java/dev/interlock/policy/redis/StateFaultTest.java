package dev.interlock.policy.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Window;
import dev.interlock.policy.approval.ApprovalTickets.AnswerResult;
import dev.interlock.policy.approval.Ticket;
import dev.interlock.policy.approval.TicketAnswer;
import dev.interlock.policy.approval.TicketClaim;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.UnavailableException;
import dev.interlock.policy.session.MarkRoom;
import dev.interlock.policy.session.SessionChange;
import dev.interlock.policy.session.SessionMarks;
import dev.interlock.policy.state.Suspension;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of marks, tickets and a suspension when the server, its memory or the network fails. */
class StateFaultTest {

    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final Suspension STOPPED = new Suspension("spill", "ada", Instant.parse("2027-12-30T23:59:00.5Z"));
    private static final TicketAnswer YES = new TicketAnswer(true, "ada", null, null);

    private final ManualTime time = ManualTime.at("2026-11-23T10:00:00Z");
    private final ServerClock clock = new ServerClock(Instant.parse("2027-12-30T23:59:00Z"));
    private final Deadlines deadlines = new Deadlines();
    private final Outages outages = new Outages();
    private final Sample sample = new Sample();

    private RedisServer server;
    private TcpProxy proxy;
    private RedisStore store;

    @BeforeEach
    void start() throws IOException {
        server = RedisServer.start();
        proxy = TcpProxy.to(server.port());
        store = RedisStore.server(proxy.uri())
                .deadlines(deadlines)
                .serverTime(clock::text)
                .breaker(3, PAUSE)
                .time(time)
                .listener(outages)
                .build();
        store.connect().toCompletableFuture().join();
    }

    @AfterEach
    void stop() throws IOException {
        store.close();
        proxy.close();
        server.close();
    }

    // ---- answers that are lost with the connection: the request is sent again ----

    @Test
    void aChangeWhoseAnswerIsLostIsMadeOnce() {
        mark("first");
        long before = store.sessionMemory().read(Sample.SESSION).moment();
        MarkRoom.Kept room = room(Map.of());
        proxy.cutAtNextAnswer();
        store.sessionMemory().change(Sample.SESSION, room, Sample.setting("second", false));

        SessionMarks marks = store.sessionMemory().read(Sample.SESSION);
        assertThat(marks.names()).containsExactlyInAnyOrder("first", "second");
        assertThat(marks.moment())
                .as("the clock stands, so each change is one later")
                .isEqualTo(before + 1);
        proxy.cutAtNextAnswer();
        store.sessionMemory().change(Sample.SESSION, room, Sample.setting("third", true));
        assertThat(store.sessionMemory().read(Sample.SESSION).moment()).isEqualTo(before + 2);
    }

    @Test
    void aRoomWhoseAnswerIsLostIsKeptOnce() {
        sample.fill(store, "seen", 999);
        proxy.cutAtNextAnswer();
        MarkRoom.Kept room = room(Map.of("seen", Set.of("x")));
        assertThat(store.sessionMemory().refusal(Sample.claim(Map.of("seen", Set.of("y")))))
                .isEqualTo(MarkRoom.Shortage.TOO_MANY_VALUES);
        store.sessionMemory().change(Sample.SESSION, room, SessionChange.NONE);

        assertThat(store.sessionMemory().refusal(Sample.claim(Map.of("seen", Set.of("y")))))
                .isNull();
    }

    @Test
    void aClaimWhoseAnswerIsLostOpensOneTicketAndUsesOneYes() {
        proxy.cutAtNextAnswer();
        TicketClaim opened = store.approvalStore().claim(sample.ticket("one"), Sample.ROOMY);
        assertThat(opened).isInstanceOf(TicketClaim.Opened.class);
        String id = ((TicketClaim.Opened) opened).ticket().id();
        proxy.cutAtNextAnswer();
        assertThat(store.approvalStore().answer(id, YES)).isEqualTo(AnswerResult.ACCEPTED);
        proxy.cutAtNextAnswer();
        TicketClaim used = store.approvalStore().claim(sample.ticket("one"), Sample.ROOMY);

        assertThat(((TicketClaim.Found) used).ticket().state()).isEqualTo(Ticket.State.APPROVED);
        assertThat(store.approvalStore().list()).isEmpty();
        proxy.cutAtNextAnswer();
        store.approvalStore().giveBack(id);
        proxy.cutAtNextAnswer();
        assertThat(store.approvalStore().remove(id)).isTrue();
    }

    @Test
    void whatAPersonDoesIsDoneOnceAndToldAsItWas() {
        mark("web");
        LimitKey key = new LimitKey("limit", "");
        LimitRule rule = new LimitRule.TokenBucket(Amount.of(10), MINUTE);
        store.rateLimiter().reserve(new Batch("one", List.of(new Charge(key, rule, Amount.ONE, ChargeMode.SENT))));

        proxy.cutAtNextAnswer();
        assertThat(store.sessionRecords().clear(Sample.SESSION)).isTrue();
        proxy.cutAtNextAnswer();
        assertThat(store.limitRecords().reset(key)).isTrue();
        proxy.cutAtNextAnswer();
        store.suspensionStore().suspend(STOPPED);
        proxy.cutAtNextAnswer();
        assertThat(store.suspensionStore().resume()).isEqualTo(STOPPED);
        assertThat(store.suspensionStore().read()).isNull();
        assertThat(outages.events()).isEmpty();
    }

    // ---- answers that come too late ----

    @Test
    void roomThatWasReservedTooLateIsGivenBack() {
        sample.fill(store, "seen", 999);
        proxy.loseAnswers(true);
        CompletableFuture<MarkRoom> late = store.sessionMemory()
                .reserveAsync(Sample.claim(Map.of("seen", Set.of("x"))))
                .toCompletableFuture();
        deadlines.pass();
        assertThat(late.join()).isEqualTo(new MarkRoom.None(MarkRoom.Shortage.UNAVAILABLE));
        proxy.loseAnswers(false);
        proxy.cut();

        RedisServer.await(() -> store.sessionMemory().refusal(Sample.claim(Map.of("seen", Set.of("y")))) == null);
    }

    @Test
    void aYesThatWasUsedTooLateIsGoodAgain() {
        String id = approved("one");
        proxy.loseAnswers(true);
        CompletableFuture<TicketClaim> late = store.approvalStore()
                .claimAsync(sample.ticket("one"), Sample.ROOMY)
                .toCompletableFuture();
        deadlines.pass();
        assertThatThrownBy(late::join)
                .isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(UnavailableException.class);
        proxy.loseAnswers(false);
        proxy.cut();

        RedisServer.await(() -> store.approvalStore().find(id).isPresent());
        assertThat(((TicketClaim.Found) store.approvalStore().claim(sample.ticket("one"), Sample.ROOMY)).ticket())
                .extracting(Ticket::id, Ticket::state)
                .containsExactly(id, Ticket.State.APPROVED);
    }

    // ---- the server ----

    @Test
    void whileTheServerIsGoneNothingIsKnownAndItIsToldOnce() throws IOException {
        server.kill();
        List<ThrowingCallable> attempts = List.of(
                () -> store.sessionMemory().call(Sample.SESSION),
                () -> store.sessionRecords().list(null, 10),
                () -> store.limitRecords().list(null, 10),
                () -> store.approvalStore().list(),
                () -> store.approvalStore().claim(sample.ticket("one"), Sample.ROOMY),
                () -> store.approvalStore().giveBack("t"),
                () -> store.suspensionStore().read(),
                () -> store.suspensionStore().suspend(STOPPED),
                () -> store.suspensionStore().resume(),
                () -> store.limitRecords().reset(new LimitKey("limit", "")));
        for (ThrowingCallable attempt : attempts) {
            Thread passing = new Thread(this::passDeadlines);
            passing.setDaemon(true);
            passing.start();
            assertThatThrownBy(attempt).isInstanceOf(UnavailableException.class);
            passing.interrupt();
        }
        assertThat(store.sessionMemory().reserve(Sample.claim(Map.of())))
                .isEqualTo(new MarkRoom.None(MarkRoom.Shortage.UNAVAILABLE));
        assertThat(outages.events()).hasSize(1).first().asString().startsWith("lost: ");

        server.run();
        RedisServer.await(() -> {
            time.advance(PAUSE);
            try {
                return store.suspensionStore().read() == null;
            } catch (UnavailableException e) {
                return false;
            }
        });
        assertThat(outages.events()).hasSize(2).last().isEqualTo("back");
    }

    private void passDeadlines() {
        while (!Thread.currentThread().isInterrupted()) {
            deadlines.pass();
            Thread.onSpinWait();
        }
    }

    @Test
    void aServerThatSavesWhatItIsToldHasItAfterARestart() throws IOException {
        server.close();
        server = RedisServer.start("--appendonly", "yes", "--appendfsync", "always");
        proxy.lead(server.port());
        RedisServer.await(this::answers);
        mark("web");
        String id = approved("one");
        store.suspensionStore().suspend(STOPPED);
        server.kill();
        server.run();
        RedisServer.await(this::answers);

        assertThat(store.sessionMemory().read(Sample.SESSION).names()).containsExactly("web");
        assertThat(store.suspensionStore().read()).isEqualTo(STOPPED);
        assertThat(store.approvalStore().claim(sample.ticket("one"), Sample.ROOMY))
                .isInstanceOfSatisfying(
                        TicketClaim.Found.class,
                        found -> assertThat(found.ticket().id()).isEqualTo(id));
        assertThat(store.approvalStore().list()).isEmpty();
    }

    @Test
    void whenTheMemoryIsFullNothingIsHalfDoneAndWhatHasRoomIsSet() throws IOException {
        MarkRoom.Kept kept = room(Map.of("seen", Set.of("x")));
        String pending = ((TicketClaim.Opened) store.approvalStore().claim(sample.ticket("two"), Sample.ROOMY))
                .ticket()
                .id();
        server.command("CONFIG", "SET", "maxmemory", "100kb");

        assertThat(store.sessionMemory().reserve(Sample.claim("other", Map.of("seen", Set.of("x")))))
                .isEqualTo(new MarkRoom.None(MarkRoom.Shortage.UNAVAILABLE));
        assertThatThrownBy(() -> store.approvalStore().claim(sample.ticket("one"), Sample.ROOMY))
                .isInstanceOf(UnavailableException.class);
        store.sessionMemory().change(Sample.SESSION, kept, Sample.setting("web", true));
        assertThat(store.approvalStore().answer(pending, YES)).isEqualTo(AnswerResult.ACCEPTED);
        store.suspensionStore().suspend(STOPPED);
        assertThat(store.suspensionStore().read()).isEqualTo(STOPPED);

        server.command("CONFIG", "SET", "maxmemory", "0");
        assertThat(store.sessionMemory().read(Sample.SESSION).names()).containsExactly("web");
        assertThat(store.approvalStore().list()).extracting(Ticket::id).containsExactly(pending);
        assertThat(store.sessionRecords().list(null, 10)).hasSize(1);
        assertThat(store.approvalStore().claim(sample.ticket("one"), Sample.ROOMY))
                .isInstanceOf(TicketClaim.Opened.class);
    }

    @Test
    void aServerThatMayDropWhatItKeepsIsNotTrustedWithAnything() throws IOException {
        store.close();
        server.command("CONFIG", "SET", "maxmemory", "100mb");
        server.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
        store = RedisStore.server(proxy.uri())
                .deadlines(deadlines)
                .listener(outages)
                .build();

        assertThatThrownBy(() -> store.suspensionStore().read()).isInstanceOf(UnavailableException.class);
        assertThatThrownBy(() -> store.approvalStore().list()).isInstanceOf(UnavailableException.class);
        assertThatThrownBy(() -> store.sessionMemory().call(Sample.SESSION)).isInstanceOf(UnavailableException.class);
    }

    // ---- its clock ----

    @Test
    void whatHasLapsedDoesNotComeBackWhenTheClockStepsBack() {
        sample.mark(store, Sample.SESSION, "web", MINUTE);
        String id = approved("one");
        clock.advance(Duration.ofHours(1));
        assertThat(store.sessionMemory().read(Sample.SESSION).names()).isEmpty();
        assertThat(store.approvalStore().find(id)).isEmpty();
        clock.set(Instant.parse("2027-12-30T23:59:00Z"));

        assertThat(store.sessionMemory().read(Sample.SESSION).names()).isEmpty();
        assertThat(store.approvalStore().find(id)).isEmpty();
    }

    @Test
    void aGrantFromBeforeAResetGivesNothingBack() {
        LimitKey key = new LimitKey("limit", "");
        LimitRule rule = new LimitRule.FixedWindow(Amount.of(10), Window.Calendar.MONTH);
        List<Charge> charges = List.of(new Charge(key, rule, Amount.of(3), ChargeMode.SENT));
        Reservation.Granted before = (Reservation.Granted) store.rateLimiter().reserve(new Batch("one", charges));
        store.limitRecords().reset(key);
        store.rateLimiter().reserve(new Batch("two", charges));
        store.rateLimiter().settle(before, CallOutcome.UNSENT);

        assertThat(store.rateLimiter().usage(charges).get(0).used()).isEqualTo(Amount.of(3));
    }

    // ---- words for the above ----

    private boolean answers() {
        time.advance(PAUSE);
        try {
            store.suspensionStore().read();
            return true;
        } catch (UnavailableException e) {
            return false;
        }
    }

    private void mark(String name) {
        sample.mark(store, Sample.SESSION, name, null);
    }

    private MarkRoom.Kept room(Map<String, Set<String>> values) {
        return (MarkRoom.Kept) store.sessionMemory().reserve(Sample.claim(values));
    }

    private String approved(String binding) {
        String id = ((TicketClaim.Opened) store.approvalStore().claim(sample.ticket(binding), Sample.ROOMY))
                .ticket()
                .id();
        store.approvalStore().answer(id, YES);
        return id;
    }
}
