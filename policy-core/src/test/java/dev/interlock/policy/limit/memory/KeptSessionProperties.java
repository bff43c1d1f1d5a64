package dev.interlock.policy.limit.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.interlock.policy.Mark;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.Caller;
import dev.interlock.policy.session.MarkClaim;
import dev.interlock.policy.session.MarkRoom;
import dev.interlock.policy.session.NewMark;
import dev.interlock.policy.session.SessionChange;
import dev.interlock.policy.session.SessionMarks;
import dev.interlock.policy.session.SessionMemory;
import dev.interlock.policy.value.Value;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;

/** A session that is written and read again between any two calls answers as one in memory. */
class KeptSessionProperties {

    private static final String SESSION = "s";
    private static final Duration HOUR = Duration.ofHours(1);

    /** One call: when it comes after the one before, what it sets and clears, and what of the room it keeps open. */
    record Step(
            Duration before,
            boolean called,
            NewMark mark,
            Set<String> clears,
            @Nullable String reserved) {}

    /** A session as bytes, as a store keeps it. */
    private static final class Stored {
        private byte[] state = KeptSession.fresh(0, 0).state();
        private long lastCall;

        KeptSession read(long now) {
            return KeptSession.of(state, lastCall, now);
        }

        void write(KeptSession kept) {
            state = kept.state();
            lastCall = kept.lastCall();
        }
    }

    @Property
    void itAnswersAsAMemory(@ForAll("courses") List<Step> course) {
        ManualTime time = new ManualTime();
        InMemorySessionMemory memory =
                InMemorySessionMemory.builder().time(time).build();
        Stored stored = new Stored();
        long now = 0;
        int id = 0;
        for (Step step : course) {
            time.advance(step.before);
            now += step.before.toNanos();
            KeptSession kept = stored.read(now);
            long decided = 0;
            long keptDecided = 0;
            if (step.called) {
                decided = memory.call(SESSION).moment();
                keptDecided = kept.call().moment();
                stored.write(kept);
                kept = stored.read(now);
            }
            Map<String, Set<String>> values = step.reserved == null ? Map.of() : Map.of("seen", Set.of(step.reserved));
            MarkClaim claim = new MarkClaim(SESSION, Caller.of(null, SESSION), values);
            MarkRoom.Kept room = (MarkRoom.Kept) memory.reserve(claim);
            String own = "r" + id++;
            assertThat(kept.claim(own, claim)).isTrue();
            assertThat(kept.claim(own, claim)).isTrue();
            stored.write(kept);
            kept = stored.read(now);
            boolean last = step.reserved == null;
            memory.change(SESSION, room, new SessionChange(step.clears, decided, List.of(step.mark), last));
            kept.change(own, new SessionChange(step.clears, keptDecided, List.of(step.mark), last));
            stored.write(kept);

            KeptSession read = stored.read(now);
            assertThat(shown(read.read())).isEqualTo(shown(memory.read(SESSION)));
            assertThat(read.record(SESSION).marks())
                    .isEqualTo(memory.records().list(null, 1).stream()
                            .flatMap(marked -> marked.marks().stream())
                            .toList());
            assertThat(read.isStateChanged()).isFalse();
        }
    }

    @Property
    void nothingIsLeftFromItsEndOnAndSomethingBefore(@ForAll("courses") List<Step> course) {
        Stored stored = new Stored();
        long now = 0;
        for (Step step : course) {
            now += step.before.toNanos();
            KeptSession kept = stored.read(now);
            kept.change("none", new SessionChange(step.clears, 0, List.of(step.mark), true));
            stored.write(kept);
        }
        long end = stored.read(now).emptyAt();

        assertThat(stored.read(end).read().names()).isEmpty();
        if (end > now) {
            assertThat(stored.read(end - 1).read().names()).isNotEmpty();
        }
    }

    @Property
    void bytesThatAreCutShortOrAddedToAreRefused(@ForAll("courses") List<Step> course) {
        Stored stored = new Stored();
        KeptSession kept = stored.read(0);
        for (Step step : course) {
            kept.change("none", new SessionChange(Set.of(), 0, List.of(step.mark), true));
        }
        stored.write(kept);
        for (int length : new int[] {0, 1, stored.state.length / 2, stored.state.length - 1, stored.state.length + 1}) {
            byte[] other = Arrays.copyOf(stored.state, length);
            assertThatIllegalArgumentException().isThrownBy(() -> KeptSession.of(other, 0, 0));
        }
    }

    @Example
    void roomEndsByItself() {
        Stored stored = new Stored();
        KeptSession kept = stored.read(0);
        List<String> full = IntStream.range(0, SessionMemory.MOST_VALUES - 1)
                .mapToObj(Integer::toString)
                .toList();
        Duration year = Duration.ofDays(366);
        kept.change("none", new SessionChange(Set.of(), 0, List.of(new NewMark("seen", full, true, year)), true));
        assertThat(kept.claim("a", claim("x"))).isTrue();
        assertThat(kept.claim("b", claim("y"))).isFalse();
        stored.write(kept);
        long week = Duration.ofDays(7).toNanos();

        assertThat(stored.read(week - 1).claim("b", claim("y"))).isFalse();
        assertThat(stored.read(week).rooms()).isZero();
        assertThat(stored.read(week).claim("b", claim("y"))).isTrue();
    }

    private static MarkClaim claim(String value) {
        return new MarkClaim(SESSION, Caller.of(null, SESSION), Map.of("seen", Set.of(value)));
    }

    private static Map<String, Value> shown(SessionMarks marks) {
        Map<String, Value> shown = new TreeMap<>();
        marks.names().forEach(name -> shown.put(name, marks.read(name, Value.Nil.NULL)));
        return shown;
    }

    @Provide
    Arbitrary<List<Step>> courses() {
        Arbitrary<@Nullable Duration> lengths = Arbitraries.of(HOUR, HOUR.multipliedBy(2), Mark.IDLE.multipliedBy(2))
                .injectNull(0.4);
        Arbitrary<NewMark> plain = lengths.map(lasting -> NewMark.plain("web", lasting));
        Arbitrary<NewMark> valued = Combinators.combine(
                        Arbitraries.of("seen", "ids"),
                        Arbitraries.of("a", "b\u0000", "\uD83D", "")
                                .list()
                                .uniqueElements()
                                .ofMaxSize(3),
                        Arbitraries.of(true, true, true, false),
                        lengths)
                .as(NewMark::new);
        return Combinators.combine(
                        Arbitraries.of(Duration.ZERO, Duration.ofSeconds(1), HOUR, Mark.IDLE.minus(HOUR), Mark.IDLE),
                        Arbitraries.of(true, false),
                        Arbitraries.oneOf(plain, valued),
                        Arbitraries.of("web", "seen", "ids").list().ofMaxSize(1),
                        Arbitraries.of("a", "x").injectNull(0.8))
                .as((before, called, mark, clears, reserved) ->
                        new Step(before, called, mark, new HashSet<>(clears), reserved))
                .list()
                .ofMinSize(1)
                // Less than the seven days after which room ends by itself.
                .ofMaxSize(6);
    }
}
