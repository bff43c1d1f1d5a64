package dev.interlock.policy.cli.replay;

import dev.interlock.policy.audit.log.AuditLog;
import dev.interlock.policy.audit.log.Redaction;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.cli.io.Lines;
import dev.interlock.policy.recorded.EnginePath;
import dev.interlock.policy.recorded.RecordedCase;
import dev.interlock.policy.recorded.RecordedCase.Step;
import dev.interlock.policy.recorded.RecordedPathContract;
import dev.interlock.policy.recorded.RecordedRun;
import dev.interlock.policy.testing.ToolList;
import dev.interlock.policy.value.Value;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;

/** Calls of an audit log, replayed through the policy that decided them. */
class ReplayPathTest extends RecordedPathContract {

    @TempDir
    private Path directory;

    /** A log does not hold what the host says of a call. */
    @Override
    protected boolean expresses(RecordedCase recorded) {
        return !readsResults(recorded)
                && recorded.steps().stream()
                        .allMatch(step -> step.call().context().members().isEmpty());
    }

    @Override
    protected Set<String> unknown() {
        return Set.of("context", "afterwards");
    }

    @Override
    protected @Nullable String play(RecordedCase recorded) throws Exception {
        Path file = directory.resolve(recorded.id() + ".jsonl");
        try (AuditLog log = AuditLog.at(file).arguments(Redaction.allBut()).open()) {
            String problem = RecordedRun.play(recorded, RecordedRun.Limits.IN_MEMORY, EnginePath::new, log);
            if (problem != null) {
                return problem;
            }
        }
        return compare(recorded, replay(recorded, file));
    }

    private static List<Decision> replay(RecordedCase recorded, Path file) throws IOException {
        AuditedCalls audited = new AuditedCalls(false);
        try (InputStream in = Files.newInputStream(file)) {
            audited.read(new Lines(in));
        }
        List<Decision> decisions = new ArrayList<>();
        StringWriter err = new StringWriter();
        ToolList tools = ToolList.of(Value.freeze(recorded.known()));
        Replay replay = new Replay(
                new ReplaySession(recorded.read(), false, tools, recorded.custom()), null, new PrintWriter(err));
        try (InputStream in = Files.newInputStream(file)) {
            replay.run(null, new Lines(in), new RecordingReader(audited), new Decisions(decisions));
        }
        if (replay.exitCode() != 0) {
            throw new AssertionError(err.toString());
        }
        return decisions;
    }

    private record Decisions(List<Decision> decisions) implements DecisionSink {

        @Override
        public void write(
                Where where, Decision decision, boolean passes, @Nullable Decision other, boolean otherPasses) {
            decisions.add(decision);
        }

        @Override
        public void close() {
            // Holds nothing.
        }
    }

    private static @Nullable String compare(RecordedCase recorded, List<Decision> decisions) {
        if (decisions.size() != recorded.steps().size()) {
            return recorded.id() + ": " + decisions.size() + " calls of "
                    + recorded.steps().size();
        }
        for (int i = 0; i < decisions.size(); i++) {
            Step step = recorded.steps().get(i);
            Decision decision = decisions.get(i);
            String rule = decision.rule() == null ? null : decision.rule().name();
            if (decision.allowed() != step.expected().allowed()
                    || (step.expected().rule() != null
                            && !step.expected().rule().equals(rule))) {
                return recorded.id() + "\n" + recorded.policy() + "\nstep " + i + "\nexpected: " + step.expected()
                        + "\ngot: " + decision;
            }
        }
        return null;
    }
}
