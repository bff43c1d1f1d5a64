package dev.interlock.policy.cli.audit;

import dev.interlock.policy.audit.log.AuditLog;
import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.InputFile;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The files of an audit log that is named on the command line. */
public final class AuditFile {

    private AuditFile() {}

    /** Says why a log can't be written there, for people. */
    public static String unwritable(Path file, IOException failure) {
        Path directory = file.toAbsolutePath().normalize().getParent();
        if (directory == null || Files.isDirectory(file)) {
            return "this is a directory; name a file in it";
        }
        if (!Files.exists(directory)) {
            return "there is no directory " + directory + "; make it first";
        }
        if (!Files.isDirectory(directory)) {
            return directory + " is not a directory";
        }
        if (failure instanceof AccessDeniedException) {
            return "no permission to write this file, or " + file + ".lock beside it, in " + directory;
        }
        if (failure instanceof FileSystemException system) {
            String reason = system.getReason();
            return "it can't be written in " + directory + " ("
                    + (reason == null ? failure.getClass().getSimpleName() : reason) + ")";
        }
        return String.valueOf(failure.getMessage());
    }

    /**
     * Returns all files of a log, in the order in which they were written.
     *
     * @throws CliException if there are none
     */
    static List<Path> files(String name) {
        try {
            List<Path> files = AuditLog.files(InputFile.pathOf(name));
            if (files.isEmpty()) {
                throw new CliException(name + ": there is no such file");
            }
            return files;
        } catch (IOException e) {
            throw new CliException(InputFile.reason(name, e));
        }
    }
}
