package dev.interlock.policy.audit.log;

import java.nio.file.Path;
import java.util.List;

/**
 * The result of verifying a log.
 *
 * @param findings what differs from what was written, in the order of the files; empty if nothing does
 * @param notes what is worth knowing but also occurs in intact logs
 * @param files the files that were read
 * @param lines how many lines they have
 * @param head the last line; compare it with one that was kept elsewhere
 */
public record Verification(
        List<LogFinding> findings, List<LogFinding> notes, List<Path> files, long lines, LogHead head) {

    /** Copies the lists. */
    public Verification {
        findings = List.copyOf(findings);
        notes = List.copyOf(notes);
        files = List.copyOf(files);
    }

    /** Whether there are no findings. */
    public boolean intact() {
        return findings.isEmpty();
    }

    /** The kind of a finding. */
    public enum Kind {
        /** A line differs from what was written. */
        CHANGED,
        /** Lines are missing before this one. */
        MISSING,
        /** A line is in a place where it was not written. */
        MOVED,
        /** There is something that isn't a line of a log. */
        UNREADABLE,
        /** The end is missing, or may be missing. */
        TRUNCATED,
        /** A closing line is not signed, or not with the given key. As a note: lines come after the last signature. */
        SIGNATURE,
        /** Only a note: the log continued although the previous run had not closed it. */
        RESUMED,
        /** Only a note: the log itself says that events were dropped. */
        LOST
    }

    /**
     * A finding.
     *
     * @param file the file
     * @param line the line in it, from 1; one past the last line for something that should follow
     * @param kind the kind of finding
     * @param message a description for people; quotes nothing from the log but numbers
     */
    public record LogFinding(Path file, long line, Kind kind, String message) {

        /** {@code file:line: message}. */
        @Override
        public String toString() {
            return file + ":" + line + ": " + message;
        }
    }
}
