package dev.interlock.policy.testing;

import dev.interlock.policy.engine.Explanation;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The result of a case.
 *
 * @param name the case's name
 * @param line its line in the file
 * @param calls how many calls were made
 * @param took how long it took
 * @param failure the first call that was not decided as expected; empty if all were
 */
public record CaseResult(String name, int line, int calls, Duration took, Optional<Failure> failure) {

    /** Whether every call was decided as expected. */
    public boolean passed() {
        return failure.isEmpty();
    }

    /**
     * A call that was not decided as expected.
     *
     * @param line the call's line in the file
     * @param tool the called tool, or the method of another request
     * @param repetition which of the call's repetitions, from 1; 0 if it isn't repeated
     * @param differences the differences, one on each line
     * @param explanation how the decision was made; null if the call could not be made, and for another request
     */
    public record Failure(
            int line,
            String tool,
            int repetition,
            List<String> differences,
            @Nullable Explanation explanation) {

        /** Copies the list. */
        public Failure {
            differences = List.copyOf(differences);
        }

        /** Which call it is, and what differs. */
        public String message() {
            return "line " + line + ", call to " + tool + (repetition == 0 ? "" : ", the " + ordinal(repetition)) + ": "
                    + String.join("; ", differences);
        }

        private static String ordinal(int n) {
            int tens = n % 100;
            return n
                    + switch (tens >= 11 && tens <= 13 ? 0 : n % 10) {
                        case 1 -> "st";
                        case 2 -> "nd";
                        case 3 -> "rd";
                        default -> "th";
                    }
                    + " time";
        }
    }
}
