package dev.interlock.policy.engine;

import dev.interlock.policy.value.Value;
import java.time.Duration;

/**
 * A question of the host's own about a value, which policies ask as {@code op: custom.<name>}.
 *
 * <p>The engine runs a predicate on threads of its own, never on the caller's, up to {@value #THREADS} questions at a
 * time for each predicate. It waits for the answer as long as the predicate's time limit says, and then interrupts the
 * thread. Whatever keeps a predicate from answering makes the condition invalid: an exception, the time limit, a queue
 * that is full. Each of these is reported to the {@link EngineListener}, and where it denies the call, the code is
 * {@link dev.interlock.policy.call.Decision.Code#PREDICATE}.
 *
 * <p>Answers are kept for one decision only. When a call is decided anew, for example after a person has approved it
 * with other arguments, the engine asks again.
 *
 * <p>Implementations must be thread-safe, and must treat what they are given as hostile: the caller chooses it.
 */
@FunctionalInterface
public interface CustomPredicate {

    /** How long an answer may take if the host doesn't say. */
    Duration DEFAULT_TIME_LIMIT = Duration.ofSeconds(1);

    /** How many questions to one predicate are answered at a time. */
    int THREADS = 16;

    /** How many questions to one predicate may wait for a thread, and how many one call may ask. */
    int MAX_QUESTIONS = 1_000;

    /**
     * Returns whether the condition holds.
     *
     * @param value what stands at the condition's path; never JSON null
     * @param operand the condition's {@code value}, or what stands at its {@code value_from}; JSON null if it has
     *     neither
     * @throws Exception if it can't tell
     */
    boolean test(Value value, Value operand) throws Exception;
}
