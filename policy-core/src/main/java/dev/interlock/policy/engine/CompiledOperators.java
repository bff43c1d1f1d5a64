package dev.interlock.policy.engine;

import dev.interlock.policy.Condition;
import dev.interlock.policy.Operand;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The compiled operators of a policy, shared by all conditions that ask the same. Callers choose the names of tools,
 * and a pattern that is compiled again for the plan of each name takes much memory.
 */
final class CompiledOperators {

    private final Map<Question, Predicate> predicates = new ConcurrentHashMap<>();
    private final Map<RelationKey, Relation> relations = new ConcurrentHashMap<>();

    /** The predicate of a condition whose operand is a value of the policy. */
    Predicate predicate(Condition condition) {
        Question question = new Question(condition.operator(), condition.operand());
        Predicate known = predicates.get(question);
        if (known == null) {
            known = Predicate.compile(condition.operator(), condition.operand());
            predicates.put(question, known);
        }
        return known;
    }

    /** The relation of a condition whose operand is a value of the call. */
    Relation relation(Condition condition) {
        RelationKey key =
                new RelationKey(condition.path().root(), new Question(condition.operator(), condition.operand()));
        Relation known = relations.get(key);
        if (known == null) {
            known = Relation.compile(condition);
            Relation earlier = relations.putIfAbsent(key, known);
            known = earlier == null ? known : earlier;
        }
        return known;
    }

    /**
     * What a condition asks of a value. The equals and hashCode methods here, and in other keys needed for the first
     * decision, are written by hand: the JVM generates those of a record on first use, which takes milliseconds.
     */
    private record Question(Operator operator, Operand operand) {

        @Override
        public int hashCode() {
            return 31 * operator.hashCode() + operand.hashCode();
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Question question
                    && operator == question.operator
                    && operand.equals(question.operand);
        }
    }

    /** A question whose answer also depends on who said the value that it is asked of. */
    private record RelationKey(Path.Root root, Question question) {}
}
