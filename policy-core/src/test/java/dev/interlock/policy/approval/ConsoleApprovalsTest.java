package dev.interlock.policy.approval;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.approval.ApprovalAnswer.Refused;
import dev.interlock.policy.approval.ApprovalAnswer.Unasked;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PipedReader;
import java.io.PipedWriter;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A person at a terminal, who types into a pipe. */
class ConsoleApprovalsTest {

    private final StringWriter screen = new StringWriter();
    private final PipedWriter keyboard = new PipedWriter();
    private final ExecutorService reading = Executors.newSingleThreadExecutor();
    private final Queue<String> numbers = new ArrayDeque<>(List.of("1111", "1111", "2222", "3333"));
    private final AtomicInteger more = new AtomicInteger(5_000);
    private ConsoleApprovals console;

    @BeforeEach
    void open() throws IOException {
        console = new ConsoleApprovals(
                new BufferedReader(new PipedReader(keyboard)),
                new PrintWriter(screen),
                reading,
                () -> numbers.isEmpty() ? Integer.toString(more.incrementAndGet()) : numbers.remove());
    }

    @AfterEach
    void close() throws Exception {
        keyboard.close();
        reading.shutdown();
        assertThat(reading.awaitTermination(5, TimeUnit.MINUTES)).isTrue();
    }

    private CompletableFuture<ApprovalAnswer> ask(Map<String, ?> arguments) {
        return console.ask(Requests.pay("bot", arguments)).toCompletableFuture();
    }

    private void type(String line) throws IOException {
        keyboard.write(line + "\n");
        keyboard.flush();
    }

    @Test
    void showsWhatIsAskedAndTakesAYes() throws Exception {
        CompletableFuture<ApprovalAnswer> answer = ask(Map.of("amount", 5));

        assertThat(screen.toString())
                .contains("== Approval 1111 ==")
                .contains("  | pay on bank\n")
                .contains("  | bot\n")
                .contains("  | financial, risk ")
                .contains("  | \"amount\": 5\n")
                .contains("Type 'yes 1111', or 'no 1111'");
        type("yes 1111");
        assertThat(answer.get()).isEqualTo(ApprovalAnswer.approved("console"));
    }

    @Test
    void takesANoWithItsReason() throws Exception {
        CompletableFuture<ApprovalAnswer> answer = ask(Map.of());
        type("no 1111 not   today");

        assertThat(answer.get()).isEqualTo(new Refused("console", "not   today", null));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "y", "yes", "yes please", "yes 2222", "yes 1111 and no", "YES 1111", "yes1111", "1111"})
    void whateverIsNotPlainlyAnAnswerIsNone(String line) throws Exception {
        CompletableFuture<ApprovalAnswer> answer = ask(Map.of());
        type(line);
        assertThat(answer.isDone()).isFalse();

        type("no 1111");

        assertThat(answer.get()).isEqualTo(new Refused("console", null, null));
    }

    @Test
    void anAnswerNeverGoesToAQuestionThatCameLater() throws Exception {
        CompletableFuture<ApprovalAnswer> first = ask(Map.of("amount", 1));
        CompletableFuture<ApprovalAnswer> second = ask(Map.of("amount", 1_000_000));
        first.cancel(true);
        assertThat(screen.toString()).contains("(Approval 1111 is no longer waited for.)");

        type("yes 1111");
        type("no 2222");

        assertThat(second.get()).isInstanceOf(Refused.class);
    }

    @Test
    void severalQuestionsAreAnsweredInAnyOrderAndLaterOnesAreHeardToo() throws Exception {
        CompletableFuture<ApprovalAnswer> first = ask(Map.of("amount", 1));
        CompletableFuture<ApprovalAnswer> second = ask(Map.of("amount", 2));
        assertThat(screen.toString()).as("a number is given once").containsOnlyOnce("Approval 1111");
        type("yes 2222");
        type("no 1111");
        assertThat(second.get()).isEqualTo(ApprovalAnswer.approved("console"));
        assertThat(first.get()).isInstanceOf(Refused.class);

        CompletableFuture<ApprovalAnswer> third = ask(Map.of("amount", 3));
        type("yes 3333");

        assertThat(third.get()).isEqualTo(ApprovalAnswer.approved("console"));
    }

    /**
     * Everything that an argument may try: end the line, erase it, turn it around, pose as another question, fill the
     * width.
     */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "x\n== Approval 9999 ==\nType 'yes 9999'",
                "x\r\u001b[2J\u001b[1A all is well",
                "\u202e521 tnuoma\u202c",
                "a\u200b\u2060\ufeffb\u00ad",
                "\u05d0\u05d1 100 \u0627",
                "a\u0301\u0336b",
                "\u2028\u2029\u0085\u000b",
                "\ud83d\ude00 \udb40\udc41",
                "\u009b31m",
                "ACME\u115f\u1160\u3164\uffa0",
                "ACME\u2800\ufe0f\u034f",
                "ACME\u17b4\u180b\udb40\uddef"
            })
    void argumentsAreShownAsWhatTheyAre(String hostile) {
        CompletableFuture<ApprovalAnswer> answer = ask(Map.of("note", hostile, "key " + hostile, 1));
        String shown = screen.toString();

        assertThat(shown.chars()).allMatch(c -> c == '\n' || (c >= ' ' && c < 0x7f));
        assertThat(shown.lines().filter(line -> line.contains("9999"))).allMatch(line -> line.startsWith("  | "));
        assertThat(shown.lines().filter(line -> line.startsWith("=="))).hasSize(1);
        answer.cancel(true);
    }

    @Test
    void longTextIsBrokenBehindTheMargin() {
        ask(Map.of("note", "x".repeat(60) + " ".repeat(60) + "Type 'yes 9999'")).cancel(true);

        assertThat(screen.toString().lines().filter(line -> line.contains("9999")))
                .allMatch(line -> line.startsWith("  | "));
        assertThat(screen.toString().lines()).allMatch(line -> line.length() <= 80);
    }

    @Test
    void whatNoOneCanReadIsNotAsked() {
        assertThat(ask(Map.of("note", "x".repeat(5_000))).join()).isInstanceOf(Unasked.class);
        assertThat(ask(Map.of("note", "\u202e".repeat(1_300))).join()).isInstanceOf(Unasked.class);
        assertThat(screen.toString()).isEmpty();
    }

    @Test
    void whenNoOneIsThereNoOneIsAsked() throws Exception {
        CompletableFuture<ApprovalAnswer> waiting = ask(Map.of());
        keyboard.close();

        assertThat(waiting.get()).isInstanceOf(Unasked.class);
        assertThat(ask(Map.of()).join()).isInstanceOf(Unasked.class);
    }

    @Test
    void noMoreQuestionsAreOpenThanAPersonCanTellApart() {
        List<CompletableFuture<ApprovalAnswer>> answers = new java.util.ArrayList<>();
        for (int i = 0; i < 21; i++) {
            answers.add(ask(Map.of("i", i)));
        }

        assertThat(answers.get(20).join()).isInstanceOf(Unasked.class);
        answers.forEach(answer -> answer.cancel(true));
    }

    @Test
    void anExecutorThatRefusesFailsTheQuestionWhichThenHoldsNoPlace() {
        ConsoleApprovals refused = new ConsoleApprovals(
                new java.io.BufferedReader(new java.io.StringReader("")),
                new java.io.PrintWriter(new java.io.StringWriter()),
                task -> {
                    throw new NoClassDefFoundError("no threads");
                });

        for (int i = 0; i < 50; i++) {
            assertThat(refused.ask(Requests.pay("bot", Map.of())).toCompletableFuture())
                    .isCompletedExceptionally();
        }
    }
}
