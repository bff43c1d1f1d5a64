package dev.interlock.policy.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tuple;

/** The words that are read from a command are those that the shells of this machine pass on. */
class ShellCommandProperties {

    /** Prints what it is called with: each word with a NUL behind it, and a control character at the end. */
    private static final String PRINTER = "() { printf '%s\\0' \"$@\"; printf '\\001'; }\n";

    @Property(tries = 10, shrinking = ShrinkingMode.OFF)
    void theShellPassesOnTheSameWords(@ForAll("texts") List<String> texts) {
        List<String> plain = plain(texts);

        assertThat(run("/bin/sh", lines("p" + PRINTER, "p ", plain))).isEqualTo(words(plain));
    }

    /** Here the first word stands where a shell looks for words of its own language, and history is expanded. */
    @Property(tries = 10, shrinking = ShrinkingMode.OFF)
    void anInteractiveBashRunsTheSameCommand(@ForAll("texts") List<String> texts) {
        assumeThat(Files.isExecutable(Path.of("/bin/bash"))).isTrue();
        String start = "command_not_found_handle" + PRINTER + "PATH=/nowhere\nset -o history -o histexpand\n"
                + "shopt -s extglob nullglob expand_aliases\n";
        List<String> plain = plain(texts).stream()
                .filter(text -> isUnknown(commandOf(text).words().get(0)))
                .toList();

        assertThat(run("/bin/bash", lines(start, "", plain))).isEqualTo(words(plain));
    }

    /** Not one of the shell's own commands, which the letters of the texts don't spell, nor the path of a file. */
    private static boolean isUnknown(String name) {
        return !name.isEmpty() && !Set.of(":", ".", "[").contains(name) && !name.contains("/");
    }

    private static ShellCommand commandOf(String text) {
        return Objects.requireNonNull(ShellCommand.parse(text));
    }

    private static List<String> plain(List<String> texts) {
        return texts.stream().filter(text -> ShellCommand.parse(text) != null).toList();
    }

    private static List<List<String>> words(List<String> texts) {
        return texts.stream().map(text -> commandOf(text).words()).toList();
    }

    private static String lines(String start, String before, List<String> texts) {
        StringBuilder script = new StringBuilder(start);
        texts.forEach(text -> script.append(before).append(text).append('\n'));
        return script.toString();
    }

    /** The words of each command that the script runs. */
    private static List<List<String>> run(String shell, String script) {
        try {
            Path directory = Files.createTempDirectory("shell");
            Path file = Files.writeString(directory.resolve("script"), script);
            Path output = directory.resolve("output");
            ProcessBuilder builder = new ProcessBuilder(shell, file.toString())
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile());
            builder.environment().keySet().retainAll(List.of("PATH"));
            builder.environment().put("LC_ALL", "C.UTF-8");
            Process process = builder.start();
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            String printed = Files.readString(output, StandardCharsets.UTF_8);
            for (Path each : List.of(file, output, directory)) {
                Files.delete(each); // Fails if a command has made another file.
            }
            List<List<String>> commands = new ArrayList<>();
            for (String command : printed.split("\1", -1)) {
                commands.add(Arrays.asList(command.split("\0", -1)));
            }
            assertThat(commands.remove(commands.size() - 1)).containsExactly("");
            return commands.stream()
                    .map(each -> each.subList(0, each.size() - 1))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Provide
    Arbitrary<List<String>> texts() {
        Arbitrary<String> parts = Arbitraries.frequencyOf(
                Tuple.of(6, Arbitraries.of("q", "z", "qz", " ", "  ", "'", "\"", "\\", "''", "\"\"")),
                Tuple.of(2, Arbitraries.of("!", "#", "=", "-", "%", "^", "!!", "!-", "!q", "]", "if", "time")),
                Tuple.of(2, Arbitraries.of(",", ":", ".", "@", "+", "/", "1", "\u00e4", "\u4e2d", "\ud83d\ude00")),
                Tuple.of(
                        1,
                        Arbitraries.of(
                                "$", "`", ";", "&", "|", "<", ">", "(", ")", "*", "?", "[", "{", "}", "~", "\n", "\t",
                                "\r", "\u00a0", "\u00e0", "\u2028")));
        return parts.list()
                .ofMinSize(1)
                .ofMaxSize(12)
                .map(all -> String.join("", all))
                .list()
                .ofSize(150);
    }
}
