package dev.interlock.policy.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs the command as people do: as a process of its own, in a directory, on files. */
public final class Interlock {

    /** Ends a test that hangs, on however busy a machine; nothing is measured by it. */
    public static final long PATIENCE_SECONDS = 300;

    private final Path directory;
    private final Map<String, String> environment = new HashMap<>();
    private boolean merged;

    /** What its proxies keep by default is kept in the directory: a test must not find what another has counted. */
    public Interlock(Path directory) {
        this.directory = directory;
        environment.put("XDG_STATE_HOME", stateHome().toString());
    }

    /** Where state is kept by default. */
    public Path stateHome() {
        return directory.resolve("state-home").toAbsolutePath();
    }

    /** What came of a run. */
    public record Result(int code, String out, String err) {}

    /** Has both streams in one, as a terminal shows them. */
    Interlock merged() {
        merged = true;
        return this;
    }

    /** Has a variable in its environment from now on. */
    public Interlock with(String variable, String value) {
        environment.put(variable, value);
        return this;
    }

    public Interlock file(String name, String text) throws IOException {
        Files.writeString(directory.resolve(name), text);
        return this;
    }

    public Result run(String... args) throws IOException, InterruptedException {
        return runWith("", args);
    }

    public Result runWith(String in, String... args) throws IOException, InterruptedException {
        Path out = Files.createTempFile(directory, "out", ".txt");
        Path err = Files.createTempFile(directory, "err", ".txt");
        Path input = Files.writeString(Files.createTempFile(directory, "in", ".txt"), in);
        ProcessBuilder builder = builder(args).redirectInput(input.toFile()).redirectOutput(out.toFile());
        if (merged) {
            builder.redirectErrorStream(true);
        } else {
            builder.redirectError(err.toFile());
        }
        Process process = builder.start();
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("interlock " + String.join(" ", args) + " does not end");
        }
        return new Result(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    /** The process, not started yet. */
    public ProcessBuilder builder(String... args) {
        List<String> command = new ArrayList<>(java());
        command.add(Main.class.getName());
        command.addAll(List.of(args));
        ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
        builder.environment().remove("CLICOLOR_FORCE");
        builder.environment().putAll(environment);
        return builder;
    }

    /** How a JVM is started that has what this one has. */
    public static List<String> java() {
        return ClassArchive.COMMAND;
    }

    public static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
