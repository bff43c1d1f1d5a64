package dev.interlock.policy.engine;

import dev.interlock.policy.Amount;
import dev.interlock.policy.Counter;
import dev.interlock.policy.Entry;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Path;
import dev.interlock.policy.RateLimit;
import dev.interlock.policy.Rule;
import dev.interlock.policy.Scope;
import dev.interlock.policy.limit.LimitRule;
import java.util.Objects;
import java.util.Optional;

/**
 * An entry with its body and its key. Its counters are named after these.
 *
 * @param body the body, where conditions find the counters of other entries
 * @param kind what kind of key it is
 * @param key the key: a tool's name, a glob, a category, a risk
 * @param entry the entry
 */
record CompiledEntry(CompiledBody body, Kind kind, String key, Entry entry) {

    /** The kinds of keys, with the start of their counters' paths. */
    enum Kind {
        TOOL,
        GLOB,
        CATEGORY,
        RISK,
        STAR,
        ALL_TOOLS;

        boolean isGlobal() {
            return this == STAR || this == ALL_TOOLS;
        }
    }

    /** The scope of counters that don't specify one. */
    Scope defaultScope() {
        return kind.isGlobal() ? Scope.GLOBAL : Scope.TOOL;
    }

    /** Whether a path names this entry's own counter {@code counter}. */
    boolean isOwnCounter(Path path, String counter) {
        return path.root() == Path.Root.STATE
                && path.member(1).equals(counter)
                && path.member(0).equals(owner());
    }

    /** How the paths of this entry's counters begin after {@code state}. */
    private String owner() {
        return switch (kind) {
            case TOOL -> key;
            case GLOB, CATEGORY, RISK -> "tool";
            case STAR, ALL_TOOLS -> "_global";
        };
    }

    /**
     * The counter that a condition of this entry reads when {@code tool} is called.
     *
     * @throws IllegalArgumentException if no rule defines it
     */
    CounterReference counter(Path path, String tool) {
        String counter = path.member(1);
        if (path.member(0).equals(owner())) {
            Optional<CounterReference> own = ownCounter(counter, tool);
            if (own.isPresent()) {
                return own.get();
            }
        }
        return body.counter(path)
                .orElseThrow(() -> new IllegalArgumentException(
                        "no rule defines the counter that " + entry.place().path() + " reads: " + path));
    }

    Optional<CounterReference> ownCounter(String counter, String tool) {
        for (int i = 0; i < entry.rules().size(); i++) {
            Rule.Demands demands = entry.rules().get(i).demands();
            Counter state = demands.state();
            if (state != null && state.name().equals(counter)) {
                return Optional.of(new CounterReference(
                        limitName(counterName(counter), tool, defaultScope()),
                        new LimitRule.FixedWindow(null, state.window()),
                        defaultScope()));
            }
            RateLimit rate = demands.rateLimit();
            if (rate != null && rate.shorthand() && shorthandName(rate).equals(counter)) {
                return Optional.of(new CounterReference(
                        limitName(counterName(counter), tool, rate.scope()),
                        LimitRules.of(rate.algorithm(), Amount.of(rate.max()), rate.window()),
                        rate.scope()));
            }
        }
        for (Limit limit : entry.limits()) {
            if (limit.counter().equals(counter)) {
                return Optional.of(new CounterReference(
                        limitName(counterName(counter), tool, limit.scope()),
                        LimitRules.of(limit.algorithm(), limit.max(), limit.window()),
                        limit.scope()));
            }
        }
        return Optional.empty();
    }

    /** The name under which a rate limit counts. */
    String rateName(RateLimit rate, Rule rule, int index) {
        return rate.shorthand() ? counterName(shorthandName(rate)) : ruleName("rate", rule, index);
    }

    private static String shorthandName(RateLimit rate) {
        return "_rate_" + rate.window().text();
    }

    /**
     * A name for what a rule counts: from the rule's name, which stays the same if rules are reordered, or else from
     * its position.
     */
    String ruleName(String what, Rule rule, int index) {
        String name = rule.name();
        if (name == null) {
            // Not ':' alone, because a rule may be called '0'.
            return what + ":/" + index;
        }
        long before = entry.rules().subList(0, index).stream()
                .filter(other -> Objects.equals(other.name(), name))
                .count();
        String base = what + ":" + encode(name);
        return before == 0 ? base : base + ":" + before;
    }

    /** The name under which a counter counts. */
    static String counterName(String counter) {
        return encode(counter);
    }

    /**
     * The key of a limit of this entry when {@code tool} is called. Parts that people choose are encoded, so that two
     * different limits never get the same key.
     *
     * @param local the limit's name within the entry, encoded
     */
    String limitName(String local, String tool, Scope scope) {
        String base = body.prefix() + keyName() + "#" + local;
        return switch (scope) {
            case SESSION, IDENTITY -> base + "@" + encode(tool) + "/" + scope.text();
            case TOOL -> base + "@" + encode(tool);
            case ENTRY, GLOBAL -> base;
        };
    }

    private String keyName() {
        return switch (kind) {
            case TOOL, GLOB -> "tools." + encode(key);
            case CATEGORY -> "categories." + encode(key);
            case RISK -> "risks." + encode(key);
            case STAR -> "tools.*";
            case ALL_TOOLS -> "all_tools";
        };
    }

    static String encode(String text) {
        StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if ("%#@/:".indexOf(c) >= 0) {
                out.append('%').append(Integer.toHexString(c));
            } else {
                out.append(c);
            }
        }
        return out.toString();
    }
}
