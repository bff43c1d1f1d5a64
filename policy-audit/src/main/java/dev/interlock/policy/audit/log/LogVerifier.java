package dev.interlock.policy.audit.log;

import dev.interlock.policy.audit.log.Verification.Kind;
import dev.interlock.policy.audit.log.Verification.LogFinding;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds what was done to a log since it was written: every line that was changed, removed, moved or added, and where.
 *
 * <p>Two things can't be detected. First, lines cut off from the very end, together with the files that would show it:
 * a log that ends with a closing line looks complete, unless the verifier is given a {@linkplain #head head} that was
 * kept elsewhere. Second, a log that was rewritten from some line on, including hashes: this shows only if closing
 * lines are signed and the verifier is given the {@linkplain #key key}, or if it is given a head. Lines after the last
 * signature are only as safe as the file.
 *
 * <p>Reads each line once, with little memory. Not thread-safe.
 */
public final class LogVerifier {

    private static final String SIGNATURE = ",\"signature\":\"";

    private final Path file;
    private @Nullable SealKey key;
    private @Nullable LogHead expected;
    private boolean unclosed;
    private boolean pruned;

    private final List<LogFinding> findings = new ArrayList<>();
    private final List<LogFinding> notes = new ArrayList<>();
    private long count;
    /** How many lines the last valid signature covers, including those of all earlier files. */
    private long signed;
    /** The line that the next one must follow; null where the chain can't be resumed. */
    private @Nullable LogHead last;

    private long highest;
    private boolean sealed;
    private boolean headSeen;

    private LogVerifier(Path file) {
        this.file = file;
    }

    /** Creates a verifier of the log in this file. */
    public static LogVerifier of(Path file) {
        return new LogVerifier(file);
    }

    /** Every closing line must be signed with this key. Default: signatures are not checked. */
    public LogVerifier key(SealKey sealKey) {
        this.key = sealKey;
        return this;
    }

    /** The log must contain this line, which was its last line at some earlier time. Default: no head is known. */
    public LogVerifier head(LogHead known) {
        this.expected = known;
        return this;
    }

    /**
     * The log need not end with a closing line, because its process was killed or is still writing. Only the person who
     * verifies can know that: a lock proves nothing, since anyone who may write beside the log can hold one. Default:
     * it must.
     */
    public LogVerifier unclosed(boolean allowed) {
        this.unclosed = allowed;
        return this;
    }

    /** The first files may be missing because they were removed on purpose. Default: none may be missing. */
    public LogVerifier pruned(boolean allowed) {
        this.pruned = allowed;
        return this;
    }

    /**
     * Reads the whole log. Call it only once.
     *
     * @throws NoSuchFileException if the log doesn't exist
     * @throws IOException if it can't be read
     */
    public Verification verify() throws IOException {
        List<Path> files = LogFiles.files(file);
        if (files.isEmpty()) {
            throw new NoSuchFileException(file.toString());
        }
        int segment = 0;
        for (Path each : files) {
            int number = LogFiles.number(file.toAbsolutePath(), each);
            if (segment > 0 && number > segment + 1) {
                find(each, 1, Kind.MISSING, "the file before this one, of segment " + (number - 1) + ", is missing");
            }
            segment = number == 0 ? segment + 1 : number;
            read(each, each.equals(files.get(files.size() - 1)));
        }
        checkHead(files.get(files.size() - 1));
        noteUnsigned(files.get(files.size() - 1));
        return new Verification(findings, notes, files, count, last == null ? LogHead.NONE : last);
    }

    private void read(Path path, boolean isLast) throws IOException {
        sealed = false;
        try (RawLines lines = new RawLines(path)) {
            while (lines.next()) {
                count++;
                line(path, lines);
            }
            long next = lines.number() + 1;
            if (lines.torn() > 0) {
                String message = "the last line is not whole: its end is missing";
                if (isLast && unclosed) {
                    note(path, next, Kind.TRUNCATED, message);
                } else {
                    find(path, next, Kind.TRUNCATED, message);
                }
            } else if (!sealed && !(isLast && unclosed)) {
                find(
                        path,
                        next,
                        Kind.TRUNCATED,
                        "there is no closing line: the process that wrote the log was killed or still writes it,"
                                + " or the end was cut off");
            }
        }
    }

    private void line(Path path, RawLines lines) {
        ChainFields frame = lines.frame();
        if (frame == null) {
            find(path, lines.number(), Kind.UNREADABLE, "this is not a line of an audit log");
            sealed = false;
            last = null;
            return;
        }
        if (!frame.authentic()) {
            find(path, lines.number(), Kind.CHANGED, "line " + frame.sequence() + " was changed after it was written");
        }
        follows(path, lines.number(), frame);
        String text = lines.text();
        String event = ChainFields.event(text);
        sealed = event.equals("seal") && frame.authentic();
        switch (event) {
            case "seal" -> signature(path, lines.number(), text);
            case "open" -> opened(path, lines.number(), text);
            case "lost" -> note(path, lines.number(), Kind.LOST, "the log says that events were dropped here");
            default -> {}
        }
        if (expected != null && frame.sequence() == expected.sequence()) {
            headSeen = true;
            if (!frame.hash().equals(expected.hash()) || !frame.authentic()) {
                find(
                        path,
                        lines.number(),
                        Kind.CHANGED,
                        "line " + frame.sequence() + " is not the one that the given head speaks of");
            }
        }
    }

    private void follows(Path path, long number, ChainFields frame) {
        LogHead before = last;
        if (frame.sequence() <= highest) {
            find(
                    path,
                    number,
                    Kind.MOVED,
                    "line " + frame.sequence() + " stands after line " + highest + ", out of order or twice");
            return;
        }
        if (frame.sequence() > highest + 1 && !(count == 1 && pruned)) {
            String missing = highest + 2 == frame.sequence()
                    ? "line " + (highest + 1) + " is"
                    : "lines " + (highest + 1) + " to " + (frame.sequence() - 1) + " are";
            find(path, number, Kind.MISSING, missing + " not where it should be, before this one");
        } else if (before != null
                && before.sequence() + 1 == frame.sequence()
                && !frame.prev().equals(before.hash())) {
            find(
                    path,
                    number,
                    Kind.CHANGED,
                    "line " + frame.sequence() + " does not follow the line before it: one of the two was replaced");
        } else if (frame.sequence() == 1 && !frame.prev().equals(LogHead.NONE.hash())) {
            find(path, number, Kind.CHANGED, "line 1 says that there was a line before it");
        }
        highest = frame.sequence();
        last = frame.head();
    }

    private void signature(Path path, long number, String text) {
        SealKey checking = key;
        if (checking == null) {
            return;
        }
        int at = text.indexOf(SIGNATURE);
        int end = at < 0 ? -1 : text.indexOf('"', at + SIGNATURE.length());
        if (end < 0) {
            find(path, number, Kind.SIGNATURE, "the closing line is not signed");
        } else if (!checking.hasSigned(text.substring(0, at), text.substring(at + SIGNATURE.length(), end))) {
            find(path, number, Kind.SIGNATURE, "the closing line was not signed by the key that was given");
        } else {
            signed = count;
        }
    }

    private void noteUnsigned(Path lastFile) {
        if (key != null && signed < count) {
            String lines = count - signed == 1 ? "the last line comes" : "the last " + (count - signed) + " lines come";
            note(
                    lastFile,
                    count,
                    Kind.SIGNATURE,
                    (signed == 0 ? "no line of this log is signed" : lines + " after the last signature")
                            + ": anyone who can write the file could have written them");
        }
    }

    private void opened(Path path, long number, String text) {
        if (text.contains("\"before\":\"unsealed\"") || text.contains("\"before\":\"torn\"")) {
            note(
                    path,
                    number,
                    Kind.RESUMED,
                    "the log was opened again without having been closed: lines may be missing before this one");
        } else if (text.contains("\"before\":\"damaged\"")) {
            note(path, number, Kind.RESUMED, "when the log was opened here, what stood before was damaged already");
        }
    }

    private void checkHead(Path lastFile) {
        LogHead known = expected;
        if (known == null || headSeen || known.sequence() == 0) {
            return;
        }
        find(
                lastFile,
                count,
                known.sequence() > highest ? Kind.TRUNCATED : Kind.MISSING,
                known.sequence() > highest
                        ? "the log ends with line " + highest + ", but it has had line " + known.sequence()
                        : "line " + known.sequence() + ", which the given head speaks of, is not there");
    }

    private void find(Path path, long line, Kind kind, String message) {
        findings.add(new LogFinding(path, line, kind, message));
    }

    private void note(Path path, long line, Kind kind, String message) {
        notes.add(new LogFinding(path, line, kind, message));
    }
}
