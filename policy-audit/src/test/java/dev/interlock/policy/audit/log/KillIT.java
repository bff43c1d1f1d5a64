package dev.interlock.policy.audit.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.Admission;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.tool.ToolCategory;
import dev.interlock.policy.tool.ToolRating;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills a process with SIGKILL in the middle of a stream of decisions, again and again over one log. What the process
 * had said was decided must be in the log, but for what its queue may have held; and the log must be sound.
 *
 * <p>A killed process loses nothing that it has given to the operating system, forced or not. What a loss of power does
 * to lines that were not forced can't be tried here; {@code LastLineProperties} cuts the file everywhere instead.
 */
class KillIT {

    private static final int QUEUE = 64;

    /** Fills the pipe, so that the process is never far ahead of what was heard of it. */
    private static final String PADDING = " ".repeat(2_000);

    @TempDir
    private Path directory;

    /** The process that is killed: admits calls, and says which it has admitted. */
    static final class Child {
        public static void main(String... args) throws IOException {
            AuditLog log = builder(Path.of(args[0]), args[1]).open();
            PolicyEngine engine = PolicyEngine.builder(Policy.of(PolicyBody.of(Posture.ALLOW)))
                    .ids(new Ids(args[2]))
                    // The usual one reads its word lists, which takes longer than all else here.
                    .classifier(tool -> ToolRating.of(ToolCategory.READ))
                    .audit(log)
                    .build();
            PrintStream out =
                    new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.US_ASCII);
            for (int i = 0; ; i++) {
                try (Admission admission = engine.admit(ToolCall.of("pay", Map.of("amount", i)))) {
                    if (admission.decision().allowed()) {
                        out.println(args[2] + "-" + i + PADDING);
                    }
                }
            }
        }
    }

    private static final class Ids implements Supplier<String> {
        private final String run;
        private int next;

        Ids(String run) {
            this.run = run;
        }

        @Override
        public String get() {
            return run + "-" + next++;
        }
    }

    private static AuditLog.Builder builder(Path file, String sync) {
        return AuditLog.at(file)
                .rotateAt(32 << 10)
                .queue(QUEUE, 1 << 20)
                .overflow(OverflowPolicy.BLOCK)
                .sync(
                        switch (sync) {
                            case "every decision" -> SyncPolicy.everyDecision();
                            case "every 10 ms" -> SyncPolicy.every(Duration.ofMillis(10));
                            default -> SyncPolicy.never();
                        });
    }

    /**
     * One log that is written by one killed process after another.
     *
     * @param sync when its lines are forced
     * @param kills how many processes
     * @param mayLose how many decisions may be missing of those that a process had said
     */
    private record Story(String sync, int kills, int mayLose) {}

    /** Fifty kills. Most of the time processes start; so several logs are written, and killed, side by side. */
    private static final List<Story> STORIES = List.of(
            new Story("every decision", 9, 0),
            new Story("every decision", 9, 0),
            new Story("every 10 ms", 8, QUEUE),
            new Story("every 10 ms", 8, QUEUE),
            new Story("never", 8, QUEUE),
            new Story("never", 8, QUEUE));

    @Test
    void aKilledProcessLosesNoMoreThanItsQueue() throws Exception {
        assertThat(STORIES.stream().mapToInt(Story::kills).sum()).isEqualTo(50);
        ExecutorService side = Executors.newFixedThreadPool(3);
        try {
            List<Future<?>> told = new ArrayList<>();
            for (Story story : STORIES) {
                Path file = directory.resolve("audit-" + told.size() + ".jsonl");
                told.add(side.submit(() -> {
                    tell(story, file);
                    return null;
                }));
            }
            for (Future<?> each : told) {
                each.get();
            }
        } finally {
            side.shutdownNow();
            // After a failure, too: a process that outlives the test would keep the build waiting for its output.
            assertThat(side.awaitTermination(AuditLogTest.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .isTrue();
        }
    }

    private static void tell(Story story, Path file) throws Exception {
        Random random = new Random(file.getFileName().hashCode());
        Set<String> known = new HashSet<>();
        for (int i = 0; i < story.kills(); i++) {
            String run = file.getFileName() + ", " + story.sync() + ", run " + i;
            List<String> said = runAndKill(file, story.sync(), "r" + i, random.nextInt(150));

            Verification found = LogVerifier.of(file).unclosed(true).verify();
            assertThat(found.findings()).as(run).isEmpty();
            List<String> ids = ids(file);
            assertThat(ids).as(run).doesNotHaveDuplicates().containsAll(known);
            known = new HashSet<>(ids);
            said.removeAll(known);
            assertThat(said)
                    .as("said to be decided and not in the log: %s", run)
                    .hasSizeLessThanOrEqualTo(story.mayLose());
        }
        try (AuditLog log = builder(file, story.sync()).open()) {
            log.record(Events.allowed(1));
        }
        assertThat(LogVerifier.of(file).verify().findings()).isEmpty();
        assertThat(known).hasSizeGreaterThan(story.kills());
    }

    /** A whole line: a line that the kill has cut off is removed by the next process. */
    private static final Pattern DECISION = Pattern.compile("\"event\":\"decision\",\"id\":\"([^\"]+)\".*\n");

    private static List<String> ids(Path file) throws IOException {
        List<String> ids = new ArrayList<>();
        for (Path each : AuditLog.files(file)) {
            Matcher decisions = DECISION.matcher(LogLines.text(each));
            while (decisions.find()) {
                ids.add(decisions.group(1));
            }
        }
        return ids;
    }

    /** What the process said before it was gone. */
    private static List<String> runAndKill(Path file, String sync, String run, int after) throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Xshare:auto",
                        "-Xmx64m",
                        "-XX:-UsePerfData",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Child.class.getName(),
                        file.toString(),
                        sync,
                        run)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        List<String> said = new ArrayList<>();
        try (BufferedReader out = process.inputReader(StandardCharsets.US_ASCII)) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                said.add(line.strip());
                if (said.size() == after + 1) {
                    // By its handle: the process itself would close the pipe, with what was said last in it.
                    process.toHandle().destroyForcibly();
                }
            }
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.waitFor(AuditLogTest.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .isTrue();
        assertThat(said).hasSizeGreaterThan(after);
        // The last one may have been cut off by the kill.
        said.remove(said.size() - 1);
        return said;
    }
}
