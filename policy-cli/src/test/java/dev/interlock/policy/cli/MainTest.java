package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.cli.screen.Screen;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class MainTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) {
        CommandLine command = Main.commandLine(Screen.of(80), Screen.of(80));
        command.setOut(new PrintWriter(out, true));
        command.setErr(new PrintWriter(err, true));
        return command.execute(args);
    }

    @Test
    void versionNamesTheProgramAndItsVersion() {
        assertThat(run("--version")).isZero();
        assertThat(out.toString().strip()).matches("interlock \\d+\\.\\d+\\.\\d+(-SNAPSHOT)?");
    }

    @Test
    void helpGoesToStandardOutput() {
        assertThat(run("--help")).isZero();
        assertThat(out.toString()).startsWith("Usage: interlock");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void withoutACommandItFailsAndTellsHowItIsUsed() {
        assertThat(run()).isEqualTo(CommandLine.ExitCode.USAGE);
        assertThat(err.toString()).startsWith("Usage: interlock");
        assertThat(out.toString()).isEmpty();
    }
}
