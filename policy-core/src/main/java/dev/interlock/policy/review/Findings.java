package dev.interlock.policy.review;

import dev.interlock.policy.Place;
import dev.interlock.policy.Severity;
import dev.interlock.policy.review.Finding.Problem;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Collects findings. Equal findings at one place for several tools become one finding. */
final class Findings {

    private final Map<FindingKey, Set<String>> tools = new LinkedHashMap<>();

    private record FindingKey(
            Severity severity,
            Problem code,
            Place place,
            String message,
            @Nullable String fix) {}

    void add(Severity severity, Problem code, Place place, String message, @Nullable String fix) {
        tools.computeIfAbsent(new FindingKey(severity, code, place, message, fix), key -> new LinkedHashSet<>());
    }

    void add(Severity severity, Problem code, Place place, String message, @Nullable String fix, String tool) {
        tools.computeIfAbsent(new FindingKey(severity, code, place, message, fix), key -> new LinkedHashSet<>())
                .add(tool);
    }

    /** Returns all findings, by their place; those without a place come last. */
    List<Finding> all() {
        List<Finding> all = new ArrayList<>();
        tools.forEach((key, names) -> all.add(
                new Finding(key.severity(), key.code(), key.place(), key.message(), key.fix(), List.copyOf(names))));
        all.sort(
                Comparator.comparing((Finding finding) -> finding.place().path().isEmpty())
                        .thenComparingInt(finding -> finding.place().line())
                        .thenComparingInt(finding -> finding.place().column()));
        return all;
    }
}
