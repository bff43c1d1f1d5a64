package dev.interlock.policy.cli.io;

import dev.interlock.policy.Policy;
import dev.interlock.policy.testing.PolicyTestFile;
import dev.interlock.policy.testing.ToolList;
import dev.interlock.policy.yaml.Diagnostic;
import dev.interlock.policy.yaml.PolicyYaml;
import dev.interlock.policy.yaml.ReadResult;
import dev.interlock.policy.yaml.RegularFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/** A file that is named on the command line, read into memory; {@code -} is the standard input. */
public final class InputFile {

    /** More than any document may have. Its reader reports that it is too large. */
    private static final int MOST = 64 << 20;

    private final String name;
    private final byte[] bytes;

    private InputFile(String name, byte[] bytes) {
        this.name = name;
        this.bytes = bytes;
    }

    /** The name to show to people. */
    public String name() {
        return name;
    }

    /**
     * Reads a file.
     *
     * @throws CliException if it can't be read
     */
    public static InputFile read(String file) {
        boolean standard = file.equals("-");
        String name = standard ? "<stdin>" : file;
        try {
            return new InputFile(name, standard ? System.in.readNBytes(MOST) : bytes(pathOf(file)));
        } catch (IOException e) {
            throw new CliException(reason(name, e));
        }
    }

    /** A shell's {@code <(command)} is a pipe of this process and already open, so opening it doesn't wait. */
    private static byte[] bytes(Path file) throws IOException {
        if (!file.startsWith("/dev/fd") && !file.startsWith("/proc/self/fd")) {
            return RegularFile.read(file, MOST);
        }
        try (InputStream in = Files.newInputStream(file)) {
            return in.readNBytes(MOST);
        }
    }

    /**
     * Returns the path for a name on the command line.
     *
     * @throws CliException if the name is not a valid path
     */
    public static Path pathOf(String name) {
        try {
            return Path.of(name);
        } catch (InvalidPathException e) {
            throw new CliException(name + ": there is no such file");
        }
    }

    /** Says why a file can't be read, for people. */
    public static String reason(String name, IOException failure) {
        if (name.isEmpty()) {
            return "the name of a file is empty";
        }
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

    public ReadResult reading() {
        return PolicyYaml.read(bytes, name);
    }

    /**
     * Returns the policy in the file.
     *
     * @throws CliException if there is none; the message shows every error with its place
     */
    public Policy policy() {
        ReadResult reading = reading();
        Policy policy = reading.policy().orElse(null);
        if (policy == null) {
            refuseOther(DocumentKind.POLICY, "a policy");
            throw new CliException(name + " is not a valid policy:" + shown(reading.errors()));
        }
        return policy;
    }

    /** Formats the errors, each with the line of its place. */
    private String shown(List<Diagnostic> diagnostics) {
        Excerpt excerpt = Excerpt.inError(text());
        return diagnostics.stream()
                .map(diagnostic -> "\n" + excerpt.show(diagnostic))
                .collect(Collectors.joining());
    }

    /**
     * Returns the tests in the file.
     *
     * @throws CliException if it is not a test file
     */
    public PolicyTestFile tests() {
        PolicyTestFile file = PolicyTestFile.read(bytes, name);
        if (!file.isValid()) {
            refuseOther(DocumentKind.TESTS, "a file of tests");
            throw new CliException(name + " is not a valid test file:" + shown(file.diagnostics()));
        }
        return file;
    }

    /**
     * Refuses a file that is clearly something other than what is expected. Errors about its content would only
     * mislead.
     *
     * @param wanted what it should be
     * @param expected the same in words, such as "a list of tools"
     */
    public void refuseOther(DocumentKind wanted, String expected) {
        DocumentKind kind = kind();
        if (kind.isKnown() && kind != wanted) {
            throw kind.insteadOf(expected, name);
        }
    }

    /**
     * Returns the list of tools in the file.
     *
     * @throws CliException if there is none
     */
    public ToolList toolList() {
        try {
            return ToolList.of(JsonText.read(text(), name));
        } catch (CliException e) {
            refuseOther(DocumentKind.TOOLS, "a list of tools");
            throw e;
        } catch (IllegalArgumentException e) {
            refuseOther(DocumentKind.TOOLS, "a list of tools");
            throw new CliException(name + ": " + e.getMessage());
        }
    }

    /** What the file seems to be. */
    public DocumentKind kind() {
        return DocumentKind.of(bytes, bytes.length);
    }

    /** The text, for showing lines of it. Bytes that are not UTF-8 are replaced. */
    public String text() {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
