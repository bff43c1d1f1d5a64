package dev.interlock.policy.engine;

import dev.interlock.policy.Condition;
import dev.interlock.policy.value.Value;
import org.jspecify.annotations.Nullable;

/**
 * What a condition says of a value apart from any call: for those who look at policies and must not have a semantics of
 * their own. Immutable.
 */
public final class Comparison {

    private final Predicate predicate;

    private Comparison(Predicate predicate) {
        this.predicate = predicate;
    }

    /** The comparison that the condition makes. */
    public static Comparison of(Condition condition) {
        return new Comparison(Predicate.compile(condition.operator(), condition.operand()));
    }

    /**
     * Whether it holds of a value: it is true, neither false nor impossible.
     *
     * @param found what is found at the condition's path; null if nothing is
     */
    public boolean holds(@Nullable Value found) {
        return (found == null ? predicate.missing() : predicate.test(found)) == Truth.TRUE;
    }
}
