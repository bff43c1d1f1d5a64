package dev.interlock.policy.cli.replay;

import dev.interlock.policy.call.Decision;
import dev.interlock.policy.cli.io.Count;
import dev.interlock.policy.cli.io.Lines;
import dev.interlock.policy.cli.io.Printable;
import java.io.IOException;
import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ExitCode;

/** Runs a recording through one policy, or through two to see where they differ. */
final class Replay {

    /** The most damaged lines that are reported one by one. */
    private static final int SHOWN_DAMAGES = 100;

    private final ReplaySession stage;
    private final @Nullable ReplaySession other;
    private final PrintWriter err;
    private final ReplaySummary summary = new ReplaySummary();
    private long refusedMore;
    private long allowedMore;

    Replay(ReplaySession stage, @Nullable ReplaySession other, PrintWriter err) {
        this.stage = stage;
        this.other = other;
        this.err = err;
    }

    /**
     * Runs the lines of a file through the policy.
     *
     * @param file the file's name; null if it is the only one
     * @param reader parses the lines
     */
    void run(@Nullable String file, Lines lines, RecordingReader reader, DecisionSink sink) throws IOException {
        while (lines.next()) {
            if (lines.isTooLong()) {
                damaged(file, lines.number(), "the line is longer than " + (Lines.LONGEST >> 20) + " MiB");
            } else if (!lines.isBlank()) {
                try {
                    line(file, lines, reader, sink);
                } catch (DamagedLineException e) {
                    damaged(file, lines.number(), String.valueOf(e.getMessage()));
                }
            }
        }
    }

    private void line(@Nullable String file, Lines lines, RecordingReader reader, DecisionSink sink) {
        Recording recording = reader.read(lines.buffer(), lines.offset(), lines.length());
        if (recording.calls().isEmpty() && !recording.isCase()) {
            return;
        }
        ReplaySession.Decider decider = stage.enter(recording);
        ReplaySession.Decider against = other == null ? null : other.enter(recording);
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
                                file,
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

    private void damaged(@Nullable String file, long line, String problem) {
        summary.addDamaged();
        if (summary.damaged() <= SHOWN_DAMAGES) {
            err.println(
                    (file == null ? "line " : Printable.of(file) + ", line ") + line + ": " + Printable.of(problem));
        }
    }

    /**
     * Returns a summary for people.
     *
     * @param name the policy's name
     * @param otherName the other policy's name, or null if there is none
     */
    String summary(String name, @Nullable String otherName) {
        if (otherName == null) {
            return summary.text();
        }
        return summary.text() + "\n" + "This change, from " + Printable.of(otherName) + " to " + Printable.of(name)
                + ", would have refused "
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
