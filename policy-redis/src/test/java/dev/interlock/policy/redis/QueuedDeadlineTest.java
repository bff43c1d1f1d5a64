package dev.interlock.policy.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class QueuedDeadlineTest {

    private static final Duration SHORT = Duration.ofMillis(2);

    private final QueuedDeadline deadline = new QueuedDeadline();

    private CompletableFuture<String> awaited() {
        CompletableFuture<String> answer = new CompletableFuture<>();
        deadline.set(answer, SHORT);
        return answer;
    }

    /** An answer that came before its deadline, however long this thread was kept from running in between. */
    private CompletableFuture<String> come() {
        CompletableFuture<String> answer = awaited();
        while (!answer.complete("yes")) {
            answer = awaited();
        }
        return answer;
    }

    private static void isLate(CompletableFuture<?> answer) {
        assertThatThrownBy(() -> answer.get(RedisServer.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(TimeoutException.class);
    }

    @Test
    void anAnswerThatDoesNotComeFailsAndOneThatHasComeStays() {
        CompletableFuture<String> late = awaited();
        CompletableFuture<String> come = come();
        CompletableFuture<String> last = awaited();
        isLate(late);
        isLate(last);
        assertThat(come.join()).isEqualTo("yes");
    }

    @Test
    void afterASilenceDeadlinesPassAsBefore() {
        isLate(awaited());
        isLate(awaited());
        assertThat(come()).isCompleted();
        isLate(awaited());
    }

    @RepeatedTest(20)
    void manyThreadsLoseNoDeadline() {
        List<CompletableFuture<String>> answers = IntStream.range(0, 2_000)
                .parallel()
                .mapToObj(i -> {
                    CompletableFuture<String> answer = awaited();
                    if (i % 2 == 0) {
                        answer.complete("yes");
                    }
                    return answer;
                })
                .toList();
        for (CompletableFuture<String> answer : answers) {
            if (answer.isDone() && !answer.isCompletedExceptionally()) {
                assertThat(answer.join()).isEqualTo("yes");
            } else {
                isLate(answer);
            }
        }
    }
}
