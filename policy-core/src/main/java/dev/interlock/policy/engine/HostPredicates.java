package dev.interlock.policy.engine;

import dev.interlock.policy.Condition;
import dev.interlock.policy.Policy;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.HostAnswers.HostQuestion;
import dev.interlock.policy.time.Alarm;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The predicates that a host has given to its engine, and the threads that they run on. Thread-safe. */
final class HostPredicates {

    private static final Duration IDLE = Duration.ofSeconds(10);

    private final Map<String, Given> given;
    private final Alarm alarm;
    private final EngineListener listener;

    /**
     * What a call goes on with when it has its answers. Neither a predicate's thread, which others wait for, nor one of
     * the alarm, since a call may go on into code of the host's that blocks.
     */
    private final Executor goingOn = threads("interlock-answered", 0, Integer.MAX_VALUE, new SynchronousQueue<>());

    HostPredicates(Map<String, Given> given, Alarm alarm, EngineListener listener) {
        this.given = Map.copyOf(given);
        this.alarm = alarm;
        this.listener = listener;
    }

    private static ThreadPoolExecutor threads(String name, int core, int most, BlockingQueue<Runnable> queue) {
        AtomicInteger count = new AtomicInteger();
        return new ThreadPoolExecutor(core, most, IDLE.toSeconds(), TimeUnit.SECONDS, queue, task -> {
            Thread thread = new Thread(task, name + "-" + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * A predicate with its own threads, so that one that hangs doesn't keep others from answering. A question is handed
     * to them without a lock, since those who ask may be on threads that must not block.
     */
    static final class Given {
        private final CustomPredicate predicate;
        private final Duration timeLimit;
        private final ThreadPoolExecutor threads;
        private final AtomicInteger questions = new AtomicInteger();

        Given(String name, CustomPredicate predicate, Duration timeLimit) {
            this.predicate = Objects.requireNonNull(predicate, "predicate");
            this.timeLimit = timeLimit;
            this.threads = threads(
                    "interlock-custom-" + name,
                    CustomPredicate.THREADS,
                    CustomPredicate.THREADS,
                    new LinkedTransferQueue<>());
            threads.allowCoreThreadTimeOut(true);
        }

        /** Runs a task when a thread is free. Does nothing and returns false if too many are waiting for one. */
        boolean run(Runnable task) {
            if (questions.incrementAndGet() > CustomPredicate.THREADS + CustomPredicate.MAX_QUESTIONS) {
                questions.decrementAndGet();
                return false;
            }
            boolean taken = false;
            try {
                threads.execute(() -> {
                    try {
                        task.run();
                    } finally {
                        questions.decrementAndGet();
                    }
                });
                taken = true;
            } finally {
                if (!taken) {
                    questions.decrementAndGet();
                }
            }
            return true;
        }
    }

    /**
     * Checks that the host has given every predicate that a policy asks, and that only calls to tools ask any.
     *
     * @throws IllegalArgumentException if that is not so; the message says which predicate and where
     */
    void require(Policy policy) {
        policy.methodEntries().values().stream()
                .flatMap(entry -> entry.conditions().stream())
                .forEach(HostPredicates::requireNone);
        policy.entries().flatMap(entry -> entry.conditions().stream()).forEach(this::require);
    }

    private static void requireNone(Condition condition) {
        if (condition.operand().predicate() != null) {
            throw new IllegalArgumentException("the policy asks " + condition.operatorText() + " at "
                    + condition.place() + ", and only calls to tools can ask the host; take it out of 'methods'");
        }
    }

    private void require(Condition condition) {
        String name = condition.operand().predicate();
        if (name != null && !given.containsKey(name)) {
            throw new IllegalArgumentException("the policy asks " + condition.operatorText() + " at "
                    + condition.place() + ", and this engine was given no predicate of that name; give it:"
                    + " PolicyEngine.builder(policy).predicate(\"" + name + "\", …)");
        }
    }

    /**
     * Makes a check until all that it asks the host is answered, and returns its result. Blocks until then.
     *
     * @param check a pure function of what it is given
     */
    <T> T checkNow(ToolCall call, CounterSnapshot counters, Function<CounterSnapshot, T> check) {
        HostAnswers answers = new HostAnswers();
        CounterSnapshot all = counters.with(answers);
        while (true) {
            T result = check.apply(all);
            List<HostQuestion> open = answers.takeOpen();
            if (open.isEmpty()) {
                return result;
            }
            List<CompletableFuture<Truth>> asked = askAll(call, open);
            for (int i = 0; i < asked.size(); i++) {
                answers.add(open.get(i), await(asked.get(i)));
            }
        }
    }

    /** The answer; invalid if the caller's thread is interrupted before it is there. */
    private static Truth await(CompletableFuture<Truth> answer) {
        try {
            return answer.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Truth.INVALID;
        } catch (ExecutionException e) {
            throw new IllegalStateException("an answer never fails", e);
        }
    }

    /** Does the same without blocking the caller. */
    <T> CompletionStage<T> check(ToolCall call, CounterSnapshot counters, Function<CounterSnapshot, T> check) {
        HostAnswers answers = new HostAnswers();
        return check(call, counters.with(answers), answers, check);
    }

    private <T> CompletionStage<T> check(
            ToolCall call, CounterSnapshot all, HostAnswers answers, Function<CounterSnapshot, T> check) {
        while (true) {
            T result = check.apply(all);
            List<HostQuestion> open = answers.takeOpen();
            if (open.isEmpty()) {
                return CompletableFuture.completedFuture(result);
            }
            List<CompletableFuture<Truth>> asked = askAll(call, open);
            CompletableFuture<Void> answered = CompletableFuture.allOf(asked.toArray(CompletableFuture<?>[]::new));
            if (!answered.isDone()) {
                return answered.thenComposeAsync(
                        done -> {
                            answers.addAll(open, asked);
                            return check(call, all, answers, check);
                        },
                        goingOn);
            }
            answers.addAll(open, asked);
        }
    }

    private List<CompletableFuture<Truth>> askAll(ToolCall call, List<HostQuestion> open) {
        List<CompletableFuture<Truth>> asked = new ArrayList<>(open.size());
        for (HostQuestion question : open) {
            asked.add(ask(call, question));
        }
        return asked;
    }

    /** Asks one question. The future never fails. */
    private CompletableFuture<Truth> ask(ToolCall call, HostQuestion question) {
        Asking asking = new Asking(call, question);
        Given predicate = given.get(question.predicate());
        if (predicate == null) {
            asking.answer.complete(Truth.INVALID); // The policy would have been refused.
            return asking.answer;
        }
        FutureTask<@Nullable Void> running = new FutureTask<>(() -> asking.run(predicate.predicate), null);
        if (!predicate.run(running)) {
            asking.fail(new RejectedExecutionException("too many questions wait for an answer"));
            return asking.answer;
        }
        Runnable stop = alarm.in(
                predicate.timeLimit,
                () -> asking.fail(
                        new TimeoutException("no answer within " + predicate.timeLimit), () -> running.cancel(true)));
        CompletionStage<Truth> end = asking.answer;
        end.thenRun(stop);
        return asking.answer;
    }

    /** A question that is being answered. The first that ends it decides. */
    private final class Asking {
        private final ToolCall call;
        private final HostQuestion question;
        private final CompletableFuture<Truth> answer = new CompletableFuture<>();
        private final AtomicBoolean ended = new AtomicBoolean();

        Asking(ToolCall call, HostQuestion question) {
            this.call = call;
            this.question = question;
        }

        void run(CustomPredicate predicate) {
            Truth said;
            try {
                said = Truth.of(predicate.test(question.value(), question.operand()));
            } catch (Throwable e) {
                fail(e);
                return;
            }
            if (ended.compareAndSet(false, true)) {
                answer.complete(said);
            }
        }

        void fail(Throwable failure) {
            fail(failure, () -> {});
        }

        /**
         * Ends the question without an answer, unless it has one. What kept the predicate from answering is reported
         * before anybody goes on without the answer.
         *
         * @param stop ends the predicate's work
         */
        void fail(Throwable failure, Runnable stop) {
            if (ended.compareAndSet(false, true)) {
                stop.run();
                listener.predicateFailed(call, question.predicate(), failure);
                answer.complete(Truth.INVALID);
            }
        }
    }
}
