package dev.interlock.policy.cli.replay;

import dev.interlock.policy.Policy;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.mcp.schema.SdkSchemaValidator;
import dev.interlock.policy.testing.PolicySimulator;
import dev.interlock.policy.testing.ToolList;
import dev.interlock.policy.tool.SchemaValidator;
import dev.interlock.policy.yaml.PolicyYaml;
import dev.interlock.policy.yaml.ReadResult;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Decides the lines of a recording, and knows where one run ends and another begins:
 *
 * <ul>
 *   <li>A line with steps is a whole case: a fresh engine decides it.
 *   <li>A line with a {@code case} continues the line before it if that line had the same case. If the policy's text
 *       differs, the policy is replaced and counts are kept. Otherwise the line begins with a fresh engine.
 *   <li>A line with only a {@code policy} continues the line before it if that line had only the same text. Otherwise
 *       it begins with a fresh engine.
 *   <li>All other lines share one engine for the whole recording: that of the policy on the command line.
 * </ul>
 */
final class ReplaySession {

    private final @Nullable Policy common;
    private final boolean commonWins;
    private final ToolList tools;
    private final Map<String, Boolean> custom;
    private final SchemaValidator validator = SdkSchemaValidator.ofDefaults();

    private @Nullable Run main;
    private @Nullable Run last;
    private @Nullable String lastCase;
    private @Nullable String lastText;

    /** The policy of {@link #lastRead}, since many lines in a row may have the same text. */
    private @Nullable Policy readPolicy;

    private @Nullable String lastRead;

    /**
     * Creates a session.
     *
     * @param common the policy for lines without one, or null if each line must have one
     * @param commonWins whether it also replaces the policies of lines that have one
     * @param tools the known tools for lines that don't list any
     * @param custom what the host's predicates answer in calls that don't say it, by name
     */
    ReplaySession(@Nullable Policy common, boolean commonWins, ToolList tools, Map<String, Boolean> custom) {
        this.custom = Map.copyOf(custom);
        this.common = common;
        this.commonWins = commonWins;
        this.tools = tools;
    }

    /** An engine, with the time of its last call. */
    private final class Run {
        private final PolicySimulator simulator;
        private long time;

        Run(PolicySimulator simulator) {
            this.simulator = simulator;
        }

        Decision make(RecordedCall call) {
            if (call.time() != null) {
                time = call.time();
            }
            try {
                simulator.moveTo(time);
            } catch (IllegalArgumentException e) {
                throw new DamagedLineException(String.valueOf(e.getMessage()));
            }
            simulator.answering(answers(call));
            long ends = call.ends() == null ? time : call.ends();
            return simulator
                    .make(call.call(), call.end(), call.approved(), call.rounds(), ends)
                    .decision();
        }
    }

    private Map<String, Boolean> answers(RecordedCall call) {
        if (call.custom().isEmpty()) {
            return custom;
        }
        Map<String, Boolean> answers = new HashMap<>(custom);
        answers.putAll(call.custom());
        return answers;
    }

    /** Decides the calls of one line, in order. */
    interface Decider {
        Decision decide(RecordedCall call);
    }

    /**
     * Prepares for a line.
     *
     * @throws DamagedLineException if the line's policy is not valid, or the line lacks one and needs it
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
            run.simulator.update(policy(text));
        } catch (IllegalArgumentException e) {
            refuse(e);
        }
    }

    private Run fresh(Recording line) {
        Policy policy = line.policy() == null || commonWins ? common : policy(line.policy());
        if (policy == null) {
            throw new DamagedLineException("there is no policy: give one on the command line, or on the line");
        }
        Set<String> predicates = new HashSet<>(custom.keySet());
        line.calls().forEach(call -> predicates.addAll(call.custom().keySet()));
        try {
            return new Run(
                    new PolicySimulator(policy, line.tools() == null ? tools : line.tools(), validator, predicates));
        } catch (IllegalArgumentException e) {
            throw new DamagedLineException(String.valueOf(e.getMessage()));
        }
    }

    private Policy policy(String text) {
        if (readPolicy != null && Objects.equals(text, lastRead)) {
            return readPolicy;
        }
        ReadResult reading = PolicyYaml.read(text, "policy");
        Policy policy = reading.policy()
                .orElseThrow(() -> new DamagedLineException(
                        "the line's policy is none: " + reading.errors().get(0)));
        readPolicy = policy;
        lastRead = text;
        return policy;
    }
}
