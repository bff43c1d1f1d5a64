package dev.interlock.policy.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Mark;
import dev.interlock.policy.limit.Caller;
import dev.interlock.policy.value.Value;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * What every {@link SessionMemory} must do. A test of one extends this class and gives it a memory whose clock the test
 * can move. All times here are whole seconds, so a store may count time as coarsely as in milliseconds.
 */
public abstract class SessionMemoryContract {

    private static final Value UNKNOWN = Value.Nil.NULL;
    private static final String SESSION = "s1";
    private static final Duration MINUTE = Duration.ofMinutes(1);

    /** The memory under test: the same all through one test, and in its beginning without any session. */
    protected abstract SessionMemory memory();

    /** Lets time pass for the memory. */
    protected abstract void advance(Duration length);

    // ---- setting ----

    @Test
    void aSessionThatWasNeverMarkedHasNoMarks() {
        assertThat(memory().call(SESSION).names()).isEmpty();
        assertThat(memory().read(SESSION).names()).isEmpty();
    }

    @Test
    void aMarkIsThereOnceTheChangeIsMade() {
        set(NewMark.plain("web", null));

        assertThat(mark("web")).isEqualTo(Value.Bool.TRUE);
        assertThat(memory().read("s2").names()).isEmpty();
    }

    @Test
    void aMarkWithValuesIsTheListOfThemInTheOrderInWhichTheyCame() {
        set(values("seen", "b", "a"));
        set(values("seen", "a", "c"));

        assertThat(mark("seen")).isEqualTo(list("b", "a", "c"));
    }

    @Test
    void theNameAloneIsAnEmptyList() {
        set(values("seen"));

        assertThat(mark("seen")).isEqualTo(list());
    }

    @Test
    void aRoomThatIsGivenBackLeavesNothingBehind() {
        MarkRoom.Kept room = room(claim(SESSION, Map.of("seen", Set.of("a"))));
        memory().change(SESSION, room, SessionChange.NONE);

        assertThat(memory().read(SESSION).names()).isEmpty();
    }

    @Test
    void aCallThatGoesOnKeepsItsRoomUntilItHasEnded() {
        MarkRoom.Kept room = room(claim(SESSION, Map.of()));
        memory().change(SESSION, room, new SessionChange(Set.of(), 0, List.of(NewMark.plain("a", null)), false));
        memory().change(SESSION, room, new SessionChange(Set.of(), 0, List.of(NewMark.plain("b", null)), true));
        memory().change(SESSION, room, new SessionChange(Set.of(), 0, List.of(NewMark.plain("c", null)), true));

        assertThat(memory().read(SESSION).names()).containsExactlyInAnyOrder("a", "b");
    }

    @Test
    void whatWasReadDoesNotChange() {
        set(values("seen", "a"));
        SessionMarks before = memory().read(SESSION);
        set(values("seen", "b"));

        assertThat(before.read("seen", UNKNOWN)).isEqualTo(list("a"));
        assertThat(before.moment()).isLessThan(memory().read(SESSION).moment());
    }

    // ---- clearing ----

    @Test
    void clearingTakesAwayWhatWasSetBefore() {
        set(NewMark.plain("web", null));
        set(values("seen", "a"));
        clear(memory().call(SESSION).moment(), "web", "never");

        assertThat(memory().read(SESSION).names()).containsExactly("seen");
    }

    @Test
    void clearingLeavesWhatWasSetAfterTheCallWasDecided() {
        set(values("seen", "a", "b"));
        long decided = memory().call(SESSION).moment();
        set(values("seen", "b", "c"));
        clear(decided, "seen");

        assertThat(mark("seen")).isEqualTo(list("b", "c"));
    }

    @Test
    void clearingTakesALifetimeAwayWithWhatItWasSetBy() {
        set(plain("web", Duration.ofMinutes(10)));
        long decided = memory().call(SESSION).moment();
        set(plain("web", MINUTE));
        clear(decided, "web");

        assertThat(mark("web")).isEqualTo(Value.Bool.TRUE);
        advance(MINUTE);
        assertThat(mark("web")).isNull();
    }

    @Test
    void clearingComesBeforeSetting() {
        set(values("seen", "a"));
        MarkRoom.Kept room = room(claim(SESSION, Map.of("seen", Set.of("b"))));
        long decided = memory().call(SESSION).moment();
        memory().change(SESSION, room, new SessionChange(Set.of("seen"), decided, List.of(values("seen", "b")), true));

        assertThat(mark("seen")).isEqualTo(list("b"));
    }

    @Test
    void aSessionThatWasForgottenMeanwhileIsNotClearedOfWhatIsNew() {
        set(NewMark.plain("web", MINUTE));
        long decided = memory().call(SESSION).moment();
        advance(MINUTE);
        set(NewMark.plain("web", MINUTE));
        clear(decided, "web");

        assertThat(mark("web")).isEqualTo(Value.Bool.TRUE);
    }

    @Test
    void aCallThatWasDecidedWithoutMarksClearsNone() {
        long decided = memory().call(SESSION).moment();
        set(NewMark.plain("web", null));
        clear(decided, "web");

        assertThat(mark("web")).isEqualTo(Value.Bool.TRUE);
    }

    // ---- lifetimes ----

    @Test
    void theEndOfALifetimeIsOutside() {
        set(plain("web", MINUTE));
        advance(MINUTE.minusSeconds(1));
        assertThat(mark("web")).isEqualTo(Value.Bool.TRUE);
        advance(Duration.ofSeconds(1));
        assertThat(mark("web")).isNull();
    }

    @Test
    void aLaterLifetimeNeverShortensAnEarlierOne() {
        set(plain("web", Duration.ofMinutes(10)));
        set(plain("web", MINUTE));
        advance(Duration.ofMinutes(9));

        assertThat(mark("web")).isEqualTo(Value.Bool.TRUE);
        advance(MINUTE);
        assertThat(mark("web")).isNull();
    }

    @Test
    void eachValueHasItsOwnLifetime() {
        set(new NewMark("seen", List.of("a"), true, MINUTE));
        set(new NewMark("seen", List.of("b"), true, MINUTE.multipliedBy(3)));
        advance(MINUTE);
        assertThat(mark("seen")).isEqualTo(list("b"));
        advance(MINUTE.multipliedBy(2));

        assertThat(mark("seen")).isNull();
    }

    @Test
    void withoutALifetimeAMarkLastsUntilTheSessionHasIdled() {
        set(NewMark.plain("web", null));
        for (int i = 0; i < 3; i++) {
            advance(Mark.IDLE.minusSeconds(1));
            assertThat(memory().call(SESSION).read("web", UNKNOWN)).isEqualTo(Value.Bool.TRUE);
        }
        advance(Mark.IDLE);

        assertThat(memory().call(SESSION).read("web", UNKNOWN)).isNull();
    }

    @Test
    void lookingIsNoCallOfTheSession() {
        set(NewMark.plain("web", null));
        advance(Mark.IDLE.minusSeconds(1));
        memory().read(SESSION);
        advance(Duration.ofSeconds(1));

        assertThat(mark("web")).isNull();
    }

    @Test
    void whatHasLapsedNeverComesBack() {
        set(NewMark.plain("web", null));
        advance(Mark.IDLE);
        memory().call(SESSION);
        set(NewMark.plain("other", null));

        assertThat(memory().read(SESSION).names()).containsExactly("other");
    }

    @Test
    void idlingEndsNoLifetimeThatHasItsOwnEnd() {
        set(plain("web", Mark.IDLE.multipliedBy(2)));
        set(plain("web", null));
        advance(Mark.IDLE);
        assertThat(mark("web")).isEqualTo(Value.Bool.TRUE);
        advance(Mark.IDLE);

        assertThat(mark("web")).isNull();
    }

    // ---- bounds ----

    @Test
    void aMarkHasAsManyValuesAsItMayAndNoRoomForOneMore() {
        set(new NewMark("seen", numbers(0, SessionMemory.MOST_VALUES), true, null));

        assertThat(memory().reserve(claim(SESSION, Map.of("seen", Set.of("x")))))
                .isEqualTo(new MarkRoom.None(MarkRoom.Shortage.TOO_MANY_VALUES));
        assertThat(memory().reserve(claim(SESSION, Map.of("seen", Set.of("7")))))
                .isInstanceOf(MarkRoom.Kept.class);
        assertThat(memory().reserve(claim(SESSION, Map.of("other", Set.of("x")))))
                .isInstanceOf(MarkRoom.Kept.class);
        assertThat(mark("seen"))
                .isEqualTo(list(numbers(0, SessionMemory.MOST_VALUES).toArray(String[]::new)));
    }

    @Test
    void whatWasReservedAlwaysFits() {
        set(new NewMark("seen", numbers(0, SessionMemory.MOST_VALUES - 1), true, null));
        MarkRoom.Kept room = room(claim(SESSION, Map.of("seen", Set.of("x"))));
        assertThat(memory().reserve(claim(SESSION, Map.of("seen", Set.of("y")))))
                .isEqualTo(new MarkRoom.None(MarkRoom.Shortage.TOO_MANY_VALUES));
        set(values("seen", "from a result"));
        assertThat(mark("seen")).isEqualTo(UNKNOWN);
        memory().change(SESSION, room, new SessionChange(Set.of(), 0, List.of(values("seen", "x")), true));
        clear(memory().call(SESSION).moment(), "seen");

        assertThat(mark("seen")).isNull();
    }

    @Test
    void roomThatIsGivenBackIsFreeAgain() {
        set(new NewMark("seen", numbers(0, SessionMemory.MOST_VALUES - 1), true, null));
        MarkRoom.Kept room = room(claim(SESSION, Map.of("seen", Set.of("x"))));
        memory().change(SESSION, room, SessionChange.NONE);

        assertThat(memory().reserve(claim(SESSION, Map.of("seen", Set.of("y")))))
                .isInstanceOf(MarkRoom.Kept.class);
    }

    @Test
    void valuesThatDoNotFitMakeTheMarkInvalidUntilTheyWouldHaveLapsed() {
        set(new NewMark("seen", numbers(0, SessionMemory.MOST_VALUES), true, null));
        set(new NewMark("seen", List.of("x"), true, MINUTE));

        assertThat(mark("seen")).isEqualTo(UNKNOWN);
        advance(MINUTE);
        assertThat(mark("seen"))
                .isEqualTo(list(numbers(0, SessionMemory.MOST_VALUES).toArray(String[]::new)));
    }

    @Test
    void aValueThatIsTooLongMakesTheMarkInvalid() {
        set(values("seen", "\uD83D\uDE00".repeat(SessionMemory.LONGEST_VALUE)));
        assertThat(mark("seen")).isNotEqualTo(UNKNOWN);
        set(values("seen", "x".repeat(SessionMemory.LONGEST_VALUE + 1)));

        assertThat(mark("seen")).isEqualTo(UNKNOWN);
    }

    @Test
    void valuesThatAreNotKnownMakeTheMarkInvalidUntilThatIsCleared() {
        set(values("seen", "a"));
        set(NewMark.unknown("seen", null));
        assertThat(mark("seen")).isEqualTo(UNKNOWN);
        clear(memory().call(SESSION).moment(), "seen");
        set(values("seen", "b"));

        assertThat(mark("seen")).isEqualTo(list("b"));
    }

    // ---- many at once ----

    @Test
    void noMarkGoesMissingUnderManyThreads() throws Exception {
        int each = 50;
        inThreads(16, thread -> {
            for (int i = 0; i < each; i++) {
                set(values("seen", thread + "-" + i));
                String own = thread + "-" + i;
                assertThat(((Value.Array) Objects.requireNonNull(mark("seen"))).items())
                        .contains(new Value.Text(own));
            }
        });

        assertThat(((Value.Array) Objects.requireNonNull(mark("seen"))).items()).hasSize(16 * each);
    }

    @Test
    void noMoreRoomIsKeptThanThereIsUnderManyThreads() throws Exception {
        set(new NewMark("seen", numbers(0, SessionMemory.MOST_VALUES - 100), true, null));
        AtomicInteger kept = new AtomicInteger();
        inThreads(16, thread -> {
            for (int i = 0; i < 20; i++) {
                Set<String> value = Set.of(thread + "-" + i);
                if (memory().reserve(claim(SESSION, Map.of("seen", value))) instanceof MarkRoom.Kept) {
                    kept.incrementAndGet();
                }
            }
        });

        assertThat(kept).hasValue(100);
    }

    @Test
    void whatIsSetWhileOthersClearWhatCameBeforeStays() throws Exception {
        set(values("seen", "old"));
        long decided = memory().call(SESSION).moment();
        inThreads(16, thread -> {
            for (int i = 0; i < 50; i++) {
                if (thread % 2 == 0) {
                    clear(decided, "seen");
                } else {
                    set(values("seen", thread + "-" + i));
                }
            }
        });

        assertThat(((Value.Array) Objects.requireNonNull(mark("seen"))).items())
                .hasSize(8 * 50)
                .doesNotContain(new Value.Text("old"));
    }

    // ---- helpers ----

    private interface Work {
        void run(int thread) throws Exception;
    }

    private static void inThreads(int threads, Work work) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<Callable<@Nullable Void>> all = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                int thread = i;
                all.add(() -> {
                    work.run(thread);
                    return null;
                });
            }
            for (Future<@Nullable Void> done : pool.invokeAll(all)) {
                done.get();
            }
        } finally {
            pool.shutdownNow();
        }
    }

    private @Nullable Value mark(String name) {
        return memory().read(SESSION).read(name, UNKNOWN);
    }

    private void set(NewMark mark) {
        memory().change(SESSION, room(claim(SESSION, Map.of())), new SessionChange(Set.of(), 0, List.of(mark), true));
    }

    private void clear(long decided, String... marks) {
        memory().change(SESSION, null, new SessionChange(Set.of(marks), decided, List.of(), true));
    }

    private MarkRoom.Kept room(MarkClaim claim) {
        return (MarkRoom.Kept) memory().reserve(claim);
    }

    private static MarkClaim claim(String session, Map<String, Set<String>> values) {
        return new MarkClaim(session, Caller.of(null, session), values);
    }

    private static NewMark plain(String name, @Nullable Duration lasting) {
        return NewMark.plain(name, lasting);
    }

    private static NewMark values(String name, String... values) {
        return new NewMark(name, List.of(values), true, null);
    }

    private static List<String> numbers(int from, int to) {
        return IntStream.range(from, to).mapToObj(Integer::toString).toList();
    }

    private static Value list(String... values) {
        List<Value> texts = new ArrayList<>();
        for (String value : values) {
            texts.add(new Value.Text(value));
        }
        return new Value.Array(texts);
    }
}
