package dev.interlock.policy.naive;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Where a file path leads: only as much of it as the generated cases need. The tables hold the rest. */
final class NaiveFilePath {

    private NaiveFilePath() {}

    /** A path with escapes or backslashes must lie inside, or outside, however it is read. */
    static Outcome liesWithin(String path, List<String> directories) {
        List<Outcome> readings = Stream.of(path, path.replace('\\', '/'), decoded(path))
                .map(reading -> leadsInto(reading, directories))
                .distinct()
                .toList();
        return readings.size() == 1 ? readings.get(0) : Outcome.INVALID;
    }

    private static Outcome leadsInto(String path, List<String> directories) {
        List<String> steps = resolve(path);
        if (steps == null) {
            return Outcome.INVALID;
        }
        return Outcome.of(directories.stream()
                .map(NaiveFilePath::resolve)
                .anyMatch(start -> start != null
                        && start.size() <= steps.size()
                        && steps.subList(0, start.size()).equals(start)));
    }

    private static String decoded(String path) {
        String plain = path.replace('\\', '/');
        for (String escape : List.of("%2f", "%2F", "%5c", "%5C")) {
            plain = plain.replace(escape, "/");
        }
        return plain.replace("%2e", ".").replace("%2E", ".");
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
