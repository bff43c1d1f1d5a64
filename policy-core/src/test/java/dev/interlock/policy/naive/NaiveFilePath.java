package dev.interlock.policy.naive;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Where a file path leads: only as much of it as the generated cases need. The tables hold the rest. */
final class NaiveFilePath {

    private NaiveFilePath() {}

    /** A path with escapes or backslashes must lie inside, or outside, however it is read. */
    static Outcome liesWithin(String path, List<String> directories, @Nullable String base) {
        if (path.isEmpty() || path.contains("%2e") || path.contains("%2E") || path.matches("(?s).*[*?{$\\[`].*")) {
            return Outcome.INVALID;
        }
        boolean climbs = path.contains("..");
        if (climbs && path.contains("\\") && !isOfWindows(path)) {
            return Outcome.INVALID;
        }
        List<Outcome> each =
                directories.stream().map(one -> liesWithin(path, one, base)).toList();
        if (isOfWindows(path) && directories.stream().noneMatch(NaiveFilePath::isOfWindows)) {
            return Outcome.INVALID;
        }
        if (each.contains(Outcome.TRUE)) {
            return Outcome.TRUE;
        }
        if (directories.isEmpty()) {
            return leadsInto(path, "/", base) == Outcome.INVALID ? Outcome.INVALID : Outcome.FALSE;
        }
        return each.contains(Outcome.INVALID) ? Outcome.INVALID : Outcome.FALSE;
    }

    private static Outcome liesWithin(String path, String directory, @Nullable String base) {
        if (isOfWindows(directory)) {
            return liesOnDrive(path, directory);
        }
        List<Outcome> readings = Stream.of(path, path.replace('\\', '/'), decoded(path))
                .map(reading -> leadsInto(reading, directory, base))
                .distinct()
                .toList();
        return readings.size() == 1 ? readings.get(0) : Outcome.INVALID;
    }

    private static Outcome liesOnDrive(String path, String directory) {
        String lower = path.toLowerCase(Locale.ROOT).replace('\\', '/');
        String start = directory.toLowerCase(Locale.ROOT).replace('\\', '/');
        if (isOfWindows(path)) {
            List<String> steps = resolve(lower.substring(2));
            List<String> wanted = resolve(start.substring(2));
            return steps == null || wanted == null
                    ? Outcome.INVALID
                    : Outcome.of(lower.charAt(0) == start.charAt(0) && begins(steps, wanted));
        }
        // A path without a drive does not say which drive it is on, but it says where on the drive it is.
        List<String> steps = resolve(lower);
        if (steps == null
                || resolve(path) == null
                || (!steps.isEmpty() && steps.get(0).length() == 1)) {
            return Outcome.INVALID;
        }
        return begins(steps, java.util.Objects.requireNonNull(resolve(start.substring(2))))
                ? Outcome.INVALID
                : Outcome.FALSE;
    }

    private static boolean isOfWindows(String path) {
        return path.matches("[A-Za-z]:[/\\\\].*");
    }

    private static Outcome leadsInto(String path, String directory, @Nullable String base) {
        List<String> steps = resolve(path.startsWith("/") || base == null ? path : base + "/" + path);
        List<String> start = resolve(directory);
        return steps == null || start == null ? Outcome.INVALID : Outcome.of(begins(steps, start));
    }

    private static boolean begins(List<String> steps, List<String> start) {
        return start.size() <= steps.size() && steps.subList(0, start.size()).equals(start);
    }

    private static String decoded(String path) {
        String plain = path.replace('\\', '/');
        for (String escape : List.of("%2f", "%2F", "%5c", "%5C")) {
            plain = plain.replace(escape, "/");
        }
        return plain;
    }

    private static @Nullable List<String> resolve(String plain) {
        if (!plain.startsWith("/")) {
            return null;
        }
        List<String> steps = new ArrayList<>();
        for (String step : plain.split("/", -1)) {
            if (step.equals("..")) {
                if (steps.isEmpty()) {
                    return null;
                }
                steps.remove(steps.size() - 1);
            } else if (!step.isEmpty() && !step.equals(".")) {
                steps.add(step);
            }
        }
        return steps;
    }
}
