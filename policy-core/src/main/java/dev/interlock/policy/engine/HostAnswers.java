package dev.interlock.policy.engine;

import dev.interlock.policy.value.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What the host's predicates have said about one call. A check that needs an answer that is not there yet notes the
 * question and goes on as if it were invalid; it is made again when the answer is there. Not thread-safe.
 */
final class HostAnswers {

    /**
     * One question: the predicate's name, the value and what the condition compares it with. Values that are spelt
     * differently, such as 1 and 1.0, are two questions, since a predicate may tell them apart.
     */
    record HostQuestion(String predicate, Value value, Value operand) {

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof HostQuestion question
                    && predicate.equals(question.predicate)
                    && isSame(value, question.value)
                    && isSame(operand, question.operand);
        }

        @Override
        public int hashCode() {
            return 31 * (31 * predicate.hashCode() + value.hashCode()) + operand.hashCode();
        }

        private static boolean isSame(Value one, Value other) {
            return one.equals(other) && one.json().equals(other.json());
        }
    }

    /** The answers. Invalid is what no answer came to. */
    private final Map<HostQuestion, Truth> known = new HashMap<>();

    private final Set<HostQuestion> open = new LinkedHashSet<>();

    /** The answer; invalid if there is none, or none yet. */
    Truth of(HostQuestion question) {
        Truth answer = known.get(question);
        if (answer != null) {
            return answer;
        }
        if (known.size() + open.size() < CustomPredicate.MAX_QUESTIONS) {
            open.add(question);
        }
        return Truth.INVALID;
    }

    /** The questions that have been noted since this was asked last. */
    List<HostQuestion> takeOpen() {
        List<HostQuestion> taken = new ArrayList<>(open);
        open.clear();
        return taken;
    }

    void add(HostQuestion question, Truth answer) {
        known.put(question, answer);
    }

    /** Adds answers that are there, one for each question. */
    void addAll(List<HostQuestion> questions, List<CompletableFuture<Truth>> answers) {
        for (int i = 0; i < questions.size(); i++) {
            add(questions.get(i), answers.get(i).join());
        }
    }
}
