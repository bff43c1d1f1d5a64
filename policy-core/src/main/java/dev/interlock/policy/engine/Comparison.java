package dev.interlock.policy.engine;

import dev.interlock.policy.Condition;
import dev.interlock.policy.value.Value;
import org.jspecify.annotations.Nullable;

/**
 * What a condition says about a value, apart from any call. Tools that inspect policies use this, so that they need no
 * semantics of their own. Immutable.
 */
public final class Comparison {

    private final Predicate predicate;

    private Comparison(Predicate predicate) {
        this.predicate = predicate;
    }

    /**
     * Returns the comparison that the condition makes.
     *
     * @throws RuntimeException if the policy alone doesn't say it: see {@link dev.interlock.policy.Operand#isFixed}
     */
    public static Comparison of(Condition condition) {
        return new Comparison(Predicate.compile(condition.operator(), condition.operand()));
    }

    /**
     * Returns whether the comparison holds for a value: it is true, neither false nor impossible.
     *
     * @param found the value at the condition's path; null if there is none
     */
    public boolean holds(@Nullable Value found) {
        return truth(found) == Truth.TRUE;
    }

    /**
     * Returns whether the comparison plainly doesn't hold for a value: it is false, neither true nor impossible.
     *
     * @param found the value at the condition's path; null if there is none
     */
    public boolean fails(@Nullable Value found) {
        return truth(found) == Truth.FALSE;
    }

    private Truth truth(@Nullable Value found) {
        return found == null ? predicate.missing() : predicate.test(found);
    }
}
