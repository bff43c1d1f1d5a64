package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.cli.Interlock.Result;
import dev.interlock.policy.cli.server.JsonRpc;
import dev.interlock.policy.cli.state.StateOptions;
import dev.interlock.policy.value.Value;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers that change their minds, end at the wrong time or don't end, behind each command that starts one. */
class ServersIT {

    /** Would be over long after a test that hangs has been ended. */
    private static final String FOR_EVER = "3600";

    private static final List<List<String>> LISTING = List.of(
            List.of("scan", "--format", "json"),
            List.of("check", "--strict", "policy.yaml"),
            List.of("lock", "accept", "--all", "tools.lock.json"),
            List.of("lock", "diff", "empty.lock.json"));

    @TempDir
    private Path directory;

    private Interlock interlock;

    /** Lists two tools on two pages, and says that its list has changed when its argument is what comes by. */
    static final class ChangingServer {

        public static void main(String... args) throws IOException {
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            if (args[0].equals("start")) {
                changed();
            }
            int listings = 0;
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                if (line.contains(args[0])) {
                    changed();
                }
                byte[] bytes = Interlock.utf8(line);
                if (!(new JsonRpc().read(bytes, 0, bytes.length) instanceof JsonRpc.Message message)
                        || !(message.message() instanceof JSONRPCRequest request)) {
                    continue;
                }
                boolean second = line.contains("cursor");
                listings += second || !line.contains("tools/list") ? 0 : 1;
                if (args[0].equals("once") && listings == 1 && second) {
                    changed();
                }
                System.out.println("{\"jsonrpc\":\"2.0\",\"id\":"
                        + Value.freeze(request.id()).json() + ",\"result\":"
                        + result(request.method(), second, args[0].equals("once") && listings == 1) + "}");
                if (line.contains("tools/list") && args[0].equals("answered")) {
                    changed();
                }
            }
        }

        private static String result(String method, boolean second, boolean old) {
            if (method.equals("initialize")) {
                return "{\"protocolVersion\":\"2025-06-18\",\"capabilities\":{\"tools\":{\"listChanged\":true}},"
                        + "\"serverInfo\":{\"name\":\"s\",\"version\":\"1\"}}";
            }
            return second
                    ? "{\"tools\":[" + tool(old ? "get_old" : "get_new") + "]}"
                    : "{\"tools\":[" + tool("get_item") + "],\"nextCursor\":\"2\"}";
        }

        private static String tool(String name) {
            return "{\"name\":\"" + name + "\",\"description\":\"Gets it.\",\"inputSchema\":{\"type\":\"object\"},"
                    + "\"annotations\":{\"readOnlyHint\":true}}";
        }

        private static void changed() {
            System.out.println("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}");
        }
    }

    /**
     * Answers so many lines and ends with status 7, after it has said on its standard error which of the variables that
     * it must not know it knows.
     */
    static final class EndingServer {

        public static void main(String... args) throws IOException {
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (int i = 0; i < Integer.parseInt(args[0]); i++) {
                String line = String.valueOf(in.readLine());
                if (line.contains("initialize\"")) {
                    String id = line.replaceAll(".*\"id\":(\\d+).*", "$1");
                    System.out.println("{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"result\":"
                            + ChangingServer.result("initialize", false, false) + "}");
                }
            }
            for (int i = 1; i <= 2_000; i++) {
                System.err.println("line " + i);
            }
            System.err.println("knows the store: " + System.getenv().containsKey(StateOptions.VARIABLE));
            System.err.println("\u001b[31mno such module");
            System.exit(7);
        }
    }

    /** Never answers, and neither ends nor lets its own child end. */
    static final class StayingServer {

        public static void main(String... args) throws IOException, InterruptedException {
            List<String> command = new ArrayList<>(Interlock.java());
            command.add(ProxyLinesIT.DeafServer.class.getName());
            Process child = new ProcessBuilder(command).start();
            System.err.println("pids " + ProcessHandle.current().pid() + " " + child.pid());
            Thread.sleep(Long.MAX_VALUE);
        }
    }

    /** Leaves a child that has its standard output, and ends. */
    static final class LeavingServer {

        public static void main(String... args) throws IOException {
            List<String> command = new ArrayList<>(Interlock.java());
            command.add(ProxyLinesIT.DeafServer.class.getName());
            Process child = new ProcessBuilder(command)
                    .redirectOutput(ProcessBuilder.Redirect.INHERIT)
                    .start();
            System.err.println("pids " + ProcessHandle.current().pid() + " " + child.pid());
            System.exit(5);
        }
    }

    @BeforeEach
    void writePolicy() throws IOException {
        interlock = new Interlock(directory)
                .file("policy.yaml", """
                version: "1"
                default: deny
                tools: {get_item: {}, get_new: {}}
                """)
                .file("empty.lock.json", "{\"version\": 1, \"tools\": []}\n");
    }

    private static String[] command(List<String> words, Class<?> server, String... args) {
        List<String> command = new ArrayList<>(words);
        command.add("--");
        command.addAll(Interlock.java());
        command.add(server.getName());
        command.addAll(List.of(args));
        return command.toArray(String[]::new);
    }

    private static List<String> with(List<String> words, String... more) {
        List<String> all = new ArrayList<>(words);
        all.addAll(List.of(more));
        return all;
    }

    @ParameterizedTest
    @ValueSource(strings = {"start", "initialize\"", "notifications/initialized", "tools/list", "answered", "once"})
    void toolsAreListedOnceWheneverTheServerSaysThatTheyHaveChanged(String when) throws Exception {
        CommandRun scan = run(List.of("scan", "--format", "json"), ChangingServer.class, when);
        assertThat(scan.err()).isEmpty();
        assertThat(scan.out().split("\"name\"", -1)).as(scan.out()).hasSize(3);
        assertThat(scan.out()).contains("\"get_item\"", "\"get_new\"");

        CommandRun check = run(List.of("check", "--strict", file("policy.yaml")), ChangingServer.class, when);
        assertThat(check.out()).isEqualToIgnoringNewLines("2 tools: no problems");
        assertThat(check.code()).isZero();

        CommandRun accept =
                run(List.of("lock", "accept", "--all", file("tools.lock.json")), ChangingServer.class, when);
        assertThat(accept.out()).contains("2 differences accepted");
        CommandRun diff = run(List.of("lock", "diff", file("tools.lock.json")), ChangingServer.class, when);
        assertThat(diff.out()).isEqualToIgnoringNewLines("2 tools, all as accepted");
    }

    private String file(String name) {
        return directory.resolve(name).toString();
    }

    private static CommandRun run(List<String> words, Class<?> server, String... args) {
        return CommandRun.of(command(words, server, args));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "2", "3"})
    void aServerThatEndsAfterSomeLinesIsToldOfAtOnceWithItsExitCodeAndItsLastWords(String lines) {
        CommandRun scan = run(List.of("scan", "--timeout", FOR_EVER), EndingServer.class, lines);

        assertThat(scan.code()).isEqualTo(2);
        assertThat(scan.err())
                .contains("exit code 7", "line 2000", "\\u001b[31mno such module")
                .doesNotContain("\u001b", "line 1980", "\tat ");
    }

    @Test
    void eachCommandTellsAtOnceOfAServerThatEndsAndKeepsItsOwnSecretsFromIt() throws Exception {
        for (List<String> words : LISTING) {
            Result result = interlock
                    .with(StateOptions.VARIABLE, "redis://canary-of-a-user")
                    .run(command(with(words, "--timeout", FOR_EVER), EndingServer.class, "0"));
            assertThat(result.code()).as(words.toString()).isEqualTo(2);
            assertThat(result.err())
                    .contains("exit code 7", "line 2000", "\\u001b[31mno such module")
                    .contains("knows the store: false")
                    .doesNotContain("\u001b", "line 1980", "\tat ", "canary");
        }
    }

    @Test
    void theHostOfAServerThatEndsHearsItsExitCodeAndItsLastWords() throws Exception {
        String initialize = "{\"jsonrpc\":\"2.0\",\"id\":\"i\",\"method\":\"initialize\",\"params\":{}}";
        Process proxy = interlock
                .builder(command(List.of("proxy", "policy.yaml"), EndingServer.class, "0"))
                .redirectError(
                        ProcessBuilder.Redirect.to(directory.resolve("said").toFile()))
                .start();
        try (BufferedReader out = proxy.inputReader(StandardCharsets.UTF_8);
                var in = proxy.getOutputStream()) {
            in.write(Interlock.utf8(initialize + "\n"));
            in.flush();
            assertThat(out.readLine())
                    .contains("\"id\":\"i\"", "exit code 7", "no such module", "knows the store: false")
                    .doesNotContain("\u001b");
            assertThat(proxy.waitFor(Interlock.PATIENCE_SECONDS, TimeUnit.SECONDS))
                    .isTrue();
        } finally {
            proxy.destroyForcibly();
        }
        assertThat(proxy.exitValue()).isEqualTo(7);
        assertThat(Files.readString(directory.resolve("said")))
                .contains("interlock proxy: the server has ended with exit code 7", "line 1\n", "no such module");
    }

    @Test
    void aServerThatOutlivesATimeOutIsEndedWithItsChildren() throws Exception {
        Result result = interlock.run(command(List.of("scan", "--timeout", "2"), StayingServer.class));

        assertThat(result.code()).isEqualTo(2);
        assertThat(result.err()).contains("has not answered 'initialize' within 2 s");
        awaitEnd(result.err(), 1);
        awaitEnd(result.err(), 2);
    }

    @Test
    void aServerThatEndsWhileAnotherHoldsItsOutputIsNotWaitedFor() throws Exception {
        Result scan = interlock.run(command(List.of("scan", "--timeout", FOR_EVER), LeavingServer.class));
        end(scan.err(), 2);
        assertThat(scan.err()).contains("exit code 5");

        Process proxy = interlock
                .builder(command(List.of("proxy", "policy.yaml"), LeavingServer.class))
                .start();
        try (BufferedReader err = proxy.errorReader(StandardCharsets.UTF_8)) {
            String pids = String.valueOf(err.readLine());
            assertThat(err.readLine()).contains("the server has ended with exit code 5");
            end(pids, 2);
            assertThat(proxy.waitFor(Interlock.PATIENCE_SECONDS, TimeUnit.SECONDS))
                    .isTrue();
        } finally {
            proxy.destroyForcibly();
        }
    }

    @Test
    void aServerThatCannotBeStartedIsNamed() throws Exception {
        for (List<String> words : with(LISTING, List.of("proxy", "policy.yaml"))) {
            Result result = interlock.run(with(words, "--", "./no-such-program", "canary-of-an-argument")
                    .toArray(String[]::new));
            assertThat(result.code()).as(words.toString()).isEqualTo(2);
            assertThat(result.err())
                    .contains("the server can't be started", "\"./no-such-program\"")
                    .doesNotContain("canary", "\tat ");
        }
    }

    private static List<List<String>> with(List<List<String>> commands, List<String> another) {
        List<List<String>> all = new ArrayList<>(commands);
        all.add(another);
        return all;
    }

    private static ProcessHandle handle(String said, int which) {
        Matcher pids = Pattern.compile("pids ([0-9]+) ([0-9]+)").matcher(said);
        assertThat(pids.find()).as(said).isTrue();
        return ProcessHandle.of(Long.parseLong(pids.group(which))).orElse(null);
    }

    private static void awaitEnd(String said, int which) throws Exception {
        ProcessHandle process = handle(said, which);
        if (process != null) {
            process.onExit().get(Interlock.PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
    }

    private static void end(String said, int which) {
        ProcessHandle process = handle(said, which);
        if (process != null) {
            process.destroyForcibly();
        }
    }
}
