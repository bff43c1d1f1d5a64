package dev.interlock.policy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.approval.ApprovalRequest;
import dev.interlock.policy.approval.ApprovalStore;
import dev.interlock.policy.approval.ApprovalTickets.AnswerResult;
import dev.interlock.policy.approval.NewTicket;
import dev.interlock.policy.approval.Requests;
import dev.interlock.policy.approval.Ticket;
import dev.interlock.policy.approval.TicketAnswer;
import dev.interlock.policy.approval.TicketBounds;
import dev.interlock.policy.approval.TicketClaim;
import dev.interlock.policy.limit.UnavailableException;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.ValueLimits;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What tickets in a database do besides the contract. */
class JdbcApprovalStoreTest {

    private static final Duration HOUR = Duration.ofHours(1);
    private static final TicketBounds ROOMY = new TicketBounds(1_000, 1_000, 100 << 20, 100 << 20);
    private static final TicketAnswer YES = new TicketAnswer(true, "Ada", null, null);

    private final SqliteFile file = SqliteFile.create();
    private final StoreFixture fixture = new StoreFixture(file.connections());
    private final ApprovalStore store = fixture.store.approvalStore();
    private final AtomicInteger ids = new AtomicInteger();

    @AfterEach
    void close() {
        fixture.close();
        file.close();
    }

    // ---- what a person sees ----

    @Test
    void aPersonCanReadTheTable() {
        String id = opened(fresh("b", request("ann\u0000a\u001b[2J", Map.of("amount", 5))));
        store.answer(id, new TicketAnswer(false, "Bob\n", "n".repeat(300), null));

        assertThat(text("SELECT state || '|' || tool || '|' || server || '|' || identity || '|' || answered_by"
                        + " FROM interlock_tickets"))
                .isEqualTo("denied|pay|bank|ann\\u0000a\\u001b[2J|Bob\\n");
        assertThat(text("SELECT reason FROM interlock_tickets")).isEqualTo("n".repeat(200) + "…");
        Ticket found = store.find(id).orElseThrow();
        assertThat(found.by()).isEqualTo("Bob\n");
        assertThat(found.reason()).hasSize(300);
        assertThat(found.request().identity()).isEqualTo("ann\u0000a\u001b[2J");
    }

    @Test
    void theTableHoldsNoIdentityOfACallerThatHasNone() {
        opened(fresh("b", request(null, Map.of())));

        assertThat(number("SELECT COUNT(*) FROM interlock_tickets WHERE identity IS NULL"))
                .isEqualTo(1);
    }

    // ---- rows that someone has changed ----

    @Test
    void aRowThatCanNotBeReadBackIsNoYesAndIsNotUsed() {
        List<String> damages = List.of(
                "request = ''",
                "request = '{}'",
                "request = request || ' '||'{}'",
                "request = replace(request, '\"format\":1', '\"format\":2')",
                "request = replace(request, '\"tool\":', '\"tool\":\"other\",\"tool\":')",
                "request = replace(request, '\"otherRequest\":false', '\"otherRequest\":\"false\"')",
                "answer = NULL",
                "answer = ''",
                "answer = '{}'",
                "answer = replace(answer, 'true', '1')",
                "answer = replace(answer, 'true', 'false')",
                "answer = replace(answer, '\"arguments\":null', '\"arguments\":[]')",
                "answer = replace(answer, ',\"arguments\":null', '')",
                "answer = replace(answer, '\"Ada\"', '5')",
                "state = 'APPROVED'",
                "state = 'yes'",
                "state = ''",
                "state = 'denied'",
                "state = 'pending'");
        for (String damage : damages) {
            NewTicket fresh = fresh(damage, request("bot", Map.of("damage", damage)));
            String id = opened(fresh);
            store.answer(id, YES);
            change("UPDATE interlock_tickets SET " + damage + " WHERE id = '" + id + "'");

            for (int attempt = 0; attempt < 7; attempt++) {
                assertThatThrownBy(() -> store.claim(again(fresh), ROOMY))
                        .as(damage)
                        .isInstanceOf(UnavailableException.class)
                        .hasMessageContaining("can't be read");
            }
            assertThatThrownBy(() -> store.claimAsync(again(fresh), ROOMY)
                            .toCompletableFuture()
                            .join())
                    .isInstanceOf(CompletionException.class)
                    .hasCauseInstanceOf(UnavailableException.class);
            assertThatThrownBy(() -> store.find(id)).isInstanceOf(UnavailableException.class);
            assertThatThrownBy(store::list)
                    .isInstanceOf(UnavailableException.class)
                    .hasMessageContaining(id);
            assertThat(number("SELECT COUNT(*) FROM interlock_tickets WHERE state = 'used'"))
                    .as(damage)
                    .isZero();
            assertThat(store.remove(id)).as("a person can remove it").isTrue();
            assertThat(store.list()).isEmpty();
        }
    }

    @Test
    void aRowThatCanNotBeReadBackDoesNotMakeTheDatabaseUnavailable() {
        NewTicket bad = fresh("bad", request("bot", Map.of("call", "bad")));
        opened(bad);
        change("UPDATE interlock_tickets SET request = ''");
        for (int i = 0; i < 20; i++) {
            assertThatThrownBy(() -> store.claim(again(bad), ROOMY)).isInstanceOf(UnavailableException.class);
        }

        opened(fresh("good", request("bot", Map.of("call", "good"))));
    }

    @Test
    void rowsThatAreDeletedByHandLeaveNothing() {
        TicketBounds one = new TicketBounds(1, 1, 1_000, 1_000);
        store.claim(fresh("a", request("bot", Map.of())), one);
        change("DELETE FROM interlock_tickets");

        assertThat(store.claim(fresh("b", request("bot", Map.of())), one)).isInstanceOf(TicketClaim.Opened.class);
    }

    @Test
    void aNumberInTheTablesThatIsOutOfRangeMakesNoYes() {
        NewTicket fresh = fresh("a", request("bot", Map.of()));
        store.answer(opened(fresh), YES);
        for (String expires : List.of("-9223372036854775808", "-1", "0")) {
            change("UPDATE interlock_tickets SET expires_at = " + expires);
            assertThat(store.find(fresh.id())).isEmpty();
            assertThat(number("SELECT COUNT(*) FROM interlock_tickets")).isZero();
        }
        assertThat(store.claim(again(fresh), ROOMY)).isInstanceOf(TicketClaim.Opened.class);
    }

    // ---- time ----

    @Test
    void aClockThatStepsBackBringsNothingBack() {
        NewTicket found = fresh("found", request("bot", Map.of("call", "found")));
        NewTicket listed = fresh("listed", request("bot", Map.of("call", "listed")));
        NewTicket claimed = fresh("claimed", request("bot", Map.of("call", "claimed")));
        for (NewTicket each : List.of(found, listed, claimed)) {
            store.answer(opened(each), YES);
            fixture.advance(HOUR);
            if (each.equals(found)) {
                assertThat(store.find(each.id())).isEmpty();
            } else if (each.equals(listed)) {
                assertThat(store.list()).isEmpty();
            } else {
                opened(again(each));
            }
            fixture.advance(HOUR.negated());
            assertThat(store.find(each.id())).isEmpty();
            assertThat(store.answer(each.id(), YES)).isEqualTo(AnswerResult.UNKNOWN);
        }
        assertThat(store.claim(again(found), ROOMY)).isInstanceOf(TicketClaim.Opened.class);
    }

    @Test
    void aUsedTicketIsNotGivenBackAfterItHasExpired() {
        NewTicket fresh = fresh("a", request("bot", Map.of()));
        store.answer(opened(fresh), YES);
        assertThat(store.claim(again(fresh), ROOMY)).isInstanceOf(TicketClaim.Found.class);
        fixture.advance(HOUR);
        store.list();
        store.giveBack(fresh.id());
        fixture.advance(HOUR.negated());
        store.giveBack(fresh.id());

        assertThat(store.list()).isEmpty();
        assertThat(store.claim(again(fresh), ROOMY)).isInstanceOf(TicketClaim.Opened.class);
    }

    @Test
    void whatHasExpiredIsDeletedByWhateverChangesTickets() {
        for (int i = 0; i < 50; i++) {
            opened(fresh("call " + i, request("bot", Map.of("call", i))));
        }
        fixture.advance(HOUR);
        assertThat(store.remove("none")).isFalse();

        assertThat(number("SELECT COUNT(*) FROM interlock_tickets")).isZero();
    }

    @Test
    void aTicketOfYearsLastsAYear() {
        NewTicket fresh =
                new NewTicket("years", "years", "bot", request("bot", Map.of()), 1, Duration.ofSeconds(Long.MAX_VALUE));

        assertThat(((TicketClaim.Opened) store.claim(fresh, ROOMY)).ticket().left())
                .isEqualTo(Duration.ofDays(365));
        store.answer("years", YES);
        assertThat(store.find("years").orElseThrow().left()).isEqualTo(Duration.ofDays(365));
    }

    // ---- hostile texts ----

    @Test
    void idsAreTakenLetterByLetter() {
        NewTicket fresh = fresh("a", request("bot", Map.of()));
        String id = opened(new NewTicket("aBc", "a", "bot", fresh.request(), 1, HOUR));

        for (String other :
                List.of("abc", "ABC", "aBc ", " aBc", "aBc\u0000", "aB%", "aBc\u200b", "a".repeat(1 << 20))) {
            assertThat(store.find(other)).isEmpty();
            assertThat(store.answer(other, YES)).isEqualTo(AnswerResult.UNKNOWN);
            assertThat(store.remove(other)).isFalse();
            store.giveBack(other);
        }
        assertThat(store.find(id)).isPresent();
    }

    @Test
    void anIdThatADatabaseCanNotHoldIsRefused() {
        for (String id : List.of("a\u0000", "\ud800", "a\nb", "a".repeat(201))) {
            NewTicket fresh = new NewTicket(id, "a", "bot", request("bot", Map.of()), 1, HOUR);
            assertThatThrownBy(() -> store.claim(fresh, ROOMY)).isInstanceOf(InvalidValueException.class);
            assertThatThrownBy(() ->
                            store.claimAsync(fresh, ROOMY).toCompletableFuture().join())
                    .hasCauseInstanceOf(InvalidValueException.class);
        }
        assertThat(store.list()).isEmpty();
    }

    @Test
    void anIdThatComesTwiceIsRefusedAndTheFirstTicketStays() {
        NewTicket first = fresh("a", request("ann", Map.of()));
        opened(first);
        NewTicket second = new NewTicket(first.id(), "b", "bot", request("bot", Map.of()), 1, HOUR);

        assertThatThrownBy(() -> store.claim(second, ROOMY)).isInstanceOf(UnavailableException.class);
        assertThat(store.list())
                .extracting(ticket -> ticket.request().identity())
                .containsExactly("ann");
    }

    @Test
    void holdersOfAnyTextAreToldApart() {
        TicketBounds one = new TicketBounds(1_000, 1, 1_000_000, 1_000_000);
        String giant = "a".repeat(1 << 20);
        List<String> holders =
                List.of("a\u0000", "a", "A", "\ud800", "\ud801", "?", "\uFFFD", giant, giant + "b", "ä", "a\u0308");
        for (String holder : holders) {
            NewTicket fresh =
                    new NewTicket("t" + ids.incrementAndGet(), "of " + ids, holder, request("bot", Map.of()), 1, HOUR);
            assertThat(store.claim(fresh, one)).isInstanceOf(TicketClaim.Opened.class);
        }
        assertThat(store.list()).hasSize(holders.size());
    }

    @Test
    void aTextThatIsNoUnicodeIsRefusedInQuestionsAndInAnswers() {
        NewTicket fresh = fresh("a", request("bot", Map.of()));
        String id = opened(fresh);

        assertThatThrownBy(() -> store.claim(fresh("b", request("\ud800", Map.of())), ROOMY))
                .isInstanceOf(InvalidValueException.class);
        assertThatThrownBy(() -> store.answer(id, new TicketAnswer(true, "\ud800", null, null)))
                .isInstanceOf(InvalidValueException.class);
        assertThatThrownBy(() -> store.answer(id, new TicketAnswer(false, null, "\udc00", null)))
                .isInstanceOf(InvalidValueException.class);
        assertThatThrownBy(() -> store.answer(id, new TicketAnswer(true, null, null, Arguments.UNKNOWN)))
                .isInstanceOf(InvalidValueException.class);
        assertThat(store.find(id).orElseThrow().state()).isEqualTo(Ticket.State.PENDING);
    }

    @Test
    void largeArgumentsAreKeptAsTheyAre() {
        Map<String, Object> large = IntStream.range(0, 200)
                .boxed()
                .collect(Collectors.toMap(i -> "k" + i, i -> "\u0000ä\"\\\n😀".repeat(1_000)));
        ApprovalRequest request = new ApprovalRequest(
                "pay",
                "bank",
                "bot",
                "s1",
                Arguments.freeze(large, new ValueLimits(10, 64 << 20)),
                Requests.pay("bot", Map.of()).parameters(),
                Requests.pay("bot", Map.of()).context(),
                Requests.pay("bot", Map.of()).bound(),
                Requests.pay("bot", Map.of()).rules(),
                "pay?",
                Requests.pay("bot", Map.of()).rating(),
                Requests.pay("bot", Map.of()).policy(),
                HOUR);
        String id = opened(fresh("a", request));
        store.answer(id, new TicketAnswer(true, null, null, request.arguments()));

        Ticket kept = store.find(id).orElseThrow();
        assertThat(kept.request()).isEqualTo(request);
        assertThat(kept.arguments()).isEqualTo(request.arguments());
    }

    // ---- without the database ----

    @Test
    void whenTheDatabaseIsGoneEverythingThrows() {
        NewTicket fresh = fresh("a", request("bot", Map.of()));
        opened(fresh);
        fixture.close();

        assertThatThrownBy(() -> store.claim(again(fresh), ROOMY)).isInstanceOf(UnavailableException.class);
        assertThatThrownBy(store::list).isInstanceOf(UnavailableException.class);
        assertThatThrownBy(() -> store.find(fresh.id())).isInstanceOf(UnavailableException.class);
        assertThatThrownBy(() -> store.answer(fresh.id(), YES)).isInstanceOf(UnavailableException.class);
        assertThatThrownBy(() -> store.remove(fresh.id())).isInstanceOf(UnavailableException.class);
        assertThatThrownBy(() -> store.giveBack(fresh.id())).isInstanceOf(UnavailableException.class);
        assertThatThrownBy(() ->
                        store.giveBackAsync(fresh.id()).toCompletableFuture().join())
                .hasCauseInstanceOf(UnavailableException.class);
        assertThatThrownBy(() ->
                        store.removeAsync(fresh.id()).toCompletableFuture().join())
                .hasCauseInstanceOf(UnavailableException.class);
    }

    // ---- words for the above ----

    private static ApprovalRequest request(String identity, Map<String, ?> arguments) {
        return Requests.pay(identity, arguments);
    }

    private NewTicket fresh(String binding, ApprovalRequest request) {
        return new NewTicket("t" + ids.incrementAndGet(), binding, "bot", request, 10, HOUR);
    }

    /** The same call once more, for which a ticket of another id would be opened. */
    private NewTicket again(NewTicket fresh) {
        return fresh(fresh.binding(), fresh.request());
    }

    private String opened(NewTicket fresh) {
        return ((TicketClaim.Opened) store.claim(fresh, ROOMY)).ticket().id();
    }

    private void change(String sql) {
        try (Connection connection = file.connections().getConnection();
                Statement statement = connection.createStatement()) {
            statement.executeUpdate(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
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
