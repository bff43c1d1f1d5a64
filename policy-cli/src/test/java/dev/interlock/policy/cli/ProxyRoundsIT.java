package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A call that its server asks to be made again, through the proxy, over the pipes of real processes. */
class ProxyRoundsIT {

    @TempDir
    private Path directory;

    /** Asks twice for input, and then answers the call. */
    static final class InquiringServer {
        private static final Pattern ID = Pattern.compile("\"id\":(\\d+)");
        private static final Pattern STATE = Pattern.compile("\"requestState\":\"s(\\d)\"");

        public static void main(String... args) throws IOException {
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                Matcher id = ID.matcher(line);
                if (!line.contains("tools/call") || !id.find()) {
                    continue;
                }
                Matcher state = STATE.matcher(line);
                int rounds = state.find() ? Integer.parseInt(state.group(1)) : 0;
                String result = rounds == 2
                        ? "{\"resultType\":\"complete\",\"content\":[]}"
                        : "{\"resultType\":\"input_required\",\"requestState\":\"s" + (rounds + 1)
                                + "\",\"inputRequests\":{\"q\":{\"method\":\"elicitation/create\",\"params\":{}}}}";
                System.out.println("{\"jsonrpc\":\"2.0\",\"id\":" + id.group(1) + ",\"result\":" + result + "}");
            }
        }
    }

    /** The answers to calls that are made one after another with these states. */
    private List<String> answers(String policy, String... states) throws Exception {
        List<String> args = new ArrayList<>(List.of("proxy", "policy.yaml", "--audit", "audit.jsonl", "--"));
        args.addAll(Interlock.java());
        args.add(InquiringServer.class.getName());
        Process proxy = new Interlock(directory)
                .file("policy.yaml", policy)
                .builder(args.toArray(String[]::new))
                .redirectError(directory.resolve("err").toFile())
                .start();
        List<String> answers = new ArrayList<>();
        try (OutputStream out = proxy.getOutputStream();
                BufferedReader in =
                        new BufferedReader(new InputStreamReader(proxy.getInputStream(), StandardCharsets.UTF_8))) {
            for (String state : states) {
                String more = state.isEmpty()
                        ? ""
                        : ",\"requestState\":\"" + state + "\",\"inputResponses\":{\"q\":{\"action\":\"accept\"}}";
                String call = "{\"jsonrpc\":\"2.0\",\"id\":" + (answers.size() + 1)
                        + ",\"method\":\"tools/call\",\"params\":{\"name\":\"book\",\"arguments\":{\"room\":7}" + more
                        + "}}\n";
                out.write(Interlock.utf8(call));
                out.flush();
                answers.add(in.readLine());
            }
        }
        assertThat(proxy.waitFor(Interlock.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        return answers;
    }

    @Test
    void severalRoundsAreChargedAndSettledOnce() throws Exception {
        List<String> answers = answers("""
                version: "1"
                tools:
                  book:
                    rules:
                      - name: seldom
                        rate_limit: 1/day
                """, "", "s1", "s2", "s2", "");

        assertThat(answers.get(0)).contains("input_required");
        assertThat(answers.get(1)).contains("input_required");
        assertThat(answers.get(2)).contains("complete").doesNotContain("isError");
        assertThat(answers.get(3)).as("a state that was used").contains("[POLICY DENIED]");
        assertThat(answers.get(4)).as("a second call").contains("[POLICY DENIED]");
        List<String> log = Files.readAllLines(directory.resolve("audit.jsonl"));
        assertThat(log)
                .filteredOn(line -> line.contains("\"event\":\"settlement\""))
                .hasSize(1);
        assertThat(log).filteredOn(line -> line.contains("\"round\":")).hasSize(2);
        assertThat(new Interlock(directory).run("audit", "stats", "audit.jsonl").out())
                .contains("3 calls");
    }

    @Test
    void aServerThatMayNotAskEndsTheCallAsDeniedAndReplayFindsTheSame() throws Exception {
        String policy = """
                version: "1"
                tools:
                  book: {rounds: 0}
                """;
        List<String> answers = answers(policy, "", "s2");

        assertThat(answers.get(0)).contains("[POLICY DENIED] ", "rounds").doesNotContain("inputRequests");
        assertThat(answers.get(1)).contains("complete").doesNotContain("isError");
        List<String> log = Files.readAllLines(directory.resolve("audit.jsonl"));
        assertThat(log)
                .filteredOn(line -> line.contains("\"code\":\"rounds\""))
                .singleElement()
                .satisfies(line -> assertThat(line)
                        .contains("\"round\":1", "\"decision\":\"denied\"", "\"place\":\"tools.book.rounds\""));
        assertThat(log)
                .filteredOn(line -> line.contains("\"event\":\"settlement\""))
                .hasSize(2)
                .first()
                .satisfies(line -> assertThat(line).contains("\"outcome\":\"unknown\""));
        assertThat(new Interlock(directory)
                        .run("replay", "policy.yaml", "audit.jsonl", "--partial")
                        .out())
                .contains("\"allowed\":false,\"code\":\"rounds\",\"rule\":\"tools.book.rounds\"")
                .contains("\"allowed\":true");
    }

    @Test
    void aCallThatWasMadeAgainOftenEnoughIsANewCall() throws Exception {
        List<String> answers = answers("""
                version: "1"
                tools:
                  book:
                    rounds: 1
                    rules:
                      - name: seldom
                        rate_limit: 1/day
                """, "", "s1", "s2");

        assertThat(answers.get(1)).contains("input_required");
        assertThat(answers.get(2)).as("charged, and there is no room").contains("[POLICY DENIED]", "seldom");
    }
}
