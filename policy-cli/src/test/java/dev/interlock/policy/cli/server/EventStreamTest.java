package dev.interlock.policy.cli.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.cli.Interlock;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Mono;

class EventStreamTest {

    private static final int LONGEST = 1 << 20;

    private final EventStream stream = new EventStream(LONGEST);
    private final List<String> taken = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();

    private void read(String text) throws IOException {
        JsonRpc json = new JsonRpc();
        stream.read(
                new ByteArrayInputStream(Interlock.utf8(text)),
                new Incoming(
                        json,
                        messages -> messages.doOnNext(message ->
                                        taken.add(new String(json.write(message), StandardCharsets.UTF_8).strip()))
                                .onErrorResume(failure -> Mono.empty()),
                        line -> {},
                        line -> {},
                        problems::add,
                        LONGEST));
    }

    private static String message(String method) {
        return "{\"jsonrpc\":\"2.0\",\"method\":\"" + method + "\"}";
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "data: @N                             | 1",
                "data:@N                              | 1",
                "event: message;data: @N              | 1",
                "event:message;id: 1;data: @N;: hello | 1",
                "event: endpoint;data: @N             | 0",
                "event: ping;data: @N;;data: @N       | 1",
                ": only a comment                     | 0",
                "date: @N                             | 0",
                "data                                 | 0",
                "id: 7                                | 0",
                "data: {;data: \"jsonrpc\":\"2.0\",;data: \"method\":\"a\"} | 1",
            })
    void onlyEventsThatAreMessagesAreTaken(String lines, int messages) throws IOException {
        for (String end : List.of("\n", "\r\n")) {
            taken.clear();
            read(lines.replace("@N", message("a")).replace(";", end) + end + end);
            assertThat(taken).as(lines).hasSize(messages).allMatch(message("a")::equals);
        }
        assertThat(problems).isEmpty();
    }

    @Test
    void anEventThatIsNotEndedIsNone() throws IOException {
        read("data: " + message("a") + "\n\ndata: " + message("b") + "\n");

        assertThat(taken).containsExactly(message("a"));
    }

    @Test
    void aMarkAtTheBeginningIsPassedOver() throws IOException {
        read("\ufeffdata: " + message("a") + "\n\n");

        assertThat(taken).containsExactly(message("a"));
    }

    @Test
    void aMessageThatIsTooLongIsToldOfAndTheNextOneIsTaken() throws IOException {
        String half = "data: \"" + "x".repeat(LONGEST / 2 + 10) + "\",\n";
        read("data: [\n" + half + half + "\ndata: " + message("a") + "\n\ndata: " + "x".repeat(LONGEST + 1)
                + "\n\ndata: " + message("b") + "\n\n");

        assertThat(taken).containsExactly(message("a"), message("b"));
        assertThat(problems).hasSize(2).allMatch(problem -> problem.contains("longer than 1 MiB"));
    }

    @Test
    void whatIsSentBackInAHeaderHasNoLineBreaksAndAPauseIsBounded() throws IOException {
        read("id: 7\nretry: 20\ndata: x\n\nid: a\u0001b\nretry: soon\n\nretry: -5\nid: \u00e9\n\n");

        assertThat(stream.lastId()).isEqualTo("7");
        assertThat(stream.retryMillis()).isEqualTo(20);

        read("retry: 999999999\n\n");
        assertThat(stream.retryMillis()).isEqualTo(30_000);
    }
}
