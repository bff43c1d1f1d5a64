package dev.interlock.policy.cli;

import dev.interlock.policy.engine.Decision;
import java.io.IOException;
import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ExitCode;

/** Takes a recording through one policy, or through two to see where they differ. */
final class Replay {

    /** Damaged lines that are reported one by one. */
    private static final int SHOWN_DAMAGES = 100;

    private final Stage stage;
    private final @Nullable Stage other;
    private final PrintWriter err;
    private final ReplaySummary summary = new ReplaySummary();
    private final RecordingReader reader;
    private long refusedMore;
    private long allowedMore;

    Replay(Stage stage, @Nullable Stage other, RecordingReader reader, PrintWriter err) {
        this.stage = stage;
        this.other = other;
        this.reader = reader;
        this.err = err;
    }

    void run(Lines lines, DecisionSink sink) throws IOException {
        while (lines.next()) {
            if (lines.isTooLong()) {
                damaged(lines.number(), "the line is longer than " + (Lines.LONGEST >> 20) + " MiB");
            } else if (!lines.isBlank()) {
                try {
                    line(lines, sink);
                } catch (DamagedLineException e) {
                    damaged(lines.number(), String.valueOf(e.getMessage()));
                }
            }
        }
    }

    private void line(Lines lines, DecisionSink sink) {
        Recording recording = reader.read(lines.buffer(), lines.offset(), lines.length());
        if (recording.calls().isEmpty() && !recording.isCase()) {
            return;
        }
        Stage.Decider decider = stage.enter(recording);
        Stage.Decider against = other == null ? null : other.enter(recording);
        int step = recording.isCase() ? 0 : -1;
        for (RecordedCall call : recording.calls()) {
            Decision decision = decider.decide(call);
            Decision opposed = against == null ? null : against.decide(call);
            boolean passes = passes(decision, call);
            boolean opposedPasses = opposed != null && passes(opposed, call);
            summary.add(decision, passes);
            if (opposed == null || differs(decision, passes, opposed, opposedPasses)) {
                sink.write(
                        new DecisionSink.Where(
                                lines.number(),
                                recording.id(),
                                step,
                                call.call().tool()),
                        decision,
                        passes,
                        opposed,
                        opposedPasses);
            }
            step += recording.isCase() ? 1 : 0;
        }
    }

    private boolean differs(Decision decision, boolean passes, Decision opposed, boolean opposedPasses) {
        if (passes != opposedPasses) {
            refusedMore += passes ? 0 : 1;
            allowedMore += passes ? 1 : 0;
            return true;
        }
        return decision.verdict() != opposed.verdict();
    }

    private static boolean passes(Decision decision, RecordedCall call) {
        return decision.allowed() || (call.approved() && decision.verdict() == Decision.Verdict.NEEDS_APPROVAL);
    }

    private void damaged(long line, String problem) {
        summary.addDamaged();
        if (summary.damaged() <= SHOWN_DAMAGES) {
            err.println("line " + line + ": " + Printable.of(problem));
        }
    }

    /**
     * What came of it, for people.
     *
     * @param name what the policy is called
     * @param otherName what the other one is called, or null if there is none
     */
    String summary(String name, @Nullable String otherName) {
        if (otherName == null) {
            return summary.text();
        }
        return summary.text() + "\n" + "This change, from " + otherName + " to " + name + ", would have refused "
                + Count.number(refusedMore) + " of " + Count.of(summary.calls(), "call")
                + " that were allowed, and allowed "
                + Count.number(allowedMore) + " that were refused.";
    }

    int exitCode() {
        if (summary.damaged() > 0) {
            return ExitCode.USAGE;
        }
        return refusedMore + allowedMore > 0 ? 1 : ExitCode.OK;
    }
}
