package dev.interlock.policy.limit.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Mark;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.Caller;
import dev.interlock.policy.naive.NaiveSessionMemory;
import dev.interlock.policy.session.MarkClaim;
import dev.interlock.policy.session.MarkRoom;
import dev.interlock.policy.session.NewMark;
import dev.interlock.policy.session.SessionChange;
import dev.interlock.policy.session.SessionMarks;
import dev.interlock.policy.session.SessionMemory;
import dev.interlock.policy.value.Value;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;

/** What holds for every course of calls of a session. */
class SessionMemoryProperties {

    private static final String SESSION = "s";
    private static final Duration HOUR = Duration.ofHours(1);

    /**
     * Something that happens.
     *
     * @param change what a call changes, clearing as of the {@code decided}-th last decision; null for a call that
     *     changes nothing
     * @param decided which decision of those before it is the call's own
     */
    record Happening(@Nullable SessionChange change, int decided, Duration before, boolean called) {}

    @Property
    void aMemoryAnswersAsTheListOfAllThatWasSet(@ForAll("courses") List<Happening> course) {
        ManualTime time = new ManualTime();
        SessionMemory memory = InMemorySessionMemory.builder().time(time).build();
        NaiveSessionMemory naive = new NaiveSessionMemory();
        List<Long> decisions = new ArrayList<>(List.of(0L));
        List<Integer> naiveDecisions = new ArrayList<>(List.of(0));
        for (Happening happening : course) {
            time.advance(happening.before);
            naive.advance(happening.before);
            if (happening.called) {
                decisions.add(memory.call(SESSION).moment());
                naiveDecisions.add(naive.call());
            }
            if (happening.change != null) {
                int decided = Math.max(0, decisions.size() - 1 - happening.decided);
                SessionChange asked = happening.change;
                change(memory, as(asked, decisions.get(decided)));
                naive.change(as(asked, naiveDecisions.get(decided)));
            }
            assertThat(marks(memory)).isEqualTo(naive.marks());
        }
    }

    @Property
    void marksOnlyGrowButForClearsAndTime(@ForAll("courses") List<Happening> course) {
        SessionMemory memory =
                InMemorySessionMemory.builder().time(new ManualTime()).build();
        Map<String, @Nullable Value> before = marks(memory);
        for (Happening happening : course) {
            if (happening.change == null) {
                memory.call(SESSION);
            } else {
                change(memory, new SessionChange(Set.of(), 0, happening.change.marks(), true));
            }
            Map<String, @Nullable Value> after = marks(memory);
            before.forEach((mark, value) -> {
                assertThat(after).containsKey(mark);
                Value now = after.get(mark);
                if (value instanceof Value.Array old && now instanceof Value.Array all) {
                    assertThat(all.items()).containsAll(old.items());
                }
                if (value == null) {
                    assertThat(now).as("what is not known").isNull();
                }
            });
            before = after;
        }
    }

    @Property
    void whatIsForgottenHasNoMarksAndNoRoom(@ForAll("courses") List<Happening> course) {
        ManualTime time = new ManualTime();
        InMemorySessionMemory memory =
                InMemorySessionMemory.builder().time(time).maxSessions(2).build();
        for (Happening happening : course) {
            time.advance(happening.before);
            if (happening.change != null) {
                change(memory, as(happening.change, 0));
            }
            boolean marked = !marks(memory).isEmpty();
            MarkRoom other = memory.reserve(new MarkClaim("t", Caller.of("ana", "t"), Map.of()));
            assertThat(marks(memory).isEmpty()).isNotEqualTo(marked);
            if (other instanceof MarkRoom.Kept kept) {
                memory.change("t", kept, SessionChange.NONE);
            }
        }
        time.advance(Mark.IDLE.multipliedBy(3));
        assertThat(memory.reserve(new MarkClaim("u", Caller.of(null, "u"), Map.of())))
                .isInstanceOf(MarkRoom.Kept.class);
        assertThat(memory.sessionCount()).isEqualTo(1);
    }

    private static SessionChange as(SessionChange change, long decided) {
        return new SessionChange(change.clears(), decided, change.marks(), true);
    }

    private static void change(SessionMemory memory, SessionChange change) {
        MarkRoom.Kept room = (MarkRoom.Kept) memory.reserve(new MarkClaim(SESSION, Caller.of(null, SESSION), Map.of()));
        memory.change(SESSION, room, change);
    }

    private static Map<String, @Nullable Value> marks(SessionMemory memory) {
        SessionMarks read = memory.read(SESSION);
        Map<String, @Nullable Value> marks = new TreeMap<>();
        for (String name : read.names()) {
            Value value = Objects.requireNonNull(read.read(name, Value.Nil.NULL));
            marks.put(name, value == Value.Nil.NULL ? null : sorted(value));
        }
        return marks;
    }

    private static Value sorted(Value value) {
        return value instanceof Value.Array list
                ? new Value.Array(list.items().stream()
                        .sorted((one, other) -> one.json().compareTo(other.json()))
                        .toList())
                : value;
    }

    @Provide
    Arbitrary<List<Happening>> courses() {
        Arbitrary<@Nullable Duration> lengths = Arbitraries.of(HOUR, HOUR.multipliedBy(2), Mark.IDLE.multipliedBy(2))
                .injectNull(0.4);
        Arbitrary<NewMark> plain = lengths.map(lasting -> NewMark.plain("web", lasting));
        Arbitrary<NewMark> valued = Combinators.combine(
                        Arbitraries.of("seen", "ids"),
                        Arbitraries.of("a", "b", "c").list().uniqueElements().ofMaxSize(3),
                        Arbitraries.frequency(net.jqwik.api.Tuple.of(9, true), net.jqwik.api.Tuple.of(1, false)),
                        lengths)
                .as(NewMark::new);
        Arbitrary<SessionChange> changes = Combinators.combine(
                        Arbitraries.of("web", "seen", "ids").list().ofMaxSize(1),
                        Arbitraries.oneOf(plain, valued).list().ofMaxSize(2))
                .as((clears, marks) -> new SessionChange(new HashSet<>(clears), 0, marks, true));
        return Combinators.combine(
                        changes.injectNull(0.3),
                        Arbitraries.integers().between(0, 3),
                        Arbitraries.of(Duration.ZERO, Duration.ofSeconds(1), HOUR, Mark.IDLE.minus(HOUR), Mark.IDLE),
                        Arbitraries.of(true, false))
                .as(Happening::new)
                .list()
                .ofMaxSize(25);
    }
}
