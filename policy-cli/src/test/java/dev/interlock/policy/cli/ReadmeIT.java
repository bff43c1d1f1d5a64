package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the README shows on a terminal is what a newcomer sees who types it. */
class ReadmeIT {

    private static final Pattern CONSOLE = Pattern.compile("(?ms)^```console\\n(.*?)^```$");
    private static final Pattern RUN = Pattern.compile("(?m)^\\$ ((?:.*\\\\\n)*.*)\\n((?:(?!\\$ ).*\\n)*)");

    @TempDir
    private Path directory;

    private String readme = "";

    /** A checkout in which the command is built already. */
    @BeforeEach
    void checkOut() throws IOException {
        readme = Files.readString(Path.of("../README.md"));
        Path policies = Files.createDirectories(directory.resolve("examples/policies"));
        try (Stream<Path> files = Files.list(Path.of("../examples/policies"))) {
            for (Path file : files.toList()) {
                Files.copy(file, policies.resolve(file.getFileName()));
            }
        }
        String java = Stream.concat(Interlock.java().stream(), Stream.of(Main.class.getName()))
                .map(word -> "'" + word + "'")
                .collect(Collectors.joining(" "));
        Files.createFile(
                directory.resolve("interlock"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Files.writeString(directory.resolve("interlock"), "#!/bin/sh\nexec " + java + " \"$@\"\n");
    }

    private String run(String line) throws IOException, InterruptedException {
        Path out = directory.resolve("terminal.txt");
        Process process = new ProcessBuilder("sh", "-c", line)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(out.toFile())
                .start();
        assertThat(process.waitFor(Interlock.PATIENCE_SECONDS, TimeUnit.SECONDS))
                .as(line)
                .isTrue();
        assertThat(process.exitValue())
                .as("%s%n%s", line, Files.readString(out))
                .isLessThan(2);
        return Files.readString(out);
    }

    @Test
    void itsCommandsPrintWhatItShows() throws Exception {
        List<String> silent = new ArrayList<>();
        String last = "";
        Matcher block = CONSOLE.matcher(readme);
        while (block.find()) {
            Matcher run = RUN.matcher(block.group(1));
            while (run.find()) {
                last = run(run.group(1));
                if (run.group(2).isEmpty()) {
                    silent.add(run.group(1));
                } else {
                    assertThat(last).as(run.group(1)).isEqualTo(run.group(2));
                }
            }
        }
        assertThat(silent).hasSize(5);
        String quoted = readme.substring(readme.indexOf("\"This change,") + 1);
        assertThat(last.lines().reduce((a, b) -> b).orElseThrow())
                .isEqualTo(quoted.substring(0, quoted.indexOf('"')).replace('\n', ' '));
    }
}
