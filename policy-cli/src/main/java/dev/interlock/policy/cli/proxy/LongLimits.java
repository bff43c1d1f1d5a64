package dev.interlock.policy.cli.proxy;

import dev.interlock.policy.Limit;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Rule;
import dev.interlock.policy.Window;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Finds limits that people expect to outlive a process. */
final class LongLimits {

    private static final Duration SHORT = Duration.ofMinutes(1);

    private LongLimits() {}

    /**
     * Returns a notice about a policy whose limits are counted only in this process. Empty if no window in the policy
     * is longer than a minute.
     *
     * @param file the policy's file
     */
    static Optional<String> notice(Policy policy, String file) {
        List<String> found = new ArrayList<>();
        Stream.concat(Stream.of(policy.body()), policy.grants().stream().flatMap(grants -> grants.values().stream()))
                .flatMap(PolicyBody::entries)
                .forEach(entry -> {
                    for (Rule rule : entry.rules()) {
                        rule.demands().limits().stream()
                                .filter(LongLimits::isLong)
                                .findFirst()
                                .ifPresent(limit -> found.add("rule '" + rule.label() + "'" + at(file, limit)));
                    }
                    entry.limits().stream()
                            .filter(LongLimits::isLong)
                            .forEach(limit -> found.add("limit '" + limit.label() + "'" + at(file, limit)));
                });
        if (found.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of("the count of " + found.get(0)
                + (found.size() > 1 ? ", and of " + (found.size() - 1) + " more," : "")
                + " is kept in this process and begins anew with the next; --state keeps it");
    }

    private static String at(String file, Limit limit) {
        String window =
                limit.window() == null ? "" : ", window " + limit.window().text();
        return " (" + file + ":" + limit.place().line() + window + ")";
    }

    private static boolean isLong(Limit limit) {
        if (limit.window() instanceof Window.Length length) {
            return length.duration().compareTo(SHORT) > 0;
        }
        return limit.window() != null && limit.window() != Window.Calendar.MINUTE;
    }
}
