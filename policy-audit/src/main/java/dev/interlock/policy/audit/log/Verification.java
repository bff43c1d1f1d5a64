package dev.interlock.policy.audit.log;

import java.nio.file.Path;
import java.util.List;

/**
 * What was found of a log.
 *
 * @param findings what is not as it was written, in the order of the files; empty if nothing is
 * @param notes what is worth knowing but happens to sound logs, too
 * @param files the files that were read
 * @param lines how many lines they have
 * @param head the last line; to be compared with one that was kept elsewhere
 */
public record Verification(List<Finding> findings, List<Finding> notes, List<Path> files, long lines, Head head) {

    /** Copies the lists. */
    public Verification {
        findings = List.copyOf(findings);
        notes = List.copyOf(notes);
        files = List.copyOf(files);
    }

    /** Whether nothing was found. */
    public boolean intact() {
        return findings.isEmpty();
    }

    /** What kind of thing was found. */
    public enum Kind {
        /** A line is not what was written. */
        CHANGED,
        /** Lines are missing before this one. */
        MISSING,
        /** A line stands where it was not written. */
        MOVED,
        /** What stands there is no line of a log. */
        UNREADABLE,
        /** The end is missing, or may be. */
        TRUNCATED,
        /** A closing line has no signature, or not one by the key. Only noted: lines come after the last signature. */
        SIGNATURE,
        /** Only noted: the log went on although the run before had not closed it. */
        RESUMED,
        /** Only noted: events were dropped, as the log itself says. */
        LOST
    }

    /**
     * One thing that was found.
     *
     * @param file in which file
     * @param line at which line of it, from 1; one past the last for what should follow
     * @param kind what kind of thing
     * @param message what it is, for people; quotes nothing of the log but numbers
     */
    public record Finding(Path file, long line, Kind kind, String message) {

        /** {@code file:line: message}. */
        @Override
        public String toString() {
            return file + ":" + line + ": " + message;
        }
    }
}
