package dev.interlock.policy.cli.proxy;

import dev.interlock.policy.Limit;
import dev.interlock.policy.Place;
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
                    entry.rules()
                            .forEach(rule -> longest(rule)
                                    .ifPresent(window ->
                                            found.add("rule '" + rule.label() + "'" + at(file, rule.place(), window))));
                    entry.limits().stream()
                            .filter(limit -> isLong(limit.window()))
                            .forEach(limit -> found.add(named(file, limit)));
                });
        if (found.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of("the count of " + found.get(0)
                + (found.size() > 1 ? ", and of " + (found.size() - 1) + " more," : "")
                + " is kept in this process and begins anew with the next; --redis keeps it");
    }

    private static String named(String file, Limit limit) {
        return "limit '" + limit.counter() + "'" + at(file, limit.place(), limit.window());
    }

    private static String at(String file, Place place, Window window) {
        return " (" + file + ":" + place.line() + ", window " + window.text() + ")";
    }

    private static Optional<Window> longest(Rule rule) {
        Rule.Demands demands = rule.demands();
        List<Window> windows = new ArrayList<>();
        if (demands.rateLimit() != null) {
            windows.add(demands.rateLimit().window());
        }
        if (demands.state() != null) {
            windows.add(demands.state().window());
        }
        if (demands.spend() != null) {
            windows.addAll(demands.spend().caps().keySet());
        }
        return windows.stream().filter(LongLimits::isLong).findFirst();
    }

    private static boolean isLong(Window window) {
        if (window instanceof Window.Length length) {
            return length.duration().compareTo(SHORT) > 0;
        }
        return window != Window.Calendar.MINUTE;
    }
}
