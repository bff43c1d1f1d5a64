package dev.interlock.policy.approval;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.approval.ApprovalTickets.AnswerResult;
import dev.interlock.policy.approval.Ticket.State;
import dev.interlock.policy.approval.TicketClaim.Bound;
import dev.interlock.policy.call.AskingRule;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.ValueLimits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * What every {@link ApprovalStore} must do. A test of one extends this class and gives it a store whose clock the test
 * can move. All times here are whole seconds, so a store may count time as coarsely as in milliseconds.
 */
public abstract class ApprovalStoreContract {

    private static final Duration LASTING = Duration.ofMinutes(5);
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final TicketBounds ROOMY = new TicketBounds(1_000, 1_000, 1_000_000, 1_000_000);
    private static final TicketAnswer YES = new TicketAnswer(true, "Ada", null, null);
    private static final TicketAnswer NO = new TicketAnswer(false, "Bob", "not today", null);

    private final AtomicInteger ids = new AtomicInteger();

    /** The store under test: the same all through one test, and in its beginning without any ticket. */
    protected abstract ApprovalStore store();

    /** Another handle on the same tickets, as another process has one. */
    protected ApprovalStore other() {
        return store();
    }

    /** Lets time pass for the store. */
    protected abstract void advance(Duration length);

    // ---- opening ----

    @Test
    void theFirstClaimOpensATicketAndTheNextFindsIt() {
        NewTicket first = fresh("a");
        Ticket opened = opened(store().claim(first, ROOMY));
        Ticket found = found(other().claim(fresh("a"), ROOMY));

        assertThat(opened.id()).isEqualTo(first.id());
        assertThat(opened.state()).isEqualTo(State.PENDING);
        assertThat(opened.left()).isBetween(LASTING.minus(SECOND), LASTING);
        assertThat(found.id()).isEqualTo(first.id());
        assertThat(found.state()).isEqualTo(State.PENDING);
    }

    @Test
    void anotherBindingIsAnotherTicket() {
        open("a");

        opened(store().claim(fresh("b"), ROOMY));
        assertThat(store().list()).hasSize(2);
    }

    @Test
    void theQuestionIsKeptAsItWasPut() {
        NewTicket fresh = fresh("a");
        store().claim(fresh, ROOMY);

        ApprovalRequest kept = other().find(fresh.id()).orElseThrow().request();
        assertThat(kept).isEqualTo(fresh.request());
        assertThat(ApprovalText.of(kept)).isEqualTo(ApprovalText.of(fresh.request()));
        assertThat(other().list().get(0).request()).isEqualTo(fresh.request());
        assertThat(found(other().claim(fresh("a"), ROOMY)).request()).isEqualTo(fresh.request());
    }

    @Test
    void claimsDoTheSameWhenTheyAreAsynchronous() {
        String id = opened(joined(store().claimAsync(fresh("a"), ROOMY))).id();
        store().answer(id, YES);
        assertThat(found(joined(store().claimAsync(fresh("a"), ROOMY))).state()).isEqualTo(State.APPROVED);
        joined(store().giveBackAsync(id));

        assertThat(store().find(id)).isPresent();
        assertThat(joined(store().removeAsync(id))).isTrue();
        assertThat(store().find(id)).isEmpty();
    }

    // ---- answers ----

    @Test
    void aYesIsUsedByOneClaimAndThenNotFoundAnyMore() {
        String id = open("a");
        assertThat(other().answer(id, YES)).isEqualTo(AnswerResult.ACCEPTED);

        Ticket used = found(store().claim(fresh("a"), ROOMY));
        assertThat(used.id()).isEqualTo(id);
        assertThat(used.state()).isEqualTo(State.APPROVED);
        assertThat(used.by()).isEqualTo("Ada");
        assertThat(used.arguments()).isNull();

        assertThat(other().find(id)).isEmpty();
        assertThat(other().list()).isEmpty();
        assertThat(other().answer(id, NO)).isEqualTo(AnswerResult.ALREADY_ANSWERED);
        assertThat(opened(other().claim(fresh("a"), ROOMY)).id()).isNotEqualTo(id);
    }

    @Test
    void aYesToOtherArgumentsComesWithThem() {
        Arguments narrower = Arguments.freeze(Map.of("amount", 1, "note", "ä\u0000\"\n"), ValueLimits.DEFAULT);
        String id = open("a");
        store().answer(id, new TicketAnswer(true, null, null, narrower));

        assertThat(other().find(id).orElseThrow().arguments()).isEqualTo(narrower);
        Ticket used = found(other().claim(fresh("a"), ROOMY));
        assertThat(used.arguments()).isEqualTo(narrower);
        assertThat(used.by()).isNull();
    }

    @Test
    void aNoIsFoundAgainAndAgain() {
        String id = open("a");
        store().answer(id, NO);

        for (int i = 0; i < 2; i++) {
            Ticket found = found(other().claim(fresh("a"), ROOMY));
            assertThat(found.id()).isEqualTo(id);
            assertThat(found.state()).isEqualTo(State.DENIED);
            assertThat(found.by()).isEqualTo("Bob");
            assertThat(found.reason()).isEqualTo("not today");
        }
        assertThat(store().find(id)).isPresent();
    }

    @Test
    void onlyTheFirstAnswerCounts() {
        String id = open("a");

        assertThat(store().answer(id, NO)).isEqualTo(AnswerResult.ACCEPTED);
        assertThat(other().answer(id, YES)).isEqualTo(AnswerResult.ALREADY_ANSWERED);
        assertThat(found(store().claim(fresh("a"), ROOMY)).state()).isEqualTo(State.DENIED);
    }

    @Test
    void anUnknownTicketCanNeitherBeAnsweredNorRemoved() {
        for (String id : List.of("none", "", "' OR 1=1 --", "{a}:*", "\u0000", "a b\r\nDEL c")) {
            assertThat(store().answer(id, YES)).isEqualTo(AnswerResult.UNKNOWN);
            assertThat(store().remove(id)).isFalse();
            assertThat(store().find(id)).isEmpty();
            store().giveBack(id);
        }
    }

    // ---- giving back and removing ----

    @Test
    void aYesThatIsGivenBackIsGoodOnceMore() {
        String id = approved("a");
        found(store().claim(fresh("a"), ROOMY));
        other().giveBack(id);
        other().giveBack(id);

        assertThat(store().find(id)).isPresent();
        assertThat(found(other().claim(fresh("a"), ROOMY)).id()).isEqualTo(id);
        opened(store().claim(fresh("a"), ROOMY));
    }

    @Test
    void whatIsNotUsedCanNotBeGivenBack() {
        String pending = open("a");
        String approved = approved("b");
        store().giveBack(pending);
        store().giveBack(approved);

        assertThat(found(store().claim(fresh("a"), ROOMY)).state()).isEqualTo(State.PENDING);
        assertThat(found(store().claim(fresh("b"), ROOMY)).state()).isEqualTo(State.APPROVED);
        opened(store().claim(fresh("b"), ROOMY));
    }

    @Test
    void aYesThatIsGivenBackMakesWayForATicketThatWasOpenedMeanwhile() {
        String first = approved("a");
        store().claim(fresh("a"), ROOMY);
        String second = open("a");
        store().giveBack(first);

        assertThat(store().find(first)).isEmpty();
        assertThat(found(store().claim(fresh("a"), ROOMY)).id()).isEqualTo(second);
        store().remove(second);
        opened(store().claim(fresh("a"), ROOMY));
    }

    @Test
    void givingBackDoesNotMakeAYesLastLonger() {
        String id = approved("a");
        advance(LASTING.minus(SECOND));
        store().claim(fresh("a"), ROOMY);
        store().giveBack(id);
        assertThat(store().find(id)).isPresent();
        advance(SECOND);

        assertThat(store().find(id)).isEmpty();
        opened(store().claim(fresh("a"), ROOMY));
    }

    @Test
    void whatExpiresWhileItIsUsedNeverComesBack() {
        String id = approved("a");
        store().claim(fresh("a"), ROOMY);
        advance(LASTING);
        store().giveBack(id);

        assertThat(store().find(id)).isEmpty();
        assertThat(store().answer(id, YES)).isEqualTo(AnswerResult.UNKNOWN);
        opened(store().claim(fresh("a"), ROOMY));
    }

    @Test
    void aTicketIsRemovedWhateverItsAnswerButNotWhenItIsUsed() {
        String pending = open("a");
        String approved = approved("b");
        String used = approved("c");
        store().claim(fresh("c"), ROOMY);

        assertThat(other().remove(pending)).isTrue();
        assertThat(other().remove(pending)).isFalse();
        assertThat(other().remove(approved)).isTrue();
        assertThat(other().remove(used)).isFalse();
        opened(store().claim(fresh("a"), ROOMY));
        opened(store().claim(fresh("b"), ROOMY));
        opened(store().claim(fresh("c"), ROOMY));
    }

    // ---- time ----

    @Test
    void aTicketExpiresUnanswered() {
        String id = open("a");
        advance(LASTING.minus(SECOND));
        assertThat(store().find(id).orElseThrow().left()).isLessThanOrEqualTo(SECOND);
        advance(SECOND);

        assertThat(store().find(id)).isEmpty();
        assertThat(store().list()).isEmpty();
        assertThat(store().answer(id, YES)).isEqualTo(AnswerResult.UNKNOWN);
        assertThat(store().remove(id)).isFalse();
        assertThat(opened(store().claim(fresh("a"), ROOMY)).id()).isNotEqualTo(id);
    }

    @Test
    void anAnswerMakesATicketLastAnew() {
        String yes = open("a");
        String no = open("b");
        advance(LASTING.minus(SECOND));
        store().answer(yes, YES);
        store().answer(no, NO);
        advance(LASTING.minus(SECOND));
        assertThat(store().list()).hasSize(2);
        assertThat(found(store().claim(fresh("b"), ROOMY)).id()).isEqualTo(no);
        advance(SECOND);

        assertThat(store().list()).isEmpty();
        opened(store().claim(fresh("a"), ROOMY));
        opened(store().claim(fresh("b"), ROOMY));
    }

    @Test
    void findingATicketDoesNotMakeItLastLonger() {
        String id = open("a");
        advance(LASTING.minus(SECOND));
        found(store().claim(fresh("a"), ROOMY));
        advance(SECOND);

        assertThat(store().find(id)).isEmpty();
    }

    @Test
    void theOldestTicketIsListedFirst() {
        List<String> opened = new ArrayList<>();
        for (String binding : List.of("c", "a", "b")) {
            opened.add(open(binding));
            advance(SECOND);
        }
        store().answer(opened.get(0), NO);

        assertThat(other().list()).extracting(Ticket::id).containsExactlyElementsOf(opened);
    }

    // ---- bounds ----

    @Test
    void aHoldersPendingTicketsAreBounded() {
        TicketBounds few = new TicketBounds(1_000, 2, 1_000_000, 1_000_000);
        String id = opened(store().claim(fresh("a", "h1", 10), few)).id();
        opened(store().claim(fresh("b", "h1", 10), few));

        assertThat(other().claim(fresh("c", "h1", 10), few)).isEqualTo(new TicketClaim.Full(Bound.PENDING_OF_HOLDER));
        found(store().claim(fresh("a", "h1", 10), few));
        opened(store().claim(fresh("c", "h2", 10), few));
        store().answer(id, NO);
        opened(store().claim(fresh("d", "h1", 10), few));
    }

    @Test
    void aHoldersBytesAreBounded() {
        TicketBounds small = new TicketBounds(1_000, 1_000, 1_000_000, 100);
        String id = opened(store().claim(fresh("a", "h1", 60), small)).id();
        store().answer(id, NO);

        assertThat(other().claim(fresh("b", "h1", 41), small)).isEqualTo(new TicketClaim.Full(Bound.BYTES_OF_HOLDER));
        opened(store().claim(fresh("b", "h1", 40), small));
        opened(store().claim(fresh("c", "h2", 100), small));
    }

    @Test
    void allTicketsTogetherAreBounded() {
        TicketBounds few = new TicketBounds(2, 1_000, 1_000_000, 1_000_000);
        String id = open("a");
        store().answer(id, NO);
        open("b");

        assertThat(other().claim(fresh("c"), few)).isEqualTo(new TicketClaim.Full(Bound.TOTAL));
        store().remove(id);
        opened(store().claim(fresh("c"), few));
    }

    @Test
    void allBytesTogetherAreBounded() {
        TicketBounds small = new TicketBounds(1_000, 1_000, 100, 1_000_000);
        opened(store().claim(fresh("a", "h1", 60), small));

        assertThat(other().claim(fresh("b", "h2", 41), small)).isEqualTo(new TicketClaim.Full(Bound.TOTAL));
        opened(store().claim(fresh("b", "h2", 40), small));
    }

    @Test
    void theFirstBoundInOrderIsNamed() {
        TicketBounds none = new TicketBounds(0, 0, 0, 0);

        assertThat(store().claim(fresh("a"), none)).isEqualTo(new TicketClaim.Full(Bound.PENDING_OF_HOLDER));
        assertThat(store().claim(fresh("a"), new TicketBounds(0, 1, 0, 0)))
                .isEqualTo(new TicketClaim.Full(Bound.BYTES_OF_HOLDER));
        assertThat(store().list()).isEmpty();
    }

    @Test
    void aUsedTicketTakesAPlaceUntilItExpires() {
        TicketBounds one = new TicketBounds(1, 1, 100, 100);
        String id = opened(store().claim(fresh("a", "h1", 100), one)).id();
        store().answer(id, YES);
        found(store().claim(fresh("a", "h1", 100), one));

        assertThat(store().claim(fresh("a", "h1", 1), one)).isEqualTo(new TicketClaim.Full(Bound.BYTES_OF_HOLDER));
        assertThat(store().claim(fresh("b", "h2", 1), one)).isEqualTo(new TicketClaim.Full(Bound.TOTAL));
        advance(LASTING);
        opened(store().claim(fresh("b", "h2", 100), one));
    }

    @Test
    void whatHasExpiredTakesNoPlace() {
        TicketBounds one = new TicketBounds(1, 1, 100, 100);
        opened(store().claim(fresh("a", "h1", 100), one));
        advance(LASTING);

        opened(other().claim(fresh("b", "h1", 100), one));
    }

    @Test
    void whatIsRemovedOrMadeWayTakesNoPlace() {
        TicketBounds two = new TicketBounds(2, 2, 200, 200);
        String first = opened(store().claim(fresh("a", "h1", 100), two)).id();
        store().answer(first, YES);
        store().claim(fresh("a", "h1", 100), two);
        String second = opened(store().claim(fresh("a", "h1", 100), two)).id();
        store().giveBack(first);
        opened(store().claim(fresh("b", "h1", 100), two));
        store().remove(second);

        opened(store().claim(fresh("c", "h1", 100), two));
        assertThat(store().claim(fresh("d", "h1", 0), two)).isEqualTo(new TicketClaim.Full(Bound.PENDING_OF_HOLDER));
    }

    @Test
    void holdersAndBindingsAreTakenLiterally() {
        TicketBounds one = new TicketBounds(1_000, 1, 1_000_000, 1_000_000);
        List<String> holders =
                List.of("", " ", "identity a", "session a", "a:b", "a%", "A", "a", "'", "{a}", "ä", "\n");
        for (String holder : holders) {
            opened(store().claim(fresh("of " + holder, holder, 1), one));
        }

        assertThat(store().list()).hasSize(holders.size());
    }

    // ---- races ----

    @Test
    void oneYesIsUsedByOneOfManyClaimsAtOnce() throws Exception {
        for (int round = 0; round < 20; round++) {
            String binding = "round " + round;
            String id = approved(binding);

            List<Ticket> seen = atOnce(16, i -> ticket((i % 2 == 0 ? store() : other()).claim(fresh(binding), ROOMY)));

            assertThat(seen.stream().filter(ticket -> ticket.state() == State.APPROVED))
                    .extracting(Ticket::id)
                    .containsExactly(id);
            assertThat(seen.stream().map(Ticket::id).collect(Collectors.toSet()))
                    .as("all others share one that was opened after it")
                    .hasSize(2);
        }
    }

    @Test
    void ofManyClaimsAtOnceOneOpensTheTicket() throws Exception {
        for (int round = 0; round < 20; round++) {
            String binding = "round " + round;

            List<TicketClaim> claims = atOnce(16, i -> (i % 2 == 0 ? store() : other()).claim(fresh(binding), ROOMY));

            assertThat(claims).filteredOn(TicketClaim.Opened.class::isInstance).hasSize(1);
            assertThat(claims.stream().map(ApprovalStoreContract::ticket).map(Ticket::id))
                    .containsOnly(ticket(claims.get(0)).id());
        }
    }

    @Test
    void ofManyAnswersAtOnceOneCounts() throws Exception {
        for (int round = 0; round < 20; round++) {
            String id = open("round " + round);

            List<AnswerResult> results = atOnce(8, i -> (i % 2 == 0 ? store() : other()).answer(id, i < 4 ? YES : NO));

            assertThat(results).containsOnlyOnce(AnswerResult.ACCEPTED);
            assertThat(results)
                    .filteredOn(AnswerResult.ALREADY_ANSWERED::equals)
                    .hasSize(7);
        }
    }

    @Test
    void aBoundIsExactForManyClaimsAtOnce() throws Exception {
        TicketBounds five = new TicketBounds(1_000, 5, 1_000_000, 1_000_000);

        List<TicketClaim> claims =
                atOnce(16, i -> (i % 2 == 0 ? store() : other()).claim(fresh("call " + i, "h1", 1), five));

        assertThat(claims).filteredOn(TicketClaim.Opened.class::isInstance).hasSize(5);
        assertThat(store().list()).hasSize(5);
    }

    // ---- helpers ----

    /** Something that one of several threads does. */
    private interface Part<T> {
        T run(int thread);
    }

    private static <T> List<T> atOnce(int threads, Part<T> part) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<Callable<T>> parts = IntStream.range(0, threads)
                    .<Callable<T>>mapToObj(i -> () -> part.run(i))
                    .toList();
            List<T> results = new ArrayList<>();
            for (Future<T> each : pool.invokeAll(parts)) {
                results.add(each.get());
            }
            return results;
        } finally {
            pool.shutdown();
        }
    }

    private static <T extends @Nullable Object> T joined(java.util.concurrent.CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    private NewTicket fresh(String call) {
        return fresh(call, "holder", 10);
    }

    /** A ticket for a call; each is a new one with another id. */
    private NewTicket fresh(String call, String holder, long bytes) {
        AskingRule rule = new AskingRule("a person", Requests.RULE.place(), "May it?", LASTING);
        ApprovalRequest request =
                Requests.of("pay", "bank", "bot", Map.of("call", call), Requests.POLICY, List.of(rule));
        return new NewTicket("t" + ids.incrementAndGet(), TicketBinding.of(request), holder, request, bytes, LASTING);
    }

    private String open(String call) {
        return opened(store().claim(fresh(call), ROOMY)).id();
    }

    private String approved(String call) {
        String id = open(call);
        assertThat(store().answer(id, YES)).isEqualTo(AnswerResult.ACCEPTED);
        return id;
    }

    private static Ticket opened(TicketClaim claim) {
        assertThat(claim).isInstanceOf(TicketClaim.Opened.class);
        return ticket(claim);
    }

    private static Ticket found(TicketClaim claim) {
        assertThat(claim).isInstanceOf(TicketClaim.Found.class);
        return ticket(claim);
    }

    private static Ticket ticket(TicketClaim claim) {
        return claim instanceof TicketClaim.Opened opened ? opened.ticket() : ((TicketClaim.Found) claim).ticket();
    }
}
