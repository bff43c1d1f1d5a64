package dev.interlock.policy.engine;

import dev.interlock.policy.text.VisibleText;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A set of directories that can tell whether a path lies inside one of them.
 *
 * <p>We can't know how the server will read the path: whether it decodes percent signs, treats a backslash as a
 * separator, replaces wildcards and variables, or normalizes Unicode. Nor do we know whether its file system ignores
 * case, invisible characters, or dots and spaces at the end of a name. So a path lies inside only if it does in each of
 * these readings, and outside only if it does in none. Only the text is examined. Where symbolic links, shares and
 * mounts lead is known only to the server.
 *
 * <p>Two readings are enough: the path as it is, and the path fully decoded with every backslash as a separator. Any
 * reading between the two has some of the separators of the second and no others. So if every step that climbs does so
 * in both readings, the path lies inside if it does in both, and outside if it does in the second.
 */
final class FilePaths {

    private final List<FilePath> directories;
    private final @Nullable FilePath base;
    /** Whether any of the directories is a Windows directory. */
    private final boolean windows;

    private FilePaths(List<FilePath> directories, @Nullable FilePath base, boolean windows) {
        this.directories = directories;
        this.base = base;
        this.windows = windows;
    }

    /**
     * Creates a set from directories as policies write them.
     *
     * @throws IllegalArgumentException if a directory can't be resolved, or no path could ever lie inside it as it is
     *     written; leaving it out would leave it unprotected
     */
    static FilePaths of(List<String> directories, @Nullable String base) {
        List<FilePath> read = new ArrayList<>();
        for (String directory : directories) {
            read.add(directory(directory));
        }
        FilePath start = base == null ? null : directory(base);
        for (int i = 0; start != null && i < read.size(); i++) {
            if (read.get(i).isOfWindows() != start.isOfWindows()) {
                throw new IllegalArgumentException("'" + directories.get(i) + "' and the base '" + base
                        + "' are directories of different systems");
            }
        }
        boolean windows =
                (start != null && start.isOfWindows()) || read.stream().anyMatch(FilePath::isOfWindows);
        return new FilePaths(read, start, windows);
    }

    private static FilePath directory(String text) {
        String quoted = "'" + text + "'";
        if (TextBound.isExceededBy(text)) {
            throw new IllegalArgumentException(quoted + " is longer than any path, or has too many marks in a row");
        }
        boolean windows = FilePath.hasDrive(text) || text.startsWith("\\\\");
        int replaced = PathText.firstReplaced(text, windows);
        if (replaced >= 0) {
            int c = text.codePointAt(replaced);
            if (c == '*') {
                throw new IllegalArgumentException(
                        quoted + " has a '*', which stands for nothing: all that is below a directory is inside");
            }
            if (c != '%') {
                String shown = VisibleText.isInvisible(c) ? String.format("U+%04X", c) : Character.toString(c);
                throw new IllegalArgumentException(quoted + " has a '" + shown
                        + "', which programs read differently: no path would surely lie inside");
            }
        }
        if (!text.equals(PathText.decode(text)) || replaced >= 0) {
            throw new IllegalArgumentException(quoted + " is percent-encoded: write the directory as it is");
        }
        if (text.startsWith("//")) {
            throw new IllegalArgumentException(quoted
                    + " begins with two slashes, which programs read differently:"
                    + " write \\\\server\\share or one slash");
        }
        if (!windows && text.indexOf('\\') >= 0) {
            throw new IllegalArgumentException(quoted
                    + " has a backslash, which separates only after a drive or in a network share: write slashes");
        }
        String joined = PathText.joined(text);
        FilePath directory = joined == null ? null : FilePath.parse(joined, windows, null);
        if (directory == null) {
            throw new IllegalArgumentException(quoted + " is not an absolute path that every program reads alike");
        }
        return directory;
    }

    /**
     * Whether {@code path} lies in one of the directories or is one of them. True if it does in every reading, false if
     * it does in none, and otherwise invalid. It is also invalid if some reading of the path is relative or can't be
     * resolved, or if the path {@linkplain TextBound exceeds the bound}.
     */
    Truth contain(String path) {
        if (TextBound.isExceededBy(path)) {
            return Truth.INVALID;
        }
        String text = PathText.joined(path);
        String decoded = text == null
                ? null
                : PathText.decodeFully(text, reading -> PathText.firstReplaced(reading, windows) < 0);
        if (text == null || decoded == null) {
            return Truth.INVALID;
        }
        boolean backslashes = (base == null ? windows && isOfWindows(text) : base.isOfWindows());
        FilePath plain = FilePath.parse(text, backslashes, base);
        boolean one = decoded.equals(text) && (backslashes || text.indexOf('\\') < 0);
        FilePath full = one ? plain : FilePath.parse(decoded, true, base);
        if (plain == null
                || full == null
                || plain.start() != full.start()
                || !plain.climbsLike(full)
                || (plain.isOfWindows() && !windows)) {
            return Truth.INVALID;
        }
        Truth result = Truth.FALSE;
        for (FilePath directory : directories) {
            if (directory.surelyHolds(plain) && directory.surelyHolds(full)) {
                return Truth.TRUE;
            }
            if (directory.perhapsHolds(plain) || directory.perhapsHolds(full)) {
                result = Truth.INVALID;
            }
        }
        return result;
    }

    private static boolean isOfWindows(String text) {
        return FilePath.hasDrive(text) || text.startsWith("\\");
    }
}
