package dev.interlock.policy.cli.server;

import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.DocumentKind;
import dev.interlock.policy.cli.io.InputFile;
import dev.interlock.policy.cli.io.Json;
import dev.interlock.policy.cli.io.Printable;
import dev.interlock.policy.cli.io.Shortened;
import dev.interlock.policy.cli.io.Texts;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.tool.ToolLock;
import dev.interlock.policy.tool.ToolLock.Difference;
import dev.interlock.policy.yaml.ToolLockFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/** A lock file that is named on the command line. */
public final class LockFile {

    private static final int LONGEST_DESCRIPTION = 300;

    private final Path path;

    /**
     * Names a file, which need not exist.
     *
     * @throws CliException if this is not the name of a file
     */
    public LockFile(String file) {
        try {
            path = Path.of(file);
        } catch (InvalidPathException e) {
            throw new CliException(file + " is not a file name");
        }
    }

    boolean exists() {
        return Files.exists(path);
    }

    /**
     * Reads the file.
     *
     * @throws CliException if it can't be read, or is not a valid lock
     */
    public ToolLock read() {
        try {
            return ToolLockFile.read(path);
        } catch (IOException e) {
            throw new CliException(InputFile.reason(path.toString(), e));
        } catch (IllegalArgumentException e) {
            InputFile.read(path.toString()).refuseOther(DocumentKind.LOCK, "a lock file");
            throw new CliException(path + " is not a valid lock file:\n" + e.getMessage());
        }
    }

    void write(ToolLock lock) {
        try {
            ToolLockFile.write(path, lock);
        } catch (IOException e) {
            throw new CliException(path + ": it can't be written (" + e.getMessage() + ")");
        } catch (IllegalArgumentException e) {
            throw new CliException(String.valueOf(e.getMessage()));
        }
    }

    /** Formats a difference. Adds what the tool now says about itself if that is what needs to be judged. */
    static String show(Difference difference, List<ToolDefinition> offered) {
        String tool = Printable.of(difference.key().tool());
        return switch (difference.status()) {
            case ACCEPTED -> "= " + tool;
            case NEW -> "+ " + tool + ": new" + says(difference, offered);
            case CHANGED ->
                "! " + tool + ": changed ("
                        + difference.parts().stream().map(Printable::of).collect(Collectors.joining(", ")) + ")"
                        + says(difference, offered);
            case UNREADABLE -> "! " + tool + ": its definition can't be read as a whole, and so not be accepted";
            case MISSING -> "- " + tool + ": no longer offered";
        };
    }

    private static String says(Difference difference, List<ToolDefinition> offered) {
        String description = offered.stream()
                .filter(tool -> tool.name().equals(difference.key().tool()))
                .map(ToolDefinition::description)
                .findFirst()
                .orElse("");
        return description.isBlank() ? "" : "\n    " + Shortened.line(description, LONGEST_DESCRIPTION);
    }

    static Json json(Difference difference) {
        return new Json()
                .put("tool", difference.key().tool())
                .put("status", difference.status().name().toLowerCase(java.util.Locale.ROOT))
                .put("parts", Texts.of(difference.parts()));
    }
}
