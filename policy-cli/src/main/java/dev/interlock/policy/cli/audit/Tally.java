package dev.interlock.policy.cli.audit;

import dev.interlock.policy.cli.io.Count;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Counts how often each of some things occurs. Things beyond a bound are counted together, so that the sum is always
 * right.
 */
final class Tally<T> {

    private final int bound;
    private final UnaryOperator<T> others;
    private final Map<T, Long> counts = new HashMap<>();
    private long total;

    /**
     * @param bound the number of things that are counted one by one
     * @param others returns the thing under which another one is counted
     */
    Tally(int bound, UnaryOperator<T> others) {
        this.bound = bound;
        this.others = others;
    }

    void add(T thing) {
        total++;
        counts.merge(counts.size() < bound || counts.containsKey(thing) ? thing : others.apply(thing), 1L, Long::sum);
    }

    /** Takes back one that was added. */
    void remove(T thing) {
        total--;
        T counted = counts.containsKey(thing) ? thing : others.apply(thing);
        counts.computeIfPresent(counted, (key, count) -> count == 1 ? null : count - 1);
    }

    long total() {
        return total;
    }

    /** A thing, and how often it occurred. */
    record Counted<T>(T thing, long count) {}

    /** The most frequent things, at most this many. */
    List<Counted<T>> top(int most) {
        return counts.entrySet().stream()
                .map(entry -> new Counted<>(entry.getKey(), entry.getValue()))
                .sorted(Comparator.<Counted<T>>comparingLong(Counted::count)
                        .reversed()
                        .thenComparing(counted -> counted.thing().toString()))
                .limit(most)
                .toList();
    }

    /** Adds a paragraph: the total, the most frequent things, and the rest together. Adds nothing if there are none. */
    void append(StringBuilder out, String title, int most, Function<T, String> text) {
        if (total == 0) {
            return;
        }
        out.append("\n\n").append(title).append(": ").append(Count.number(total));
        List<Counted<T>> top = top(most);
        for (Counted<T> each : top) {
            out.append(String.format("%n%8s  %s", Count.number(each.count()), text.apply(each.thing())));
        }
        if (counts.size() > top.size()) {
            long rest = total - top.stream().mapToLong(Counted::count).sum();
            out.append(String.format(
                    "%n%8s  and %s", Count.number(rest), Count.of(counts.size() - top.size(), "more kind")));
        }
    }
}
