package dev.interlock.policy.engine;

import dev.interlock.policy.text.Skeleton;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One reading of the text of a file path: where it starts, and the names on the way, without {@code .} and {@code ..}.
 *
 * <p>Text that some program reads differently is not a path here: a name that consists only of dots, spaces and
 * invisible characters, a short name of Windows ({@code SECRET~1}), a device, or a directory such as
 * {@code /proc/self/root}, which leads elsewhere.
 */
final class FilePath {

    /** Links under {@code /proc/<process>} that may lead anywhere. */
    private static final Set<String> PROCESS_LINKS = Set.of("root", "cwd", "fd", "exe", "map_files");

    /** Other directories that are a second way to the whole file system, or to the files that a process has open. */
    private static final List<List<String>> OTHER_WAYS = List.of(
            List.of("dev", "fd"),
            List.of("dev", "stdin"),
            List.of("dev", "stdout"),
            List.of("dev", "stderr"),
            List.of(".vol"),
            List.of(".file"),
            List.of(".nofollow"),
            List.of(".resolve"),
            List.of("system", "volumes", "data"),
            List.of("volumes", "macintosh hd"));

    /** Where the drives appear in Linux on Windows, and in programs that provide a POSIX system on Windows. */
    private static final List<List<String>> DRIVE_PARENTS = List.of(
            List.of(),
            List.of("mnt"),
            List.of("cygdrive"),
            List.of("proc", "cygdrive"),
            List.of("host_mnt"),
            List.of("run", "desktop", "mnt", "host"));

    private static final Set<String> DEVICES = Set.of("con", "prn", "aux", "nul", "conin", "conout", "clock");

    /** Where a path starts. */
    enum Start {
        /** At the root: of the whole file system, or of a drive that the path doesn't name. */
        ROOT,
        /** At a Windows drive. */
        DRIVE,
        /** At a Windows network share. */
        SHARE
    }

    private final Start start;
    private final String volume;
    private final List<String> names;
    private final int steps;
    private final int climbs;

    private FilePath(Start start, String volume, List<String> names, int steps, int climbs) {
        this.start = start;
        this.volume = volume;
        this.names = names;
        this.steps = steps;
        this.climbs = climbs;
    }

    /**
     * Reads a path.
     *
     * @param backslashes whether a backslash is a separator, as on Windows
     * @param base where a relative path starts; without it, a relative path can't be read
     * @return null if the path can't be read, or if some program would read it differently
     */
    static @Nullable FilePath parse(String text, boolean backslashes, @Nullable FilePath base) {
        if (text.length() > 1 && isSeparator(text.charAt(0), true) && isSeparator(text.charAt(1), true)) {
            return backslashes ? share(text) : null;
        }
        if (hasDrive(text)) {
            return text.length() > 2 && isSeparator(text.charAt(2), true)
                    ? read(Start.DRIVE, lower(text.substring(0, 1)), List.of(), text, 2, true)
                    : null;
        }
        if (!text.isEmpty() && isSeparator(text.charAt(0), backslashes)) {
            return base == null || base.start == Start.ROOT
                    ? read(Start.ROOT, "", List.of(), text, 0, backslashes)
                    : read(base.start, base.volume, List.of(), text, 0, backslashes);
        }
        return base == null || text.isEmpty() || hasScheme(text, backslashes)
                ? null
                : read(base.start, base.volume, base.names, text, 0, backslashes);
    }

    private static @Nullable FilePath share(String text) {
        int server = next(text, 2, true);
        int end = next(text, Math.min(server + 1, text.length()), true);
        if (!text.startsWith("\\\\") || server == 2 || end <= server + 1) {
            return null;
        }
        String host = text.substring(2, server);
        String name = text.substring(server + 1, end);
        if (PathNames.lenient(host).isEmpty() || PathNames.lenient(name).isEmpty()) {
            return null;
        }
        return read(Start.SHARE, lower(host) + "\\" + lower(name), List.of(), text, end, true);
    }

    private static @Nullable FilePath read(
            Start start, String volume, List<String> from, String text, int index, boolean backslashes) {
        List<String> names = new ArrayList<>(from);
        int steps = 0;
        int climbs = 0;
        for (int i = index; i <= text.length(); ) {
            int end = next(text, i, backslashes);
            String name = text.substring(i, end);
            i = end + 1;
            if (name.isEmpty() || name.equals(".")) {
                continue;
            }
            steps++;
            if (name.equals("..")) {
                climbs++;
                if (names.isEmpty()) {
                    return null;
                }
                names.remove(names.size() - 1);
                continue;
            }
            if (PathNames.isAmbiguous(name) || (start != Start.ROOT && isDevice(name))) {
                return null;
            }
            names.add(name);
            // Checked here and not after the whole path: climbing out of such a directory leads to the parent of its
            // target.
            if (start == Start.ROOT && isOtherWay(names)) {
                return null;
            }
        }
        return new FilePath(start, volume, names, steps, climbs);
    }

    private static int next(String text, int from, boolean backslashes) {
        int i = from;
        while (i < text.length() && !isSeparator(text.charAt(i), backslashes)) {
            i++;
        }
        return i;
    }

    private static boolean isSeparator(char c, boolean backslashes) {
        return c == '/' || (c == '\\' && backslashes);
    }

    /** Whether a path begins with a drive, at the drive's root or not. */
    static boolean hasDrive(String text) {
        return text.length() > 1 && text.charAt(1) == ':' && isLetter(text.charAt(0));
    }

    private static boolean isLetter(char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    }

    private static boolean hasScheme(String text, boolean backslashes) {
        int colon = text.indexOf(':');
        return colon >= 0 && colon < next(text, 0, backslashes);
    }

    private static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }

    private static boolean isOtherWay(List<String> names) {
        int size = names.size();
        if (size == 1 && hasDrive(Skeleton.fold(names.get(0)))) {
            return true; // A drive as URLs write it: /C:/work.
        }
        String last = PathNames.lenient(names.get(size - 1));
        if (size >= 3
                && PROCESS_LINKS.contains(last)
                && PathNames.lenient(names.get(0)).equals("proc")) {
            return size == 3 || (size == 5 && PathNames.lenient(names.get(2)).equals("task"));
        }
        for (List<String> way : OTHER_WAYS) {
            if (size == way.size() && last.equals(way.get(size - 1)) && begin(names, way)) {
                return true;
            }
        }
        return false;
    }

    /** Whether {@code names} begins with {@code start}, as the most lenient file system reads them. */
    private static boolean begin(List<String> names, List<String> start) {
        if (names.size() < start.size()) {
            return false;
        }
        for (int i = 0; i < start.size(); i++) {
            if (!PathNames.lenient(names.get(i)).equals(start.get(i))) {
                return false;
            }
        }
        return true;
    }

    /** Windows takes a name for a device whatever its extension is. */
    private static boolean isDevice(String name) {
        String lenient = PathNames.lenient(name);
        int dot = lenient.indexOf('.');
        String stem = (dot < 0 ? lenient : lenient.substring(0, dot)).stripTrailing();
        boolean numbered = stem.length() == 4
                && (stem.startsWith("com") || stem.startsWith("lpt"))
                && Character.isDigit(stem.charAt(3));
        return numbered || DEVICES.contains(stem);
    }

    /** Where it starts. */
    Start start() {
        return start;
    }

    /** Whether this is a Windows path: it names a drive or a network share. */
    boolean isOfWindows() {
        return start != Start.ROOT;
    }

    /** Whether this reading has as many steps as the other and as many of them climb, or neither climbs at all. */
    boolean climbsLike(FilePath other) {
        return climbs == other.climbs && (climbs == 0 || steps == other.steps);
    }

    /** Whether another path is this directory or lies in it, as this directory's own system reads both. */
    boolean surelyHolds(FilePath path) {
        return start == path.start && volume.equals(path.volume) && holds(path, false);
    }

    /** Whether another path is this directory or lies in it, as any system may read both. */
    boolean perhapsHolds(FilePath path) {
        return switch (start) {
            case ROOT -> path.start != Start.SHARE && holds(path, true);
            case DRIVE ->
                switch (path.start) {
                    case DRIVE -> volume.equals(path.volume) && holds(path, true);
                    // A server exports its drives under names that it chooses, and the caller's machine may be that
                    // server.
                    case SHARE -> true;
                    case ROOT -> path.isBelowDrive() || holds(path, true);
                };
            case SHARE ->
                switch (path.start) {
                    // One server may have many names.
                    case SHARE -> !server().equals(path.server()) || (volume.equals(path.volume) && holds(path, true));
                    case ROOT -> holds(path, true);
                    case DRIVE -> false;
                };
        };
    }

    private String server() {
        return volume.substring(0, volume.indexOf('\\'));
    }

    private boolean isBelowDrive() {
        for (List<String> parent : DRIVE_PARENTS) {
            if (names.size() > parent.size() && begin(names, parent)) {
                String drive = PathNames.lenient(names.get(parent.size()));
                if (drive.length() == 1 && isLetter(drive.charAt(0))) {
                    return true;
                }
            }
        }
        return false;
    }

    private boolean holds(FilePath path, boolean leniently) {
        if (path.names.size() < names.size()) {
            return false;
        }
        for (int i = 0; i < names.size(); i++) {
            String mine = names.get(i);
            String other = path.names.get(i);
            boolean same = mine.equals(other)
                    || (leniently
                            ? PathNames.lenient(mine).equals(PathNames.lenient(other))
                            : isOfWindows() && PathNames.equalOnWindows(mine, other));
            if (!same) {
                return false;
            }
        }
        return true;
    }
}
