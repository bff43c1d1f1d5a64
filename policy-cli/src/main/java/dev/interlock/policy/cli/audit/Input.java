package dev.interlock.policy.cli.audit;

import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.DocumentKind;
import dev.interlock.policy.cli.io.InputFile;
import dev.interlock.policy.yaml.RegularFile;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Lines from an input that is named on the command line: a file, or for {@code -} the standard input, which can be read
 * only once.
 */
public final class Input implements AutoCloseable {

    static final String STANDARD = "-";

    private final String name;
    /** Null for the standard input, until it is kept. */
    private @Nullable Path path;

    private final @Nullable InputStream standard;

    private Input(String name, @Nullable Path path, @Nullable InputStream standard) {
        this.name = name;
        this.path = path;
        this.standard = standard;
    }

    /**
     * Returns the inputs with these names, in this order: each file once, and the finished files of a log before it.
     *
     * @throws CliException if there is no such file
     */
    public static List<Input> of(List<String> names) {
        List<Input> inputs = new ArrayList<>();
        Set<Path> seen = new LinkedHashSet<>();
        for (String name : names) {
            if (name.equals(STANDARD)) {
                inputs.add(new Input("<stdin>", null, new BufferedInputStream(System.in)));
            } else {
                for (Path file : AuditFile.files(name)) {
                    if (seen.add(file.toAbsolutePath().normalize())) {
                        inputs.add(new Input(file.toString(), file, null));
                    }
                }
            }
        }
        return inputs;
    }

    /**
     * Returns the inputs as {@link #of} does, for audit logs.
     *
     * @throws CliException if one is clearly something else
     */
    static List<Input> logs(List<String> names) {
        List<Input> inputs = of(names);
        inputs.forEach(Input::requireLog);
        return inputs;
    }

    /** The name to show to people. */
    public String name() {
        return name;
    }

    /**
     * What the input seems to be.
     *
     * @throws CliException if it can't be read
     */
    public DocumentKind kind() {
        try {
            if (path == null && standard != null) {
                standard.mark(DocumentKind.BEGINNING);
                DocumentKind kind = kind(standard);
                standard.reset();
                return kind;
            }
            try (InputStream in = open()) {
                return kind(in);
            }
        } catch (IOException e) {
            throw new CliException(InputFile.reason(name, e));
        }
    }

    /** Waits for one line at most: the next may not come before a call is made. */
    private static DocumentKind kind(InputStream in) throws IOException {
        byte[] beginning = new byte[DocumentKind.BEGINNING];
        int length = 0;
        int read = 0;
        for (boolean ended = false; !ended && length < beginning.length; length += Math.max(0, read)) {
            read = in.read(beginning, length, beginning.length - length);
            ended = read < 0;
            for (int i = length; i < length + read; i++) {
                ended |= beginning[i] == '\n';
            }
        }
        return DocumentKind.of(beginning, length);
    }

    /**
     * Refuses an input that is clearly not an audit log. A damaged log passes: reporting the damage is not the job of
     * this class.
     *
     * @throws CliException if it is something else
     */
    private void requireLog() {
        DocumentKind kind = kind();
        if (kind.isKnown() && kind != DocumentKind.LOG) {
            throw kind.insteadOf("an audit log", name);
        }
    }

    /** Opens the input. The caller must close the stream. */
    public InputStream open() throws IOException {
        if (path != null) {
            return RegularFile.open(path);
        }
        if (standard == null) {
            throw new IllegalStateException("it is either a file or the standard input");
        }
        return standard;
    }

    /**
     * Makes the input readable more than once. Standard input is copied to a file that only this user can read, and
     * that is deleted when this is closed.
     */
    public Path keep() throws IOException {
        if (path == null && standard != null) {
            Path copy = Files.createTempFile("interlock", ".jsonl");
            path = copy;
            try (OutputStream out = Files.newOutputStream(copy)) {
                standard.transferTo(out);
            }
        }
        return path == null ? Path.of(name) : path;
    }

    @Override
    public void close() throws IOException {
        if (standard != null && path != null) {
            Files.deleteIfExists(path);
        }
    }
}
