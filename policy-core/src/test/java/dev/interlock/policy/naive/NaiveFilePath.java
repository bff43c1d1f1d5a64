package dev.interlock.policy.naive;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where a file path leads: only as much of it as the generated cases need. The tables hold the rest. */
final class NaiveFilePath {

    private NaiveFilePath() {}

    /** A path with escapes or backslashes must lie within however it is read. */
    static boolean liesWithin(String path, List<String> directories) {
        return List.of(path, path.replace('\\', '/'), decoded(path)).stream()
                .allMatch(reading -> leadsInto(reading, directories));
    }

    private static boolean leadsInto(String path, List<String> directories) {
        List<String> steps = resolve(path);
        return steps != null
                && directories.stream().anyMatch(directory -> {
                    List<String> start = resolve(directory);
                    return start != null
                            && start.size() <= steps.size()
                            && steps.subList(0, start.size()).equals(start);
                });
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
