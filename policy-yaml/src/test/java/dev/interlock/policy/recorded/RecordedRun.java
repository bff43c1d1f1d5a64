package dev.interlock.policy.recorded;

import dev.interlock.policy.adapter.DenialText;
import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.audit.AuditSink;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import dev.interlock.policy.recorded.CallPath.Made;
import dev.interlock.policy.recorded.CallPath.Received;
import dev.interlock.policy.recorded.RecordedCase.Expected;
import dev.interlock.policy.recorded.RecordedCase.Step;
import dev.interlock.policy.time.TimeSource;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import dev.interlock.policy.yaml.PolicyYaml;
import dev.interlock.policy.yaml.ReadResult;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Plays a recorded case over a path, and compares what is decided, what runs and what is told. */
public final class RecordedRun {

    /** Ends a test that hangs, on however busy a machine; nothing is measured by it. */
    public static final Duration PATIENCE = Duration.ofMinutes(5);

    /** Builds a path. */
    @FunctionalInterface
    public interface Opening {

        /** A path to this engine, with a server that has what the case needs. */
        CallPath open(RecordedCase recorded, PolicyEngine engine) throws Exception;
    }

    /** Makes a limiter whose clocks are these. */
    @FunctionalInterface
    public interface Limits {

        /** A limiter that has counted nothing yet. */
        RateLimiter by(TimeSource time);

        /** Counts in memory. */
        Limits IN_MEMORY = time -> InMemoryRateLimiter.builder().time(time).build();
    }

    private final RecordedCase recorded;
    private final Trail trail;
    private final RecordedClock clock = new RecordedClock();
    private final Queue<UnderWay> underWay =
            new PriorityQueue<>(Comparator.comparingLong(UnderWay::ends).thenComparingInt(UnderWay::position));
    private int ended;

    private RecordedRun(RecordedCase recorded, AuditSink log) {
        this.recorded = recorded;
        this.trail = new Trail(log);
    }

    /** A call that was let through and ends later. */
    private record UnderWay(long ends, int position, Made call, Step step) {}

    /** Plays a case; answers with the first step that went wrong, or null if none did. */
    public static @Nullable String play(RecordedCase recorded, Limits limits, Opening opening) throws Exception {
        return play(recorded, limits, opening, event -> {});
    }

    /** Plays a case likewise, and records everything in a log. */
    public static @Nullable String play(RecordedCase recorded, Limits limits, Opening opening, AuditSink log)
            throws Exception {
        return new RecordedRun(recorded, log).play(limits, opening);
    }

    private @Nullable String play(Limits limits, Opening opening) throws Exception {
        ReadResult reading = PolicyYaml.read(recorded.policy(), "policy.yaml");
        if (!reading.isValid()) {
            return describe(-1, "a valid policy", reading.diagnostics().toString());
        }
        PolicyEngine.Builder builder = PolicyEngine.builder(reading.orThrow())
                .context(reading.orThrow().context().orElse(List.of()).toArray(String[]::new))
                .rateLimiter(limits.by(clock))
                .time(clock)
                .audit(trail);
        recorded.custom().forEach((name, answer) -> builder.predicate(name, (value, operand) -> answer, PATIENCE));
        try (CallPath path = opening.open(recorded, builder.build())) {
            for (int i = 0; i < recorded.steps().size(); i++) {
                String problem = make(i, path);
                if (problem != null) {
                    return problem;
                }
            }
            return endUntil(Long.MAX_VALUE);
        }
    }

    private @Nullable String make(int position, CallPath path) throws Exception {
        Step step = recorded.steps().get(position);
        String late = endUntil(step.time());
        if (late != null) {
            return late;
        }
        clock.millis = step.time();
        int before = trail.decided();
        Made made;
        try {
            made = path.make(step.call());
        } catch (AssertionError e) {
            return describe(position, step.expected().toString(), String.valueOf(e.getMessage()));
        }
        if (trail.decided() != before + 1) {
            return describe(position, "one decision", (trail.decided() - before) + "; the caller read " + made.told());
        }
        Decision decision = trail.last();
        if (!agrees(decision, step.expected())) {
            return describe(position, step.expected().toString(), decision.toString());
        }
        String problem = difference(made, decision, step);
        if (problem != null) {
            return describe(position, decision.toString(), problem);
        }
        if (made.runs()) {
            if (step.ends() == null) {
                return end(position, made, step);
            } else {
                underWay.add(new UnderWay(step.ends(), position, made, step));
            }
        }
        return null;
    }

    /** Ends the calls whose end has come, each at its own time. Returns what went wrong, or null. */
    private @Nullable String endUntil(long now) throws Exception {
        while (!underWay.isEmpty() && underWay.element().ends() <= now) {
            UnderWay call = underWay.remove();
            clock.millis = call.ends();
            String problem = end(call.position(), call.call(), call.step());
            if (problem != null) {
                return problem;
            }
        }
        return null;
    }

    private @Nullable String end(int position, Made call, Step step) throws Exception {
        Received received = call.ending().with(step.end());
        trail.awaitSettled(++ended);
        String problem = received == null ? null : difference(received, step);
        return problem == null ? null : describe(position, step.expected().toString(), problem);
    }

    /** What came of a call's result; null if it is what was expected. */
    private static @Nullable String difference(Received received, Step step) {
        Expected expected = step.expected();
        ObjectValue shown = received.shown();
        String became = shown == null ? "withheld" : shown.equals(step.result()) ? "passed" : "changed";
        if (expected.result() == null) {
            return null;
        }
        String awaited =
                expected.result().equals("redacted") || expected.result().equals("cut") ? "changed" : expected.result();
        if (!became.equals(awaited)) {
            return "the result was " + became + ": " + (shown == null ? "" : shown.json());
        }
        if (shown != null && expected.text() != null && !expected.text().equals(text(shown))) {
            return "the text is " + text(shown);
        }
        return shown != null
                        && expected.structured() != null
                        && !expected.structured().equals(shown.get("structuredContent"))
                ? "the result is " + shown.json()
                : null;
    }

    /** The text blocks of a result, joined by line ends. */
    static String text(ObjectValue result) {
        return result.get("content") instanceof Value.Array content
                ? content.items().stream()
                        .map(ObjectValue.class::cast)
                        .filter(block -> "text".equals(block.text("type")))
                        .map(block -> String.valueOf(block.text("text")))
                        .collect(Collectors.joining("\n"))
                : "";
    }

    private static boolean agrees(Decision decision, Expected expected) {
        return decision.allowed() == expected.allowed()
                && (expected.code() == null
                        || decision.code().name().toLowerCase(Locale.ROOT).equals(expected.code()))
                && (expected.rule() == null
                        || (decision.rule() != null && decision.rule().name().equals(expected.rule())))
                && (expected.message() == null || decision.message().equals(expected.message()));
    }

    /** What came of a call beside what was decided about it; null if it is the same. */
    private static @Nullable String difference(Made made, Decision decision, Step step) {
        if (made.runs() != decision.allowed()) {
            return made.runs() ? "it runs" : "it does not run; the caller read " + made.told();
        }
        if (made.runs()) {
            return step.call().tool().equals(made.tool())
                            && step.call().arguments().root().equals(made.arguments())
                    ? null
                    : "it runs as " + made.tool() + " with other arguments";
        }
        String text = new DenialText(DenialText.DEFAULT_PREFIX).of(decision);
        return made.told() == null || made.told().contains(text) ? null : "the caller read " + made.told();
    }

    private String describe(int step, String expected, String got) {
        return recorded.id() + "\n" + recorded.policy() + "\nstep " + step + ": "
                + (step < 0 ? "" : describe(recorded.steps().get(step))) + "\nexpected: " + expected + "\ngot: " + got
                + "\n";
    }

    private static String describe(Step step) {
        return step.time() + " " + step.call().tool() + " "
                + step.call().arguments().root().json() + " on " + step.call().server() + " in "
                + step.call().session() + " by " + step.call().identity() + " with "
                + step.call().context().json();
    }

    /** Both clocks show the recorded time. */
    private static final class RecordedClock implements TimeSource {
        private volatile long millis;

        @Override
        public long wallMillis() {
            return millis;
        }

        @Override
        public long monotonicNanos() {
            return millis * 1_000_000;
        }
    }

    /** What is on record. */
    private static final class Trail implements AuditSink {

        private final AuditSink log;
        private @Nullable Decision last;
        private int decided;
        private int settled;

        Trail(AuditSink log) {
            this.log = log;
        }

        @Override
        public synchronized void record(AuditEvent event) {
            log.record(event);
            if (event instanceof AuditEvent.Decided decision) {
                last = decision.decision();
                decided++;
            } else if (event instanceof AuditEvent.Settled) {
                settled++;
                notifyAll();
            }
        }

        synchronized int decided() {
            return decided;
        }

        synchronized Decision last() {
            if (last == null) {
                throw new IllegalStateException("nothing was decided");
            }
            return last;
        }

        synchronized void awaitSettled(int calls) throws InterruptedException, TimeoutException {
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            while (settled < calls) {
                long left = (deadline - System.nanoTime()) / 1_000_000;
                if (left <= 0) {
                    throw new TimeoutException("a call was answered and is not settled");
                }
                wait(left);
            }
        }
    }
}
