package dev.interlock.policy.approval;

import java.io.BufferedReader;
import java.io.PrintWriter;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Asks the person at a terminal. Each question is shown when it arises. The person types {@code yes} or {@code no} with
 * the question's number. The number is random, so an answer never goes to a different question than the one that was
 * read. An agent can't know a number, so nothing in its arguments can pose as a question.
 *
 * <p>If the arguments are too long to be read, no one is asked and the call is denied.
 *
 * <p>Reading blocks, so the host supplies an executor. It runs one task at a time, and only while questions are open or
 * a line is awaited. Thread-safe.
 */
public final class ConsoleApprovals implements ApprovalHandler {

    /** The most questions that are shown at the same time. A person can't keep more apart. */
    private static final int MAX_OPEN = 20;

    private final BufferedReader in;
    private final PrintWriter out;
    private final Executor reading;
    private final Supplier<String> numbers;

    private final Map<String, CompletableFuture<ApprovalAnswer>> open = new HashMap<>();
    private boolean listening;
    private boolean gone;

    /**
     * Creates a handler that asks at a terminal.
     *
     * @param in what the person types
     * @param out what the person sees
     * @param reading where the lines are read; one thread is enough, and it should be a daemon
     */
    public ConsoleApprovals(BufferedReader in, PrintWriter out, Executor reading) {
        this(in, out, reading, new Numbers());
    }

    ConsoleApprovals(BufferedReader in, PrintWriter out, Executor reading, Supplier<String> numbers) {
        this.in = in;
        this.out = out;
        this.reading = reading;
        this.numbers = numbers;
    }

    private static final class Numbers implements Supplier<String> {
        private final SecureRandom random = new SecureRandom();

        @Override
        public String get() {
            return Integer.toString(1_000 + random.nextInt(9_000));
        }
    }

    @Override
    public CompletionStage<ApprovalAnswer> ask(ApprovalRequest request) {
        String text = ApprovalText.readable(request);
        if (text == null) {
            return unasked("its arguments are too long for a person to read");
        }
        CompletableFuture<ApprovalAnswer> answer = new CompletableFuture<>();
        String number;
        boolean begin;
        synchronized (this) {
            if (gone) {
                return unasked("no one is at the console");
            }
            if (open.size() >= MAX_OPEN) {
                return unasked("too many questions are open at the console already");
            }
            number = numbers.get();
            while (open.containsKey(number)) {
                number = numbers.get();
            }
            open.put(number, answer);
            begin = !listening;
            listening = true;
        }
        String asked = number;
        CompletionStage<ApprovalAnswer> closing = answer;
        closing.whenComplete((given, failure) -> closed(asked, failure != null));
        say(question(request, number, text));
        if (begin) {
            begin(answer);
        }
        return answer;
    }

    /**
     * Starts reading. If that fails, the first question fails and occupies no place. Questions that came meanwhile are
     * read with the next one.
     */
    private void begin(CompletableFuture<ApprovalAnswer> first) {
        try {
            reading.execute(this::listen);
        } catch (Throwable e) {
            synchronized (this) {
                listening = false;
            }
            first.completeExceptionally(e);
        }
    }

    /** The person sees every rule, and answers for all. */
    @Override
    public boolean asksForAllRules() {
        return true;
    }

    private static CompletionStage<ApprovalAnswer> unasked(String reason) {
        return CompletableFuture.completedFuture(new ApprovalAnswer.Unasked(reason));
    }

    // ---- what the person sees

    private static String question(ApprovalRequest request, String number, String text) {
        return "\n== Approval " + number + " ==\n" + text + "Type 'yes " + number + "', or 'no " + number
                + "' and a reason if you like, within "
                + Math.max(1, request.patience().toSeconds()) + " s.\n";
    }

    private void say(String text) {
        synchronized (out) {
            out.print(text);
            out.flush();
        }
    }

    private void closed(String number, boolean withdrawn) {
        synchronized (this) {
            open.remove(number);
        }
        if (withdrawn) {
            say("(Approval " + number + " is no longer waited for.)\n");
        }
    }

    // ---- what the person types

    private void listen() {
        try {
            boolean more = true;
            while (more) {
                String line = in.readLine();
                if (line == null) {
                    leave().forEach(answer -> answer.complete(new ApprovalAnswer.Unasked("no one is at the console")));
                    return;
                }
                more = heard(line.strip());
            }
        } catch (Throwable e) {
            leave().forEach(answer -> answer.completeExceptionally(e));
        }
    }

    /** The person has left. Returns the questions that are still open. */
    private synchronized List<CompletableFuture<ApprovalAnswer>> leave() {
        gone = true;
        return List.copyOf(open.values());
    }

    /** Processes a line. Returns whether to read another one. */
    private boolean heard(String line) {
        String[] words = line.split("\\s+", 3);
        CompletableFuture<ApprovalAnswer> answer = words.length < 2 ? null : find(words[1]);
        if (answer != null && words[0].equals("yes") && words.length == 2) {
            answer.complete(ApprovalAnswer.approved("console"));
        } else if (answer != null && words[0].equals("no")) {
            answer.complete(ApprovalAnswer.refused("console", words.length == 3 ? words[2] : null));
        } else if (!line.isEmpty()) {
            say("Nothing was answered: type 'yes' or 'no' and the number of an open approval.\n");
        }
        synchronized (this) {
            listening = !open.isEmpty();
            return listening;
        }
    }

    private synchronized @Nullable CompletableFuture<ApprovalAnswer> find(String number) {
        return open.get(number);
    }
}
