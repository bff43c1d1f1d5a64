package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.cli.Interlock.Result;
import dev.interlock.policy.cli.io.Json;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whatever one line holds, or is never read, the proxy goes on, answers, and ends. */
@Timeout(180)
class ProxyLinesIT {

    @TempDir
    private Path directory;

    private Interlock interlock;

    /**
     * A server that answers its calls of the tool {@code scripted} with one line after the other of a file, {@code $ID}
     * being the id of the request, and echoes all else. It reads the file at each call.
     */
    static final class ScriptedServer {

        private static final Pattern ID = Pattern.compile("\"id\":(\"[^\"]*\"|[^,}]+)");

        public static void main(String... args) throws IOException {
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            int calls = 0;
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                Matcher id = ID.matcher(line);
                if (!id.find()) {
                    continue;
                }
                String answer = line.contains("\"scripted\"")
                        ? Files.readAllLines(Path.of(args[0])).get(calls++)
                        : "{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":{\"echo\":" + new Json().put("line", line) + "}}";
                print(answer.replace("$ID", id.group(1)));
            }
        }

        private static void print(String answer) throws IOException {
            String[] parts = answer.split("@big@", -1);
            System.out.write(parts[0].getBytes(StandardCharsets.UTF_8));
            if (parts.length > 1) {
                byte[] part = "x".repeat(1 << 20).getBytes(StandardCharsets.UTF_8);
                for (int i = 0; i < 3; i++) {
                    System.out.write(part);
                }
                System.out.write(parts[1].getBytes(StandardCharsets.UTF_8));
            }
            System.out.write('\n');
            System.out.flush();
        }
    }

    /** A server that reads nothing, and doesn't end by itself. */
    static final class DeafServer {
        public static void main(String... args) throws InterruptedException {
            Thread.sleep(Long.MAX_VALUE);
        }
    }

    /** A server that closes its output, and doesn't end by itself. */
    static final class SilentServer {
        public static void main(String... args) throws InterruptedException {
            System.out.close();
            Thread.sleep(Long.MAX_VALUE);
        }
    }

    /** A server that works on one call at a time, and asks for the roots before it answers each. */
    static final class AskingServer {
        public static void main(String... args) throws IOException {
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                Matcher id = ScriptedServer.ID.matcher(line);
                if (line.contains("tools/call") && id.find()) {
                    System.out.println(
                            "{\"jsonrpc\":\"2.0\",\"id\":\"r" + id.group(1) + "\",\"method\":\"roots/list\"}");
                    System.out.println("{\"jsonrpc\":\"2.0\",\"id\":" + id.group(1) + ",\"result\":{\"text\":\""
                            + "y".repeat(400_000) + "\"}}");
                }
            }
        }
    }

    /** So that a test that fails leaves nothing behind. */
    private final List<Process> started = new ArrayList<>();

    private Process start(String... words) throws IOException {
        return started(interlock.builder(words).start());
    }

    private Process started(Process process) {
        started.add(process);
        return process;
    }

    @AfterEach
    void endWhatIsLeft() {
        for (Process process : started) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    @BeforeEach
    void writePolicy() throws IOException {
        interlock = new Interlock(directory)
                .file("policy.yaml", "version: \"1\"\ndefault: allow\nmethods: {\"roots/*\": deny}\n")
                .file("script.txt", "");
    }

    static String[] proxy(Class<?> server, String... options) {
        List<String> args = new ArrayList<>(List.of("proxy", "policy.yaml"));
        args.addAll(List.of(options));
        args.add("--");
        args.addAll(Interlock.java());
        args.add(server.getName());
        args.add("script.txt");
        return args.toArray(String[]::new);
    }

    static String call(Object id, String tool) {
        return "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"tools/call\",\"params\":{\"name\":\"" + tool
                + "\",\"arguments\":{}}}";
    }

    private static String large(Object id, int chars) {
        return call(id, "large").replace("{}", "{\"text\":\"" + "x".repeat(chars) + "\"}");
    }

    @Test
    void aRequestOfTheServersThatCannotBeReadIsAnsweredToTheServer() throws Exception {
        interlock.file("script.txt", "{\"jsonrpc\":\"2.0\",\"id\":1e3,\"method\":\"sampling/createMessage\"}\n");
        Process process = start(proxy(ScriptedServer.class));

        // The host stays until the server has heard, since nothing is written to a server whose host has gone.
        try (OutputStream in = process.getOutputStream();
                BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            in.write(Interlock.utf8(call(41, "scripted") + "\n"));
            in.flush();
            assertThat(out.readLine())
                    .as("what the server echoes")
                    .contains("\\\"id\\\":1e3", "-32600", "an id must be");
        }
    }

    @Test
    void aRequestThatCannotBeReadIsAnsweredUnderItsOwnIdAndTheNextOneIsRead() throws Exception {
        String deep = "[".repeat(700) + "]".repeat(700);
        Result result = interlock.runWith(
                String.join(
                        "\n",
                        "{\"jsonrpc\":\"2.0\",\"id\":18446744073709551617,\"method\":\"ping\"}",
                        "{\"jsonrpc\":\"2.0\",\"id\":1.0,\"method\":\"ping\"}",
                        "{\"jsonrpc\":\"2.0\",\"id\":1e0,\"method\":\"ping\"}",
                        "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}",
                        "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":7}",
                        "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"x\",\"params\":" + deep + "}",
                        "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"x\",\"params\":\"" + "x".repeat(3 << 20) + "\"}",
                        "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"\"}",
                        "{\"jsonrpc\":\"2.0\",\"id\":77,\"result\":null}",
                        "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"Parse error\"}}",
                        call(42, "sound"),
                        ""),
                proxy(ScriptedServer.class, "--max-line", "2"));

        assertThat(result.out().lines())
                .anyMatch(line -> line.contains("\"id\":18446744073709551617,") && line.contains("-32600"))
                .anyMatch(line -> line.contains("\"id\":1.0,") && line.contains("-32600"))
                .anyMatch(line -> line.contains("\"id\":1e0,") && line.contains("-32600"))
                .anyMatch(line -> line.contains("\"id\":null,") && line.contains("-32600"))
                .anyMatch(line -> line.contains("\"id\":2,") && line.contains("-32600"))
                .anyMatch(line -> line.contains("\"id\":3,") && line.contains("nested deeper"))
                .anyMatch(line -> line.contains("\"id\":4,") && line.contains("longer than 2 MiB"))
                .anyMatch(line -> line.contains("\"id\":42") && line.contains("echo"));
        assertThat(result.code()).isZero();
    }

    @Test
    void aMessageForWhichThereIsNoMemoryEndsNoMoreThanItself() throws Exception {
        Path script = directory.resolve("script.txt");
        Files.writeString(script, "");
        ProcessBuilder builder = interlock.builder(proxy(ScriptedServer.class, "--max-line", "512"));
        builder.command().add(1, "-Xmx64m");
        Process proxy = started(builder.start());
        try (OutputStream in = proxy.getOutputStream();
                BufferedReader out = proxy.inputReader(StandardCharsets.UTF_8)) {
            in.write(Interlock.utf8("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\",\"params\":\""));
            byte[] part = Interlock.utf8("x".repeat(1 << 20));
            for (int i = 0; i < 100; i++) {
                in.write(part);
            }
            in.write(Interlock.utf8("\"}\n" + call(42, "sound") + "\n"));
            in.flush();

            assertThat(out.readLine()).contains("\"id\":1,", "\"error\"");
            assertThat(out.readLine()).contains("\"id\":42", "echo");
        }
        assertThat(proxy.waitFor(120, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void requestsToAServerThatDoesNotReadAreAnsweredAndItEndsWithItsHost() throws Exception {
        Files.writeString(directory.resolve("script.txt"), "");
        Process proxy =
                interlock.builder(proxy(DeafServer.class, "--max-line", "1")).start();
        OutputStream in = proxy.getOutputStream();
        try (BufferedReader out = proxy.inputReader(StandardCharsets.UTF_8)) {
            for (int i = 0; i < 30; i++) {
                in.write(Interlock.utf8(large(i, 100_000) + "\n"));
            }
            in.flush();

            assertThat(out.readLine()).contains("-32603", "the server does not read its input");
            in.close();
            assertThat(proxy.waitFor(120, TimeUnit.SECONDS))
                    .as("the proxy ends, and its server with it")
                    .isTrue();
            assertThat(out.lines())
                    .as("what waited to be written is answered, too")
                    .anyMatch(line -> line.contains("\"id\":0,") && line.contains("-32603"));
        }
        assertThat(proxy.descendants()).isEmpty();
    }

    @Test
    void aServerThatSaysNothingAnyMoreIsEndedAndItsCallsAreAnswered() throws Exception {
        Process proxy = start(proxy(SilentServer.class));
        try (OutputStream in = proxy.getOutputStream();
                BufferedReader out = proxy.inputReader(StandardCharsets.UTF_8)) {
            in.write(Interlock.utf8(call(1, "t") + "\n"));
            in.flush();

            assertThat(out.readLine()).contains("\"id\":1,", "the server has ended");
            assertThat(proxy.waitFor(120, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void aHostThatReadsNothingHoldsUpNoEnd() throws Exception {
        interlock.file(
                "script.txt",
                ("{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":\"" + "y".repeat(200_000) + "\"}\n").repeat(20));
        Process proxy = start(proxy(ScriptedServer.class, "--max-line", "1"));
        try (OutputStream in = proxy.getOutputStream()) {
            for (int i = 0; i < 20; i++) {
                in.write(Interlock.utf8(call(i, "scripted") + "\n"));
            }
        }
        assertThat(proxy.waitFor(120, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void largeCallsAtOnceToAServerThatAsksInBetweenAreAllAnswered() throws Exception {
        Process proxy = start(proxy(AskingServer.class));
        try (OutputStream in = proxy.getOutputStream();
                BufferedReader out = proxy.inputReader(StandardCharsets.UTF_8)) {
            for (int i = 0; i < 8; i++) {
                in.write(Interlock.utf8(large(i, 400_000) + "\n"));
                in.flush();
            }

            for (int i = 0; i < 8; i++) {
                assertThat(out.readLine()).startsWith("{\"jsonrpc\":\"2.0\",\"id\":" + i + ",\"result\"");
            }
        }
        assertThat(proxy.waitFor(120, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aCallWithoutAReadableAnswerIsOnRecordAsUnknown() throws Exception {
        interlock.file("script.txt", "{\"jsonrpc\":\"2.0\",\"id\":$ID,\"error\":\"boom\"}\n");
        interlock.runWith(call(41, "scripted") + "\n", proxy(ScriptedServer.class, "--audit", "audit.jsonl"));

        assertThat(interlock.run("audit", "tail", "audit.jsonl").out()).contains("ended    scripted  unknown");
    }
}
