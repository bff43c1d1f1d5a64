package dev.interlock.policy.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.cli.screen.Screen;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class DemoIT {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @ParameterizedTest
    @ValueSource(ints = {80, 100, 200})
    void showsThatTheServerRanTenOfElevenExportsAndNothingThatWasDenied(int width) {
        CommandLine command = new CommandLine(new DemoCommand());
        Screen.use(command.getCommandSpec(), Screen.of(width), Screen.of(width));
        int exit = command.setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute();

        List<String> lines = out.toString().lines().toList();
        assertThat(exit).as("%s%n%s", out, err).isZero();
        assertThat(lines).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(width));
        assertThat(out.toString())
                .containsPattern("6-15 +start_dicom_export_job +allowed")
                .containsPattern("16 +start_dicom_export_job +DENIED +execute-rate")
                .containsPattern("17 +start_dicom_export_job +DENIED +execute-arguments")
                .containsPattern("18 +delete_datastore +DENIED +no-deletion")
                .contains("start_dicom_export_job 10,")
                .contains("delete_datastore 0,")
                .contains("Of 11 complete exports within a minute, 10 ran.");
    }

    @Test
    void withStateTheNextRunFindsItsBudgetUsed(@TempDir Path directory) {
        String file = directory.resolve("demo.db").toString();
        long start = System.nanoTime();
        int ran = ran(file) + ran(file);
        long seconds = (System.nanoTime() - start) / 1_000_000_000;

        assertThat(ran).isBetween(10, Math.toIntExact(10 + seconds / 6 + 1));
        assertThat(out.toString()).contains("the next run finds what this one has used");
        assertThat(ran("none")).isEqualTo(10);
    }

    /** How many exports reached the server. The demo itself compares its server's count with what was allowed. */
    private int ran(String state) {
        out.getBuffer().setLength(0);
        int exit = new CommandLine(new DemoCommand())
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute("--state", state);
        assertThat(exit).as("%s%n%s", out, err).isZero();
        Matcher ran = Pattern.compile("start_dicom_export_job ([0-9]+),").matcher(out.toString());
        assertThat(ran.find()).isTrue();
        return Integer.parseInt(ran.group(1));
    }
}
