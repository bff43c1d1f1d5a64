package dev.interlock.policy.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Mark;
import dev.interlock.policy.limit.Caller;
import dev.interlock.policy.session.SessionRecord.MarkRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * What every {@link SessionRecords} must do, together with the memory that it belongs to. A test of one extends this
 * class and gives it both, with a clock that the test can move. All times here are whole seconds.
 */
public abstract class SessionRecordsContract {

    private static final Duration MINUTE = Duration.ofMinutes(1);

    /** The memory under test: the same all through one test, and in its beginning without any session. */
    protected abstract SessionMemory memory();

    /** What it keeps. */
    protected abstract SessionRecords records();

    /** Lets time pass for the memory. */
    protected abstract void advance(Duration length);

    // ---- listing ----

    @Test
    void noSessionIsThereInTheBeginning() {
        assertThat(records().list(null, 10)).isEmpty();
        assertThat(records().clear("s")).isFalse();
    }

    @Test
    void aRecordHasTheMarksInTheOrderOfTheirNames() {
        set("s", NewMark.plain("web", MINUTE));
        set("s", new NewMark("seen", List.of("b", "a"), true, null));
        set("s", NewMark.unknown("lost", null));

        assertThat(records().list(null, 10))
                .containsExactly(new SessionRecord(
                        "s",
                        List.of(
                                new MarkRecord("lost", List.of(), false, Mark.IDLE),
                                new MarkRecord("seen", List.of("b", "a"), true, Mark.IDLE),
                                new MarkRecord("web", null, true, MINUTE))));
    }

    @Test
    void whatIsLeftIsToldByTheLatestEnd() {
        set("s", new NewMark("seen", List.of("a"), true, MINUTE));
        set("s", new NewMark("seen", List.of("b"), true, MINUTE.multipliedBy(3)));
        advance(MINUTE);

        assertThat(records().list(null, 10))
                .containsExactly(new SessionRecord(
                        "s", List.of(new MarkRecord("seen", List.of("b"), true, MINUTE.multipliedBy(2)))));
    }

    @Test
    void aListingIsNoCallOfASession() {
        set("s", NewMark.plain("web", null));
        advance(Mark.IDLE.minus(MINUTE));
        assertThat(left()).isEqualTo(MINUTE);
        advance(MINUTE);

        assertThat(records().list(null, 10)).isEmpty();
        assertThat(records().clear("s")).isFalse();
    }

    @Test
    void aCallOfTheSessionMovesTheEndOfItsIdling() {
        set("s", NewMark.plain("web", null));
        advance(MINUTE);
        memory().call("s");

        assertThat(left()).isEqualTo(Mark.IDLE);
    }

    @Test
    void aSessionThatOnlyHasRoomIsNotListed() {
        room("s", Map.of("seen", Set.of("a")));

        assertThat(records().list(null, 10)).isEmpty();
        assertThat(records().clear("s")).isFalse();
    }

    @Test
    void sessionsComeInTheOrderOfTheirNamesAPageAtATime() {
        List<String> sessions = List.of("b", "", "a", "a b", "\u00e9", "Z", "a\u0000", "\n", "10", "9");
        sessions.forEach(session -> set(session, NewMark.plain("web", null)));
        List<String> listed = new ArrayList<>();
        @Nullable String after = null;
        List<SessionRecord> page = records().list(after, 3);
        while (!page.isEmpty()) {
            assertThat(page).hasSizeLessThanOrEqualTo(3);
            page.forEach(marked -> listed.add(marked.session()));
            after = listed.get(listed.size() - 1);
            page = records().list(after, 3);
        }

        assertThat(listed).containsExactlyElementsOf(sessions.stream().sorted().toList());
    }

    @Test
    void aSessionMayHaveAnyName() {
        String longest = "a\u0000\uD83D".repeat(20_000);
        set(longest, NewMark.plain("web", null));
        set(longest + "b", NewMark.plain("other", null));

        assertThat(memory().call(longest).names()).containsExactly("web");
        assertThat(records().list(null, 10))
                .extracting(SessionRecord::session)
                .containsExactlyInAnyOrder(longest, longest + "b");
        assertThat(records().clear(longest)).isTrue();
        assertThat(records().list(longest, 10)).hasSizeLessThanOrEqualTo(1);
        assertThat(memory().read(longest + "b").names()).containsExactly("other");
    }

    // ---- clearing ----

    @Test
    void clearingTakesAllMarksOfOneSession() {
        set("s", NewMark.plain("web", MINUTE));
        set("s", new NewMark("seen", List.of("a"), true, null));
        set("s", NewMark.unknown("lost", null));
        set("t", NewMark.plain("web", null));
        assertThat(records().clear("s")).isTrue();

        assertThat(memory().read("s").names()).isEmpty();
        assertThat(memory().read("t").names()).containsExactly("web");
        assertThat(records().clear("s")).isFalse();
    }

    @Test
    void whatCallsUnderWaySetAfterwardsIsSet() {
        set("s", NewMark.plain("web", null));
        MarkRoom.Kept room = room("s", Map.of("seen", Set.of("a")));
        records().clear("s");
        change("s", room, new NewMark("seen", List.of("a"), true, null));

        assertThat(memory().read("s").names()).containsExactly("seen");
    }

    @Test
    void roomThatIsReservedStaysReserved() {
        set("s", new NewMark("seen", numbers(SessionMemory.MOST_VALUES - 1), true, null));
        MarkRoom.Kept room = room("s", Map.of("seen", Set.of("x")));
        records().clear("s");
        set("s", new NewMark("seen", numbers(SessionMemory.MOST_VALUES - 1), true, null));

        assertThat(memory().reserve(claim("s", Map.of("seen", Set.of("y"))))).isInstanceOf(MarkRoom.None.class);
        change("s", room, new NewMark("seen", List.of("x"), true, null));
        assertThat(records().list(null, 1).get(0).marks().get(0).known()).isTrue();
    }

    @Test
    void aCallThatWasDecidedBeforeClearsNothingThatIsSetSince() {
        set("s", NewMark.plain("web", null));
        long decided = memory().call("s").moment();
        records().clear("s");
        set("s", NewMark.plain("web", null));
        memory().change("s", null, new SessionChange(Set.of("web"), decided, List.of(), true));

        assertThat(memory().read("s").names()).containsExactly("web");
    }

    @Test
    void eachMarkThatIsSetWhileAPersonClearsIsClearedOrStays() throws Exception {
        List<Callable<Integer>> work = new ArrayList<>();
        for (int thread = 0; thread < 4; thread++) {
            String own = "mark" + thread;
            work.add(() -> {
                for (int i = 0; i < 25; i++) {
                    set("s", NewMark.plain(own, null));
                }
                return 0;
            });
        }
        work.add(() -> {
            int cleared = 0;
            for (int i = 0; i < 25; i++) {
                cleared += records().clear("s") ? 1 : 0;
            }
            return cleared;
        });
        ExecutorService pool = Executors.newFixedThreadPool(work.size());
        try {
            for (Future<Integer> done : pool.invokeAll(work)) {
                done.get();
            }
        } finally {
            pool.shutdownNow();
        }
        records().clear("s");

        assertThat(memory().read("s").names()).isEmpty();
        set("s", NewMark.plain("web", null));
        assertThat(memory().read("s").names()).containsExactly("web");
    }

    // ---- words for the above ----

    private Duration left() {
        return records().list(null, 1).get(0).marks().get(0).left();
    }

    private void set(String session, NewMark mark) {
        change(session, room(session, Map.of()), mark);
    }

    private void change(String session, MarkRoom.Kept room, NewMark mark) {
        memory().change(session, room, new SessionChange(Set.of(), 0, List.of(mark), true));
    }

    private MarkRoom.Kept room(String session, Map<String, Set<String>> values) {
        return (MarkRoom.Kept) memory().reserve(claim(session, values));
    }

    private static MarkClaim claim(String session, Map<String, Set<String>> values) {
        return new MarkClaim(session, Caller.of(null, session), values);
    }

    private static List<String> numbers(int count) {
        return IntStream.range(0, count).mapToObj(Integer::toString).toList();
    }
}
