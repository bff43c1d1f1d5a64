package dev.interlock.policy.cli.replay;

import dev.interlock.policy.Policy;
import dev.interlock.policy.engine.Decision;
import dev.interlock.policy.mcp.SdkSchemaValidator;
import dev.interlock.policy.testing.Rehearsal;
import dev.interlock.policy.testing.ToolList;
import dev.interlock.policy.tool.SchemaValidator;
import dev.interlock.policy.yaml.PolicyYaml;
import dev.interlock.policy.yaml.Reading;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Decides the lines of a recording, and knows where one ends and something new begins:
 *
 * <ul>
 *   <li>A line with steps is a case by itself: a fresh engine decides it.
 *   <li>A line with a {@code case} goes on where the line before it stopped if that had the same one; a policy with
 *       another text is then swapped in, and counts are kept. Otherwise it begins with a fresh engine.
 *   <li>A line with only a {@code policy} goes on if the line before it had only the same text; else it begins anew.
 *   <li>All other lines share one engine for the whole recording: that of the policy on the command line.
 * </ul>
 */
final class ReplaySession {

    private final @Nullable Policy common;
    private final boolean commonWins;
    private final ToolList tools;
    private final SchemaValidator validator = SdkSchemaValidator.ofDefaults();

    private @Nullable Run main;
    private @Nullable Run last;
    private @Nullable String lastCase;
    private @Nullable String lastText;

    /** The policy of {@link #lastRead}, since many lines in a row may bring the same text. */
    private @Nullable Policy readPolicy;

    private @Nullable String lastRead;

    /**
     * Sets the stage.
     *
     * @param common the policy of lines that bring none, or null if each must bring one
     * @param commonWins whether it also stands in for those that lines bring
     * @param tools the tools that are known where lines don't say
     */
    ReplaySession(@Nullable Policy common, boolean commonWins, ToolList tools) {
        this.common = common;
        this.commonWins = commonWins;
        this.tools = tools;
    }

    /** An engine with the time that its last call was made at. */
    private static final class Run {
        private final Rehearsal rehearsal;
        private long time;

        Run(Rehearsal rehearsal) {
            this.rehearsal = rehearsal;
        }

        Decision make(RecordedCall call) {
            if (call.time() != null) {
                time = call.time();
            }
            try {
                rehearsal.moveTo(time);
            } catch (IllegalArgumentException e) {
                throw new DamagedLineException(String.valueOf(e.getMessage()));
            }
            return rehearsal.make(call.call(), call.outcome(), call.approved());
        }
    }

    /** What the calls of one line are decided by, in order. */
    interface Decider {
        Decision decide(RecordedCall call);
    }

    /**
     * Gets ready for a line.
     *
     * @throws DamagedLineException if the line's policy is none, or it needs one
     */
    Decider enter(Recording line) {
        return run(line)::make;
    }

    private Run run(Recording line) {
        if (line.isCase()) {
            forget();
            return fresh(line);
        }
        if (line.id() == null && line.policy() == null) {
            forget();
            if (line.tools() != null) {
                throw new DamagedLineException("'tools' needs a 'policy', 'case' or 'steps' beside it; tools for all"
                        + " lines are given with --tools");
            }
            if (main == null) {
                main = fresh(line);
            }
            return main;
        }
        Run run = last;
        boolean goesOn = line.id() == null
                ? lastCase == null && line.policy() != null && line.policy().equals(lastText)
                : line.id().equals(lastCase);
        if (run == null || !goesOn) {
            forget();
            run = fresh(line);
        } else if (line.policy() != null && !line.policy().equals(lastText) && !commonWins) {
            update(run, line.policy());
        }
        last = run;
        lastCase = line.id();
        lastText = line.policy() == null ? lastText : line.policy();
        return run;
    }

    private void forget() {
        last = null;
        lastCase = null;
        lastText = null;
    }

    private static void refuse(IllegalArgumentException failure) {
        throw new DamagedLineException(String.valueOf(failure.getMessage()));
    }

    private void update(Run run, String text) {
        try {
            run.rehearsal.update(policy(text));
        } catch (IllegalArgumentException e) {
            refuse(e);
        }
    }

    private Run fresh(Recording line) {
        Policy policy = line.policy() == null || commonWins ? common : policy(line.policy());
        if (policy == null) {
            throw new DamagedLineException("there is no policy: give one on the command line, or on the line");
        }
        try {
            return new Run(new Rehearsal(policy, line.tools() == null ? tools : line.tools(), validator));
        } catch (IllegalArgumentException e) {
            throw new DamagedLineException(String.valueOf(e.getMessage()));
        }
    }

    private Policy policy(String text) {
        if (readPolicy != null && Objects.equals(text, lastRead)) {
            return readPolicy;
        }
        Reading reading = PolicyYaml.read(text, "policy");
        Policy policy = reading.policy()
                .orElseThrow(() -> new DamagedLineException(
                        "the line's policy is none: " + reading.errors().get(0)));
        readPolicy = policy;
        lastRead = text;
        return policy;
    }
}
