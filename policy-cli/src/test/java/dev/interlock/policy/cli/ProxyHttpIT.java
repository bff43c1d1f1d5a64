package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The proxy before a server over streamable HTTP that is strict, forgetful, or answers with something else. */
@Timeout(180)
class ProxyHttpIT {

    private static final String INITIALIZE =
            "{\"jsonrpc\":\"2.0\",\"id\":\"init\",\"method\":\"initialize\",\"params\":"
                    + "{\"protocolVersion\":\"2025-06-18\",\"capabilities\":{},\"clientInfo\":{\"name\":\"c\","
                    + "\"version\":\"1\"}}}";

    private static final String INITIALIZED = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}";

    @TempDir
    private Path directory;

    private Interlock interlock;
    private FakeServer server;
    private @Nullable Process proxy;

    /**
     * What a test wants answered to a request of a client that has a session; false if it is to be answered as usual.
     */
    private interface Answers {
        boolean to(HttpExchange exchange, String body) throws IOException;
    }

    /** Takes requests of its sessions only, and only with the version that it has chosen. */
    private static final class FakeServer implements AutoCloseable {

        private static final Pattern ID = Pattern.compile("\"id\":(\"[^\"]*\"|[0-9]+)");
        private static final String CHOSEN = "2025-03-26";

        private final HttpServer http;
        private final ExecutorService threads = Executors.newCachedThreadPool();
        private final Set<String> sessions = new HashSet<>();
        private final AtomicInteger begun = new AtomicInteger();

        /** Method, session, version and body of each request. */
        private final List<String> seen = new CopyOnWriteArrayList<>();

        private volatile Answers answers = (exchange, body) -> false;

        FakeServer() throws IOException {
            http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            http.setExecutor(threads);
            http.createContext("/mcp", this::handle);
            http.start();
        }

        String url() {
            return "http://127.0.0.1:" + http.getAddress().getPort() + "/mcp";
        }

        void forget() {
            synchronized (sessions) {
                sessions.clear();
            }
        }

        long count(String part) {
            return seen.stream().filter(request -> request.contains(part)).count();
        }

        private void handle(HttpExchange exchange) throws IOException {
            try (exchange) {
                String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8).strip();
                String session = exchange.getRequestHeaders().getFirst("Mcp-Session-Id");
                String version = exchange.getRequestHeaders().getFirst("MCP-Protocol-Version");
                seen.add(exchange.getRequestMethod() + " " + session + " " + version + " " + body);
                if (body.contains("\"initialize\"")) {
                    String id = "s" + begun.incrementAndGet();
                    synchronized (sessions) {
                        sessions.add(id);
                    }
                    exchange.getResponseHeaders().set("Mcp-Session-Id", id);
                    json(
                            exchange,
                            200,
                            result(
                                    body,
                                    "{\"protocolVersion\":\"" + CHOSEN + "\",\"capabilities\":"
                                            + "{\"tools\":{}},\"serverInfo\":{\"name\":\"s\",\"version\":\"1\"}}"));
                } else if (!CHOSEN.equals(version)) {
                    json(exchange, 400, "{\"error\":\"Unsupported protocol version\"}");
                } else if (!knows(session)) {
                    json(exchange, 404, "{}");
                } else if (!answers.to(exchange, body)) {
                    usual(exchange, body);
                }
            }
        }

        private boolean knows(@Nullable String session) {
            synchronized (sessions) {
                return sessions.contains(session);
            }
        }

        private static void usual(HttpExchange exchange, String body) throws IOException {
            if (exchange.getRequestMethod().equals("GET")) {
                exchange.sendResponseHeaders(405, -1);
            } else if (!ID.matcher(body).find()) {
                exchange.sendResponseHeaders(202, -1);
            } else {
                json(exchange, 200, result(body, "{\"content\":[{\"type\":\"text\",\"text\":\"done\"}]}"));
            }
        }

        static String result(String request, String result) {
            Matcher id = ID.matcher(request);
            assertThat(id.find()).as(request).isTrue();
            return "{\"jsonrpc\":\"2.0\",\"id\":" + id.group(1) + ",\"result\":" + result + "}";
        }

        static void json(HttpExchange exchange, int status, String body) throws IOException {
            answer(exchange, status, "application/json", body);
        }

        static void answer(HttpExchange exchange, int status, String type, String body) throws IOException {
            byte[] bytes = Interlock.utf8(body);
            exchange.getResponseHeaders().set("Content-Type", type);
            exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
        }

        @Override
        public void close() {
            http.stop(0);
            threads.shutdownNow();
        }
    }

    @BeforeEach
    void start() throws IOException {
        server = new FakeServer();
        interlock = new Interlock(directory).file("policy.yaml", """
                version: "1"
                tools:
                  pay: {rules: [{name: three, rate_limit: {max: 3, window: 1d, algorithm: sliding_window}}]}
                  other: {}
                """);
    }

    @AfterEach
    void end() {
        if (proxy != null) {
            proxy.destroyForcibly();
        }
        server.close();
    }

    private static String call(int id) {
        return "{\"jsonrpc\":\"2.0\",\"id\":" + id
                + ",\"method\":\"tools/call\",\"params\":{\"name\":\"pay\",\"arguments\":{}}}";
    }

    /** A host, once it is initialized. */
    private final class Host implements AutoCloseable {

        private final BufferedReader out;
        private final OutputStream in;

        Host(String... more) throws IOException {
            List<String> words = new ArrayList<>(List.of("proxy", "policy.yaml", "--url", server.url()));
            words.addAll(List.of(more));
            Process started = interlock
                    .builder(words.toArray(String[]::new))
                    .redirectError(
                            ProcessBuilder.Redirect.to(directory.resolve("said").toFile()))
                    .start();
            proxy = started;
            out = started.inputReader(StandardCharsets.UTF_8);
            in = started.getOutputStream();
            assertThat(ask(INITIALIZE)).contains("\"id\":\"init\"", FakeServer.CHOSEN);
            say(INITIALIZED);
        }

        void say(String line) throws IOException {
            in.write(Interlock.utf8(line + "\n"));
            in.flush();
        }

        /** What answers a request; notifications are passed over. */
        String ask(String line) throws IOException {
            say(line);
            String answer = String.valueOf(out.readLine());
            return answer.contains("\"method\":") ? String.valueOf(out.readLine()) : answer;
        }

        String said() throws Exception {
            close();
            assertThat(proxy.waitFor(Interlock.PATIENCE_SECONDS, TimeUnit.SECONDS))
                    .isTrue();
            return Files.readString(directory.resolve("said"));
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }

    @Test
    void theServerIsToldTheVersionThatWasAgreedOnWithEverythingButInitialize() throws Exception {
        try (Host host = new Host()) {
            assertThat(host.ask(call(1))).contains("\"id\":1", "done");
            assertThat(host.ask("{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/list\"}"))
                    .contains("\"id\":2");
            host.said();
        }
        assertThat(server.seen.get(0)).startsWith("POST null null ").contains("initialize");
        assertThat(server.seen).hasSize(6);
        assertThat(server.seen.subList(1, 6)).allMatch(request -> request.contains(" s1 2025-03-26 "));
        assertThat(server.seen).anyMatch(request -> request.startsWith("GET"));
        assertThat(server.seen.get(5)).startsWith("DELETE");
    }

    @ParameterizedTest
    @CsvSource({"404, '{}'", "404, ''", "400, '{\"error\":{\"message\":\"Bad Request: No valid session ID provided\"}}'"
    })
    void aSessionThatTheServerHasLostIsBegunAnewAsTheHostDidAndTheRequestIsRepeatedOnce(int status, String body)
            throws Exception {
        AtomicInteger lost = new AtomicInteger();
        server.answers = (exchange, request) -> {
            if (request.contains("\"id\":2") && lost.getAndIncrement() == 0) {
                server.forget();
                FakeServer.json(exchange, status, body);
                return true;
            }
            return false;
        };
        try (Host host = new Host()) {
            assertThat(host.ask(call(1))).contains("\"id\":1", "done");
            assertThat(host.ask(call(2))).contains("\"id\":2", "done");
            assertThat(host.ask(call(3))).as("charged once each").contains("\"id\":3", "done");
            assertThat(host.ask(call(4))).contains("\"id\":4", "\"isError\":true", "three");
            assertThat(host.said()).contains("had lost the session; another was begun");
        }
        List<String> begun = server.seen.stream()
                .filter(request -> request.contains("\"initialize\""))
                .toList();
        assertThat(begun).hasSize(2).allMatch(request -> request.startsWith("POST null null "));
        assertThat(begun.get(1)).contains("\"clientInfo\":{\"name\":\"c\",\"version\":\"1\"}", "2025-06-18");
        assertThat(server.count("POST s2 2025-03-26 {\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\""))
                .isEqualTo(1);
        assertThat(server.count("\"id\":2,")).isEqualTo(2);
        assertThat(server.count("POST s2 2025-03-26 {\"jsonrpc\":\"2.0\",\"method\":\"tools/call\""))
                .isEqualTo(2);
    }

    @Test
    void theHostHearsThatToolsMayHaveChangedInANewSession() throws Exception {
        try (Host host = new Host()) {
            server.forget();
            host.say(call(1));
            assertThat(host.out.readLine()).contains("notifications/tools/list_changed");
            assertThat(host.out.readLine()).contains("\"id\":1", "done");
        }
    }

    @Test
    void aRequestThatLosesTheNewSessionTooIsNotRepeatedAgain() throws Exception {
        server.answers = (exchange, request) -> {
            if (request.contains("tools/call")) {
                server.forget();
                FakeServer.json(exchange, 404, "{}");
                return true;
            }
            return false;
        };
        try (Host host = new Host()) {
            assertThat(host.ask(call(1))).contains("\"id\":1,\"error\"", "404");
        }
        assertThat(server.count("tools/call")).isEqualTo(2);
        assertThat(server.begun).hasValue(2);
    }

    @Test
    void requestsThatLoseOneSessionTogetherBeginOneOther() throws Exception {
        CountDownLatch all = new CountDownLatch(3);
        server.answers = (exchange, request) -> {
            if (request.contains("tools/call")
                    && exchange.getRequestHeaders().getFirst("Mcp-Session-Id").equals("s1")) {
                all.countDown();
                await(all);
                server.sessions.remove("s1");
                FakeServer.json(exchange, 404, "{}");
                return true;
            }
            return false;
        };
        try (Host host = new Host()) {
            host.say(call(1));
            host.say(call(2));
            host.say(call(3));
            List<String> answers = new ArrayList<>();
            while (answers.size() < 3) {
                String line = host.out.readLine();
                if (!line.contains("\"method\"")) {
                    answers.add(line);
                }
            }
            assertThat(answers).allMatch(answer -> answer.contains("done"));
        }
        assertThat(server.begun).hasValue(2);
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(Interlock.PATIENCE_SECONDS, TimeUnit.SECONDS))
                    .isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aStatusIsNamedToTheHostAndOnOneLineOfTheStandardError() throws Exception {
        // The last one is a lost session as well.
        int[] statuses = {302, 307, 400, 401, 403, 405, 418, 429, 500, 502, 503, 404};
        AtomicInteger status = new AtomicInteger();
        server.answers = (exchange, request) -> {
            if (request.contains("tools/call")) {
                exchange.getResponseHeaders().set("Location", "/canary-of-an-address");
                FakeServer.json(exchange, status.get(), "{\"error\":\"canary-of-a-body\"}");
                return true;
            }
            return false;
        };
        try (Host host = new Host("--header", "Authorization: Bearer canary-of-a-token")) {
            StringBuilder answers = new StringBuilder();
            for (int next : statuses) {
                status.set(next);
                String answer = host.ask(call(next).replace("pay", "other"));
                assertThat(answer).contains("\"id\":" + next + ",\"error\"", "status " + next);
                answers.append(answer);
            }
            assertThat(server.begun).hasValue(2);
            String said = host.said();
            for (int next : statuses) {
                assertThat(said.lines().filter(line -> line.contains("status " + next)))
                        .hasSize(1)
                        .allMatch(line -> line.startsWith("interlock proxy: http://127.0.0.1:"));
            }
            assertThat(answers + said).doesNotContain("could not be reached", "canary");
        }
    }

    /** An answer of the server's: its status, its type and its text, {@code $ID} being the id of the request. */
    private record Odd(int status, String type, String text) {}

    @Test
    void anAnswerThatIsNoneIsAnErrorToTheHost() throws Exception {
        String json = "application/json";
        String events = "text/event-stream";
        List<Odd> odd = List.of(
                new Odd(202, json, ""),
                new Odd(200, json, ""),
                new Odd(204, "text/plain", ""),
                new Odd(200, "text/html", "<html>log in</html>"),
                new Odd(200, events, ""),
                new Odd(200, events, ": nothing\n\n"),
                new Odd(200, events, "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\"}\n\n"),
                new Odd(200, json, "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"x\"}}"),
                new Odd(200, json, "{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":{\"a\":1,\"a\":2}}"),
                new Odd(200, json, "[{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":{}}]"),
                new Odd(200, json, "nonsense"));
        AtomicInteger next = new AtomicInteger();
        server.answers = (exchange, request) -> {
            if (request.contains("tools/call")) {
                Odd answer = odd.get(next.get());
                FakeServer.answer(
                        exchange, answer.status(), answer.type(), answer.text().replace("$ID", "" + next.get()));
                return true;
            }
            return false;
        };
        try (Host host = new Host()) {
            for (int id = 0; id < odd.size(); id++) {
                next.set(id);
                host.say(call(id).replace("pay", "other"));
                String answer = host.out.readLine();
                while (!answer.contains("\"id\":" + id + ",")) {
                    answer = host.out.readLine();
                }
                assertThat(answer).as(odd.get(id).toString()).contains("\"error\"", "-32603");
            }
            assertThat(host.said().lines().filter(line -> line.startsWith("interlock proxy: http://127.0.0.1:")))
                    .hasSizeGreaterThanOrEqualTo(odd.size());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"notifications/progress", "notifications/initialized"})
    void aNotificationThatTheServerHoldsHoldsUpNoOne(String held) throws Exception {
        CountDownLatch answered = new CountDownLatch(1);
        server.answers = (exchange, request) -> {
            if (request.contains(held)) {
                await(answered);
                exchange.sendResponseHeaders(202, -1);
                return true;
            }
            return false;
        };
        try (Host host = new Host()) {
            host.say("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{}}");
            assertThat(host.ask(call(1))).contains("\"id\":1", "done");
            answered.countDown();
        }
    }

    @Test
    void aStreamThatEndsEarlyIsTakenUpAgainWhereItEnded() throws Exception {
        server.answers = (exchange, request) -> {
            if (request.contains("tools/call")) {
                FakeServer.answer(exchange, 200, "text/event-stream", "id: e-1\nretry: 1\ndata:\n\n");
                return true;
            }
            if ("e-1".equals(exchange.getRequestHeaders().getFirst("Last-Event-ID"))) {
                FakeServer.answer(
                        exchange,
                        200,
                        "text/event-stream",
                        "data: " + FakeServer.result(call(1), "{\"content\":[],\"resumed\":true}") + "\n\n");
                return true;
            }
            return false;
        };
        try (Host host = new Host()) {
            assertThat(host.ask(call(1))).contains("\"id\":1", "resumed");
        }
        assertThat(server.count("tools/call")).isEqualTo(1);
    }

    @Test
    void aStreamThatStaysOpenAfterItsAnswerHoldsUpNoOne() throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        server.answers = (exchange, request) -> {
            if (request.contains("\"id\":1,")) {
                exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
                exchange.sendResponseHeaders(200, 0);
                exchange.getResponseBody()
                        .write(Interlock.utf8("data: " + FakeServer.result(request, "{\"content\":[]}") + "\n\n"));
                exchange.getResponseBody().flush();
                await(over);
                return true;
            }
            return false;
        };
        try (Host host = new Host()) {
            assertThat(host.ask(call(1))).contains("\"id\":1", "content");
            assertThat(host.ask(call(2))).contains("\"id\":2", "done");
            host.said();
        } finally {
            over.countDown();
        }
    }

    @Test
    void whatCouldNotBeReachedIsNamedWithItsPortAndTheReason() throws Exception {
        String lock = Files.writeString(directory.resolve("l.json"), "{\"version\": 1, \"tools\": []}\n")
                .toString();
        String policy = directory.resolve("policy.yaml").toString();
        String address = "127.0.0.1:" + server.http.getAddress().getPort();
        server.close();
        for (List<String> words : List.of(
                List.of("scan"),
                List.of("check", policy),
                List.of("lock", "accept", "--all", lock),
                List.of("lock", "diff", lock))) {
            CommandRun refused = run(words, "http://canary-user:canary-word@" + address + "/canary-path?k=canary-key");
            assertThat(refused.code()).as(words.toString()).isEqualTo(2);
            assertThat(refused.err())
                    .contains("http://" + address + ": ", "could not be reached: connection refused")
                    .doesNotContain("canary", "\tat ");
        }
        assertThat(run(List.of("scan"), "https://nowhere.invalid/mcp").err())
                .contains("https://nowhere.invalid:443: ", "there is no such host");
    }

    private static CommandRun run(List<String> words, String url) {
        List<String> command = new ArrayList<>(words);
        command.addAll(List.of("--url", url));
        return CommandRun.of(command.toArray(String[]::new));
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 404, 500})
    void aStatusIsNamedByScanToo(int status) {
        server.answers = (exchange, request) -> {
            if (request.contains("tools/list")) {
                FakeServer.json(exchange, status, "{}");
                return true;
            }
            return false;
        };
        CommandRun scan = CommandRun.of("scan", "--url", server.url());
        assertThat(scan.code()).isEqualTo(2);
        assertThat(scan.err())
                .contains("http://127.0.0.1:" + server.http.getAddress().getPort(), "status " + status)
                .doesNotContain("could not be reached");
    }

    @Test
    void aUserInTheUrlIsSentAsBrowsersDoAndNotShown() {
        List<String> sent = new CopyOnWriteArrayList<>();
        server.answers = (exchange, request) -> {
            sent.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
            return false;
        };
        CommandRun result = run(List.of("scan"), server.url().replace("//", "//user:canary%21@"));
        assertThat(result.out() + result.err()).doesNotContain("canary");
        assertThat(sent).isNotEmpty().containsOnly("Basic dXNlcjpjYW5hcnkh");
    }

    @Test
    void tokensAreReadFromTheEnvironmentAndFromAFileAndAreSaidNowhere() throws Exception {
        Set<String> keys = new HashSet<>();
        server.answers = (exchange, request) -> {
            synchronized (keys) {
                keys.add(exchange.getRequestHeaders().getFirst("X-Env") + " "
                        + exchange.getRequestHeaders().getFirst("X-File") + " "
                        + exchange.getRequestHeaders().getFirst("X-Line"));
            }
            return false;
        };
        Path file = Files.writeString(directory.resolve("headers"), "X-File: canary-b\n");
        if (Files.getFileStore(file).supportsFileAttributeView("posix")) {
            Files.setPosixFilePermissions(file, java.nio.file.attribute.PosixFilePermissions.fromString("rw-------"));
        }
        interlock.with("TOKEN", "canary-a");
        String[] options = {"--header-env", "X-Env:TOKEN", "--header-file", "headers", "--header", "X-Line: canary-c"};
        try (Host host = new Host(options)) {
            assertThat(host.ask(call(1))).contains("done").doesNotContain("canary");
            assertThat(host.said()).doesNotContain("canary");
        }
        List<String> scan = new ArrayList<>(List.of("scan", "--url", server.url()));
        scan.addAll(List.of(options));
        Interlock.Result result = interlock.run(scan.toArray(String[]::new));
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.out() + result.err()).doesNotContain("canary");
        assertThat(keys).containsExactly("canary-a canary-b canary-c");
    }
}
