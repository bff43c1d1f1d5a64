package dev.interlock.policy.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.memory.InMemorySessionMemory;
import dev.interlock.policy.session.MarkRoom;
import dev.interlock.policy.session.NewMark;
import dev.interlock.policy.session.SessionChange;
import dev.interlock.policy.session.SessionMarks;
import dev.interlock.policy.session.SessionMemory;
import dev.interlock.policy.value.Value;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Marks in Redis are what they are in memory, whatever is done to them and however much time passes. */
class MarksAgainstMemoryProperties {

    private static final Value UNKNOWN = new Value.Text("not known");
    private static final Instant START = Instant.parse("2027-12-30T23:59:00Z");
    private static final ServerClock CLOCK = new ServerClock(START);

    private static RedisStore store;

    @BeforeContainer
    static void open() {
        store = SharedServer.limiter().serverTime(CLOCK::text).build();
    }

    @AfterContainer
    static void close() {
        store.close();
    }

    /** What happens next. */
    enum Kind {
        SET,
        CLEAR,
        CALL,
        WAIT
    }

    /**
     * A step.
     *
     * @param marks what is set
     * @param names what is cleared
     * @param asDecided whether what is cleared was decided at the last call, or at the first one
     * @param pause how much time passes before
     */
    record Step(Kind kind, List<NewMark> marks, Set<String> names, boolean asDecided, Duration pause) {}

    @Property(tries = 200)
    void bothSayTheSame(@ForAll("steps") List<Step> steps) throws IOException {
        SharedServer.get().command("FLUSHALL");
        CLOCK.set(START);
        ManualTime time = ManualTime.at(START.toString());
        SessionMemory memory = InMemorySessionMemory.builder().time(time).build();
        SessionMemory redis = store.sessionMemory();
        long[] first = null;
        long[] last = {0, 0};
        for (Step step : steps) {
            time.advance(step.pause);
            CLOCK.advance(step.pause);
            switch (step.kind) {
                case SET -> {
                    set(memory, step, last[0]);
                    set(redis, step, last[1]);
                }
                case CLEAR -> {
                    long[] decided = step.asDecided || first == null ? last : first;
                    clear(memory, step, decided[0]);
                    clear(redis, step, decided[1]);
                }
                case CALL -> {
                    SessionMarks here = memory.call(Sample.SESSION);
                    SessionMarks there = redis.call(Sample.SESSION);
                    assertThat(seen(there)).isEqualTo(seen(here));
                    last = new long[] {here.moment(), there.moment()};
                    first = first == null ? last : first;
                }
                case WAIT -> {}
            }
            assertThat(seen(redis.read(Sample.SESSION)))
                    .as("after %s", step)
                    .isEqualTo(seen(memory.read(Sample.SESSION)));
        }
    }

    private static void set(SessionMemory in, Step step, long decided) {
        MarkRoom.Kept room = (MarkRoom.Kept) in.reserve(Sample.claim(Map.of()));
        in.change(Sample.SESSION, room, new SessionChange(step.names, decided, step.marks, true));
    }

    private static void clear(SessionMemory in, Step step, long decided) {
        in.change(Sample.SESSION, null, new SessionChange(step.names, decided, List.of(), true));
    }

    private static Map<String, Value> seen(SessionMarks marks) {
        Map<String, Value> all = new HashMap<>();
        marks.names().forEach(name -> all.put(name, marks.read(name, UNKNOWN)));
        return all;
    }

    @Provide
    Arbitrary<List<Step>> steps() {
        Arbitrary<String> names = Arbitraries.of("a", "b:", "1:a", "");
        Arbitrary<Duration> lengths =
                Arbitraries.of(1L, 60L, 600L, 100_000L).map(Duration::ofSeconds).injectNull(0.4);
        Arbitrary<List<String>> values = Arbitraries.of("", "x", "y:z", "\uD800", "\u0000\n", "é", "x".repeat(257))
                .list()
                .ofMaxSize(3)
                .injectNull(0.4);
        Arbitrary<NewMark> marks = Combinators.combine(names, values, Arbitraries.of(true, true, true, false), lengths)
                .as((name, texts, known, lasting) -> new NewMark(name, texts, known || texts == null, lasting));
        Arbitrary<Duration> pauses =
                Arbitraries.of(0L, 0L, 1L, 59L, 3_600L, 86_399L, 86_400L).map(Duration::ofSeconds);
        return Combinators.combine(
                        Arbitraries.of(Kind.SET, Kind.SET, Kind.CLEAR, Kind.CALL, Kind.WAIT),
                        marks.list().ofMinSize(1).ofMaxSize(3),
                        names.set().ofMaxSize(2),
                        Arbitraries.of(true, false),
                        pauses)
                .as(Step::new)
                .list()
                .ofMinSize(1)
                .ofMaxSize(25);
    }
}
