package dev.interlock.policy.cli;

import dev.interlock.policy.Policy;
import dev.interlock.policy.testing.PolicyTestFile;
import dev.interlock.policy.yaml.Diagnostic;
import dev.interlock.policy.yaml.PolicyYaml;
import dev.interlock.policy.yaml.Reading;
import dev.interlock.policy.yaml.RegularFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** A file that was named on the command line, read into memory; {@code -} is the standard input. */
final class Source {

    /** More than any document may have: whoever reads it will say so. */
    private static final int MOST = 64 << 20;

    private final String name;
    private final byte[] bytes;

    private Source(String name, byte[] bytes) {
        this.name = name;
        this.bytes = bytes;
    }

    /** What people call it. */
    String name() {
        return name;
    }

    /**
     * Reads a file.
     *
     * @throws CliException if it can't be read
     */
    static Source read(String file) {
        boolean standard = file.equals("-");
        String name = standard ? "<stdin>" : file;
        try {
            return new Source(name, standard ? System.in.readNBytes(MOST) : RegularFile.read(path(file), MOST));
        } catch (IOException e) {
            throw new CliException(reason(name, e));
        }
    }

    private static Path path(String file) throws IOException {
        try {
            return Path.of(file);
        } catch (InvalidPathException e) {
            throw new NoSuchFileException(file);
        }
    }

    /** Why a file can't be read, for people. */
    static String reason(String name, IOException failure) {
        if (failure instanceof NoSuchFileException) {
            return name + ": there is no such file";
        }
        if (failure instanceof AccessDeniedException) {
            return name + ": no permission to read it";
        }
        String reason = failure instanceof FileSystemException told && told.getReason() != null
                ? told.getReason()
                : failure.getMessage();
        return name + ": it can't be read (" + reason + ")";
    }

    Reading reading() {
        return PolicyYaml.read(bytes, name);
    }

    /**
     * The policy in the file.
     *
     * @throws CliException if there is none; the message shows every error with its place
     */
    Policy policy(Colours colours) {
        Reading reading = reading();
        Policy policy = reading.policy().orElse(null);
        if (policy == null) {
            throw new CliException(noPolicy(name, text(), reading, colours));
        }
        return policy;
    }

    private static String noPolicy(String name, String text, Reading reading, Colours colours) {
        StringBuilder message = new StringBuilder(name).append(" is no policy:");
        for (Diagnostic diagnostic : reading.errors()) {
            message.append('\n').append(new Excerpt(text, colours).show(diagnostic));
        }
        return message.toString();
    }

    PolicyTestFile tests() {
        return PolicyTestFile.read(bytes, name);
    }

    /** The text, for showing lines of it; what is not UTF-8 is replaced. */
    String text() {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
