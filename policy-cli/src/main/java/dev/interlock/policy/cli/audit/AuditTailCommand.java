package dev.interlock.policy.cli.audit;

import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.Colours;
import dev.interlock.policy.cli.io.FormatOption;
import dev.interlock.policy.cli.io.InputFile;
import dev.interlock.policy.cli.io.Lines;
import dev.interlock.policy.cli.io.Printable;
import dev.interlock.policy.cli.io.Version;
import dev.interlock.policy.cli.screen.Screen;
import dev.interlock.policy.yaml.RegularFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code interlock audit tail}. */
@Command(
        name = "tail",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Shows the last lines of an audit log.",
            "With --follow it also shows the lines that are written from now on, until it is interrupted. With --format"
                    + " json it passes the lines on as they are. Exit code 1 if a line that it shows can't be read.",
        },
        footer = {"", "Example:", "  interlock audit tail audit.jsonl --follow"})
final class AuditTailCommand implements Callable<Integer> {

    private static final Duration LOOK = Duration.ofMillis(200);

    @Mixin
    private FormatOption format;

    @Parameters(paramLabel = "FILE", arity = "1..*", description = "The log, or several; - is the standard input.")
    private List<String> files = List.of();

    @Option(names = "-n", paramLabel = "LINES", defaultValue = "10", description = "How many lines. Default: 10.")
    private int count = 10;

    @Option(
            names = {"-f", "--follow"},
            description = "Go on with what is written next.")
    private boolean follow;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        AuditLineText text = new AuditLineText(Colours.detect());
        Deque<byte[]> lines = new ArrayDeque<>();
        if (follow) {
            follow(text, lines);
            return ExitCode.OK;
        }
        for (Input each : Input.logs(files)) {
            collect(each, lines);
        }
        lines.forEach(line -> print(line, text));
        return ExitCode.OK;
    }

    private void follow(AuditLineText text, Deque<byte[]> lines) throws InterruptedException {
        String file = files.get(0);
        if (files.size() > 1 || file.equals(Input.STANDARD)) {
            throw new ParameterException(
                    spec.commandLine(), "--follow is for one log that is named; the standard input can't be followed");
        }
        try (Follower follower = new Follower(InputFile.pathOf(file))) {
            for (Input each : Input.logs(files)) {
                if (!each.name().equals(InputFile.pathOf(file).toString())) {
                    collect(each, lines);
                }
            }
            follower.next().forEach(line -> add(line, lines));
            lines.forEach(line -> print(line, text));
            while (!spec.commandLine().getOut().checkError()) {
                follower.next().forEach(line -> print(line, text));
                Thread.sleep(LOOK.toMillis());
            }
        } catch (IOException e) {
            throw new CliException(InputFile.reason(file, e));
        }
    }

    private void collect(Input input, Deque<byte[]> last) {
        try (input;
                InputStream in = input.open()) {
            Lines lines = new Lines(in);
            while (lines.next()) {
                add(Arrays.copyOfRange(lines.buffer(), lines.offset(), lines.offset() + lines.length()), last);
            }
        } catch (IOException e) {
            throw new CliException(InputFile.reason(input.name(), e));
        }
    }

    private void add(byte[] line, Deque<byte[]> lines) {
        lines.add(line);
        if (lines.size() > count) {
            lines.remove();
        }
    }

    private void print(byte[] bytes, AuditLineText text) {
        PrintWriter out = spec.commandLine().getOut();
        AuditLine line = AuditLine.read(bytes, 0, bytes.length);
        if (line == null) {
            out.println("(a line that can't be read)");
        } else if (format.json()) {
            out.println(Printable.of(new String(bytes, StandardCharsets.ISO_8859_1)));
        } else {
            out.println(Screen.of(spec).fit(text.of(line)));
        }
    }

    /** Reads lines as they are added to a file, and goes on with the next file when this one is renamed. */
    private static final class Follower implements AutoCloseable {

        private final Path file;
        private @Nullable InputStream in;
        private @Nullable Object key;
        private byte[] rest = {};

        Follower(Path file) {
            this.file = file;
        }

        List<byte[]> next() throws IOException {
            List<byte[]> lines = new ArrayList<>();
            Object now = key(file);
            if (in != null) {
                split(in.readAllBytes(), lines);
            }
            if (now != null && !now.equals(key)) {
                close();
                in = RegularFile.open(file);
                key = now;
                rest = new byte[0];
                split(in.readAllBytes(), lines);
            }
            return lines;
        }

        /** Distinguishes a file from another of the same name; null while there is none. */
        private static @Nullable Object key(Path file) throws IOException {
            try {
                BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
                return attributes.fileKey() == null ? "" : attributes.fileKey();
            } catch (NoSuchFileException e) {
                // Happens between two files of the log.
                return null;
            }
        }

        private void split(byte[] bytes, List<byte[]> lines) {
            byte[] all = Arrays.copyOf(rest, rest.length + bytes.length);
            System.arraycopy(bytes, 0, all, rest.length, bytes.length);
            int start = 0;
            for (int i = rest.length; i < all.length; i++) {
                if (all[i] == '\n') {
                    lines.add(Arrays.copyOfRange(all, start, i));
                    start = i + 1;
                }
            }
            rest = Arrays.copyOfRange(all, start, all.length);
        }

        @Override
        public void close() throws IOException {
            if (in != null) {
                in.close();
            }
        }
    }
}
