package dev.interlock.policy.cli;

import dev.interlock.policy.audit.log.AuditLog;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;

/** The files of an audit log that was named on the command line. */
final class AuditFile {

    private AuditFile() {}

    /**
     * The path of a log.
     *
     * @throws CliException if the name is no path
     */
    static Path path(String name) {
        try {
            return Path.of(name);
        } catch (InvalidPathException e) {
            throw new CliException(name + ": there is no such file");
        }
    }

    /**
     * All files of a log, in the order in which they were written.
     *
     * @throws CliException if there are none
     */
    static List<Path> files(String name) {
        try {
            List<Path> files = AuditLog.files(path(name));
            if (files.isEmpty()) {
                throw new CliException(name + ": there is no such file");
            }
            return files;
        } catch (IOException e) {
            throw new CliException(Source.reason(name, e));
        }
    }
}
