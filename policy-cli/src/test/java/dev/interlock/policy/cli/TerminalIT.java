package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command on a real pseudo-terminal, as {@code script} of util-linux gives it one. */
class TerminalIT {

    private static final String POLICY = """
            version: "1"
            tools:
              create_charge:
                rules:
                  - name: cap
                    conditions:
                      - {path: args.amount, op: lte, value: 500}
                    on_deny: Charges above 500 need a person, who has to look at the invoice first. Ask for help.
            """;

    @TempDir
    private Path directory;

    @BeforeEach
    void writePolicy() throws IOException {
        assumeTrue(hasScript(), "there is no script of util-linux");
        new Interlock(directory).file("policy.yaml", POLICY).file("bad.yaml", "version: \"1\"\ntools: 5\n");
    }

    private static boolean hasScript() {
        try {
            Process script = new ProcessBuilder("script", "--version")
                    .redirectErrorStream(true)
                    .start();
            String version = new String(script.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return script.waitFor() == 0 && version.contains("util-linux");
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** What a terminal of so many columns shows, without colours. */
    private List<String> lines(int columns, String before, String... args) throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(Interlock.java());
        words.add(Main.class.getName());
        words.addAll(List.of(args));
        String command = words.stream()
                .map(word -> "'" + word.replace("'", "'\\''") + "'")
                .collect(Collectors.joining(" "));
        Path out = directory.resolve("terminal.txt");
        Process process = new ProcessBuilder(
                        "script", "-qec", "stty cols " + columns + "; " + before + " " + command, "/dev/null")
                .directory(directory.toFile())
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(out.toFile())
                .start();
        assertThat(process.waitFor(Interlock.PATIENCE_SECONDS, TimeUnit.SECONDS))
                .isTrue();
        return Files.readString(out)
                .replaceAll("\u001b\\[[0-9;]*m", "")
                .replace("\r", "")
                .lines()
                .toList();
    }

    private static final String[] EXPLAIN = {
        "explain", "policy.yaml", "--tool", "create_charge", "--args", "{\"amount\": 700}"
    };

    @Test
    void aTerminalIsAskedForItsWidth() throws Exception {
        assertThat(lines(60, "", EXPLAIN))
                .allMatch(line -> line.length() <= 60)
                .contains("DENIED by cap at tools.create_charge.rules[0] (line 5)", "  [condition]");
        assertThat(lines(200, "", EXPLAIN)).anyMatch(line -> line.endsWith("first. Ask for help."));
    }

    @Test
    void theEnvironmentCanSayAnotherWidth() throws Exception {
        assertThat(lines(200, "COLUMNS=60", EXPLAIN)).allMatch(line -> line.length() <= 60);
    }

    @Test
    void aPipeGetsWholeLinesAlsoWhereThereIsATerminalBehindIt() throws Exception {
        List<String> piped = lines(60, "", "explain", "policy.yaml", "--tool", "create_charge");

        assertThat(piped).allMatch(line -> line.length() <= 60);
        assertThat(new Interlock(directory)
                        .with("COLUMNS", "60")
                        .run(EXPLAIN)
                        .out()
                        .lines())
                .anyMatch(line -> line.endsWith("first. Ask for help."));
    }

    @Test
    void whatIsWrongWithAPolicyIsShownInWholeWordsAndWithoutEscapes() throws Exception {
        assertThat(lines(60, "", "explain", "bad.yaml", "--tool", "t"))
                .allMatch(line -> line.length() <= 60)
                .noneMatch(line -> line.contains("\\u001b"))
                .anyMatch(line -> line.equals("    2 | tools: 5"));
    }
}
