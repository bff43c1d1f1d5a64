package dev.interlock.policy.cli.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.interlock.policy.cli.Interlock;
import dev.interlock.policy.cli.Interlock.Result;
import dev.interlock.policy.cli.io.Json;
import dev.interlock.policy.cli.server.JsonRpc;
import dev.interlock.policy.cli.state.StateOptions;
import dev.interlock.policy.redis.RedisServer;
import dev.interlock.policy.value.Value;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

public class ProxyIT {

    private static final String POLICY = """
            version: "1"
            tools:
              pay:
                rules:
                  - name: cap
                    conditions: [{path: args.amount, op: lte, value: 100}]
            """;

    @TempDir
    private Path directory;

    private Interlock interlock;

    /** A server that answers each request with what it was sent, and ends with status 7. */
    public static final class EchoServer {
        public static void main(String... args) throws IOException {
            System.err.println("pid " + ProcessHandle.current().pid() + ", environment "
                    + (System.getenv().containsKey(StateOptions.VARIABLE) ? "with" : "without") + " a store");
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            JsonRpc json = new JsonRpc();
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                byte[] bytes = Interlock.utf8(line);
                if (json.read(bytes, 0, bytes.length) instanceof JsonRpc.Message message
                        && message.message() instanceof JSONRPCRequest request) {
                    Json echo = new Json().put("echo", line);
                    System.out.println(new Json()
                            .put("jsonrpc", "2.0")
                            .put("id", Value.freeze(request.id()))
                            .put("result", echo));
                }
            }
            System.exit(7);
        }
    }

    @BeforeEach
    void writePolicy() throws IOException {
        interlock = new Interlock(directory).file("policy.yaml", POLICY);
    }

    private static String[] proxy() {
        List<String> args = new ArrayList<>(List.of("proxy", "policy.yaml", "--"));
        args.addAll(Interlock.java());
        args.add(EchoServer.class.getName());
        return args.toArray(String[]::new);
    }

    private static String call(Object id, String amount) {
        return "{\"jsonrpc\":\"2.0\",\"id\":" + id
                + ",\"method\":\"tools/call\",\"params\":{\"name\":\"pay\",\"arguments\":{\"amount\":" + amount + "}}}";
    }

    @Test
    void passesOnWhatIsAllowedExactlyAndAnswersTheRest() throws Exception {
        Result result = interlock.runWith(
                String.join(
                        "\n",
                        call(1, "99.99999999999999999999"),
                        call(2, "100.00000000000000000001"),
                        "[" + call(3, "1") + "]",
                        "{\"jsonrpc\":\"2.0\",\"id\":4,\"id\":5,\"method\":\"ping\"}",
                        "not json",
                        "{\"jsonrpc\":\"2.0\",\"id\":\"six\",\"method\":\"ping\"}",
                        ""),
                proxy());
        assertThat(result.out().lines())
                .hasSize(6)
                .anyMatch(line -> line.contains("\"id\":1") && line.contains("99.99999999999999999999"))
                .anyMatch(line -> line.contains("\"id\":2") && line.contains("\"isError\":true"))
                .anyMatch(line -> line.contains("\"id\":null") && line.contains("batches"))
                .anyMatch(line -> line.contains("\"id\":null") && line.contains("twice"))
                .anyMatch(line -> line.contains("\"id\":null") && line.contains("-32700"))
                .anyMatch(line -> line.contains("\"id\":\"six\"") && line.contains("echo"));
        assertThat(result.out()).doesNotContain("\"id\":3");
        assertThat(result.err()).as("the server's own errors").contains("pid ");
        assertThat(result.code()).as("the server's own status").isEqualTo(7);
    }

    @Test
    void aToolOfWhichItsServerSaysNothingIsDeniedWhereThePolicyRatesTools() throws Exception {
        interlock.file("policy.yaml", """
                version: "1"
                default: allow
                categories:
                  destructive:
                    rules: [{action: deny}]
                """);

        Result result = interlock.runWith(call(1, "1") + "\n", proxy());

        assertThat(result.out()).contains("schema_unknown").doesNotContain("echo");
    }

    @Test
    void reachesAServerOverHttpWithTheHeadersThatWereGiven() throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/mcp", ProxyIT::answer);
        server.start();
        try {
            String url = "http://localhost:" + server.getAddress().getPort() + "/mcp";
            Result result = interlock.runWith(
                    call(1, "99") + "\n" + call(2, "101") + "\n",
                    "proxy",
                    "policy.yaml",
                    "--url",
                    url,
                    "--header",
                    "X-Key=k1");
            assertThat(result.out().lines())
                    .hasSize(2)
                    .anyMatch(line -> line.contains("\"id\":1") && line.contains("k1"))
                    .anyMatch(line -> line.contains("\"id\":2") && line.contains("\"isError\":true"));
            assertThat(result.code()).isZero();
        } finally {
            server.stop(0);
        }
    }

    private static void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            if (!exchange.getRequestMethod().equals("POST")) {
                exchange.sendResponseHeaders(405, -1);
                return;
            }
            byte[] body = exchange.getRequestBody().readAllBytes();
            if (!(new JsonRpc().read(body, 0, body.length) instanceof JsonRpc.Message message)
                    || !(message.message() instanceof JSONRPCRequest request)) {
                exchange.sendResponseHeaders(202, -1);
                return;
            }
            Json result = new Json().put("key", exchange.getRequestHeaders().getFirst("X-Key"));
            byte[] answer = Interlock.utf8(new Json()
                    .put("jsonrpc", "2.0")
                    .put("id", Value.freeze(request.id()))
                    .put("result", result)
                    .toString());
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
        }
    }

    @Test
    void theServerEndsWithTheProxy() throws Exception {
        Process proxy = interlock.builder(proxy()).start();
        try (BufferedReader err = proxy.errorReader(StandardCharsets.UTF_8);
                BufferedReader out = proxy.inputReader(StandardCharsets.UTF_8);
                OutputStream in = proxy.getOutputStream()) {
            String line = err.readLine();
            ProcessHandle server = ProcessHandle.of(Long.parseLong(line.substring("pid ".length(), line.indexOf(','))))
                    .orElseThrow();
            in.write(Interlock.utf8(call(1, "1") + "\n"));
            in.flush();
            assertThat(out.readLine()).contains("echo");

            proxy.destroy();

            assertThat(proxy.waitFor(Interlock.PATIENCE_SECONDS, TimeUnit.SECONDS))
                    .isTrue();
            assertThat(server.onExit()
                            .get(Interlock.PATIENCE_SECONDS, TimeUnit.SECONDS)
                            .isAlive())
                    .isFalse();
        }
    }

    @Test
    void aChangedPolicyIsTakenUpWhileItRunsAndABrokenOneIsNot() throws Exception {
        Process proxy = interlock.builder(proxy()).start();
        try (BufferedReader err = proxy.errorReader(StandardCharsets.UTF_8);
                BufferedReader out = proxy.inputReader(StandardCharsets.UTF_8);
                OutputStream in = proxy.getOutputStream()) {
            assertThat(err.readLine()).startsWith("pid ");
            assertThat(answer(in, out, call(1, "50"))).contains("echo");

            interlock.file("policy.yaml", POLICY.replace("value: 100", "value: 10"));
            assertThat(err.readLine()).contains("policy.yaml was changed, and is in force");
            assertThat(answer(in, out, call(2, "50"))).contains("\"isError\":true", "cap");
            assertThat(answer(in, out, call(3, "5"))).contains("echo");

            interlock.file("policy.yaml", "tools: 5\n");
            assertThat(err.readLine()).contains("is not a valid policy; the one before stays");
            assertThat(answer(in, out, call(4, "50"))).contains("\"isError\":true", "cap");
        } finally {
            proxy.destroy();
        }
        assertThat(proxy.waitFor(Interlock.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    }

    private static String answer(OutputStream in, BufferedReader out, String call) throws IOException {
        in.write(Interlock.utf8(call + "\n"));
        in.flush();
        return out.readLine();
    }

    @Test
    void writesAnAuditLogThatIsClosedHoweverItEnds() throws Exception {
        List<String> args = new ArrayList<>(List.of(proxy()));
        args.addAll(2, List.of("--audit", "audit.jsonl", "--audit-args", "args.amount", "--identity", "ide"));
        String[] words = args.toArray(String[]::new);
        interlock.runWith(call(1, "50") + "\n" + call(2, "500") + "\n", words);
        Process proxy = interlock.builder(words).start();
        try (BufferedReader out = proxy.inputReader(StandardCharsets.UTF_8);
                OutputStream in = proxy.getOutputStream()) {
            assertThat(answer(in, out, call(3, "7"))).contains("echo");
            proxy.destroy();
            assertThat(proxy.waitFor(Interlock.PATIENCE_SECONDS, TimeUnit.SECONDS))
                    .isTrue();
        }

        Result verified = interlock.run("audit", "verify", "audit.jsonl");
        assertThat(verified.code()).as(verified.out()).isZero();
        Result shown = interlock.run("audit", "tail", "audit.jsonl", "-n", "100");
        assertThat(shown.out())
                .contains("allowed  pay  identity ide")
                .contains("denied   pay  by cap [condition]  identity ide")
                .contains("ended    pay  success, after ")
                .contains("policy   start  ");
        assertThat(Files.readString(directory.resolve("audit.jsonl")))
                .contains("\"args\":{\"amount\":50}", "\"args\":{\"amount\":7}");
        Result replayed = interlock.run("replay", "policy.yaml", "audit.jsonl");
        assertThat(replayed.err()).contains("3 calls: 2 allowed, 1 denied");
    }

    @Test
    void aLogThatCannotBeOpenedStopsTheProxyBeforeItStarts() throws Exception {
        List<String> args = new ArrayList<>(List.of(proxy()));
        args.addAll(2, List.of("--audit", "no/such/directory/audit.jsonl"));
        Result result = interlock.run(args.toArray(String[]::new));
        assertThat(result.code()).isEqualTo(2);
        assertThat(result.err())
                .contains("--audit no/such/directory/audit.jsonl: there is no directory ", "no/such/directory; make it")
                .doesNotContain("\tat ", "pid ");
        interlock.file("plain", "no directory");
        args.set(3, "plain/audit.jsonl");
        assertThat(interlock.run(args.toArray(String[]::new)).err())
                .contains("--audit plain/audit.jsonl: ", "plain is not a directory");
        args.set(3, ".");
        assertThat(interlock.run(args.toArray(String[]::new)).err()).contains("--audit .: this is a directory");
        args.set(2, "--audit-args");
        args.set(3, "args.amount");
        assertThat(interlock.run(args.toArray(String[]::new)).err()).contains("need --audit FILE");
    }

    @Test
    void aLimitLongerThanAMinuteIsToldOfUnlessAStoreCountsIt() throws Exception {
        Process proxy = interlock.builder(withState("--state", "none")).start();
        try (BufferedReader err = proxy.errorReader(StandardCharsets.UTF_8)) {
            assertThat(err.readLine()).as("nothing to tell at first").startsWith("pid ");

            interlock.file("policy.yaml", POLICY + "      - {name: daily, rate_limit: {max: 3, window: day}}\n");
            assertThat(err.readLine()).contains("policy.yaml was changed, and is in force");
            assertThat(err.readLine()).contains("rule 'daily' (policy.yaml:7, window day)", "--state");
        } finally {
            proxy.destroy();
        }
        assertThat(interlock
                        .run(withState("--state", "none"))
                        .err()
                        .lines()
                        .filter(line -> line.contains("rule 'daily'")))
                .hasSize(1);
        assertThat(interlock.run(proxy()).err()).as("kept in a file").doesNotContain("rule 'daily'");
        assertThat(interlock.run(withState("--state", "redis://127.0.0.1:1")).err())
                .doesNotContain("rule 'daily'");
    }

    @Test
    void proxiesThatShareARedisShareLimitsAndItsPasswordIsKept() throws Exception {
        interlock.file("policy.yaml", """
                version: "1"
                tools:
                  pay: {rules: [{name: three, rate_limit: {max: 3, window: 86400, scope: global}}]}
                """);
        try (RedisServer redis = RedisServer.start("--requirepass", "s3cret")) {
            String uri = redis.uri().replace("//", "//:s3cret@");
            String[] words = withState("--state-prefix", "shop", "--state-timeout", "20000");
            String calls = call(1, "1") + "\n" + call(2, "1") + "\n";
            Result one = interlock.with(StateOptions.VARIABLE, uri).runWith(calls, words);
            assertThat(one.out().lines()).hasSize(2).allMatch(line -> line.contains("echo"));
            assertThat(one.err()).contains("environment without a store");
            Result other = interlock.runWith(calls, words);
            assertThat(other.out().lines())
                    .hasSize(2)
                    .anyMatch(line -> line.contains("echo"))
                    .anyMatch(line -> line.contains("\"isError\":true") && line.contains("Limit of 3"));

            Result wrong = interlock
                    .with(StateOptions.VARIABLE, uri.replace("s3cret", "s3cret-no"))
                    .runWith(calls, words);
            assertThat(wrong.out().lines())
                    .hasSize(2)
                    .allMatch(line -> line.contains("It can't be told at the moment whether calls are suspended"));
            assertThat(wrong.err()).contains("the store can't be asked yet", "WRONGPASS");
            assertThat(one.err() + other.err() + wrong.out() + wrong.err()).doesNotContain("s3cret");
        }
    }

    @Test
    void withoutItsRedisTheProxyDoesAsItWasTold() throws Exception {
        interlock.file("policy.yaml", """
                version: "1"
                tools:
                  pay: {rules: [{name: four, rate_limit: {max: 4, window: 86400, scope: global}}]}
                """);
        String calls = call(1, "1") + "\n" + call(2, "1") + "\n";
        Result result =
                interlock.runWith(calls, withState("--state", "redis://127.0.0.1:1", "--state-down", "local:0.25"));
        assertThat(result.out().lines())
                .hasSize(2)
                .anyMatch(line -> line.contains("echo"))
                .anyMatch(line -> line.contains("\"isError\":true"));
        assertThat(result.err()).contains("the store can't be asked yet (Unable to connect to 127.0.0.1");
    }

    private static String[] withState(String... options) {
        List<String> args = new ArrayList<>(List.of(proxy()));
        args.addAll(2, List.of(options));
        return args.toArray(String[]::new);
    }

    @Test
    void refusesToStartWithAPolicyThatReadsWhatAProxyNeverKnows() throws Exception {
        interlock.file("reads.yaml", """
                version: "1"
                tools:
                  pay:
                    deny_if:
                      - {path: ctx.role, op: eq, value: guest}
                      - {path: call.identity, op: eq, value: mallory}
                      - {path: call.server, op: eq, value: production}
                """).file("grants.yaml", """
                version: "1"
                grants:
                  bot: {default: allow}
                """).file("context.yaml", """
                version: "1"
                context: [tenant]
                """);

        Result reads = interlock.run("proxy", "reads.yaml", "--", "no-such-server");
        assertThat(reads.code()).isEqualTo(2);
        assertThat(reads.err())
                .contains("ctx.role at tools.pay.deny_if[0] (5:9), but a proxy has no ctx")
                .contains("call.identity at tools.pay.deny_if[1] (6:9)", "--identity")
                .contains("call.server at tools.pay.deny_if[2] (7:9)", "--server");
        Result known = interlock.run("proxy", "reads.yaml", "--identity", "a", "--server", "b", "--", "no-such-server");
        assertThat(known.err()).contains("ctx.role").doesNotContain("call.identity", "call.server");
        Result grants = interlock.run("proxy", "grants.yaml", "--", "no-such-server");
        assertThat(grants.code()).isEqualTo(2);
        assertThat(grants.err()).contains("the identity at grants, but", "--identity");
        assertThat(interlock
                        .run("proxy", "context.yaml", "--", "no-such-server")
                        .err())
                .contains("ctx.tenant at context, but a proxy has no ctx");
        assertThat(interlock
                        .run("proxy", "grants.yaml", "--identity", "bot", "--", "no-such-server")
                        .err())
                .contains("the server can't be started");
    }

    @Test
    void doesNotTakeUpAChangedPolicyThatReadsWhatAProxyNeverKnows() throws Exception {
        Process proxy = interlock.builder(proxy()).start();
        try (BufferedReader err = proxy.errorReader(StandardCharsets.UTF_8);
                BufferedReader out = proxy.inputReader(StandardCharsets.UTF_8);
                OutputStream in = proxy.getOutputStream()) {
            assertThat(err.readLine()).startsWith("pid ");
            assertThat(answer(in, out, call(1, "500"))).contains("\"isError\":true", "cap");

            interlock.file("policy.yaml", """
                    version: "1"
                    tools: {pay: {deny_if: [{path: ctx.role, op: eq, value: guest}]}}
                    """);

            assertThat(err.readLine()).contains("can't be enforced", "ctx.role", "the one before stays");
            assertThat(answer(in, out, call(2, "500"))).contains("\"isError\":true", "cap");
        } finally {
            proxy.destroy();
        }
    }

    @Test
    void answersACallWhoseIdIsReservedWithADenial() throws Exception {
        Result result = interlock.runWith(
                call("\"dev.interlock/1\"", "1") + "\n"
                        + "{\"jsonrpc\":\"2.0\",\"id\":\"dev.interlock/2\",\"method\":\"ping\"}\n",
                proxy());

        assertThat(result.out().lines())
                .hasSize(2)
                .anyMatch(line -> line.contains("\"dev.interlock/1\"") && line.contains("POLICY DENIED"))
                .anyMatch(line -> line.contains("\"dev.interlock/2\"") && line.contains("\"error\""))
                .noneMatch(line -> line.contains("echo"));
    }

    @Test
    void aCallThatTheServerHasRunKeepsItsLimitHoweverTheConnectionEnds() throws Exception {
        interlock.file("policy.yaml", """
                version: "1"
                tools:
                  pay:
                    rules:
                      - {name: once, rate_limit: {max: 1, window: 1d, algorithm: sliding_window}}
                """);
        AtomicInteger ran = new AtomicInteger();
        HttpServer gone = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        String nowhere = "http://localhost:" + gone.getAddress().getPort() + "/mcp";
        gone.start();
        gone.stop(0);
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/mcp", exchange -> {
            try (exchange) {
                if (new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8)
                        .contains("tools/call")) {
                    ran.incrementAndGet();
                }
                exchange.getResponseHeaders().set("Location", nowhere);
                exchange.sendResponseHeaders(307, -1);
            }
        });
        server.start();
        Process proxy = interlock
                .builder(
                        "proxy",
                        "policy.yaml",
                        "--url",
                        "http://localhost:" + server.getAddress().getPort() + "/mcp")
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (BufferedReader out = proxy.inputReader(StandardCharsets.UTF_8);
                OutputStream in = proxy.getOutputStream()) {
            assertThat(answer(in, out, call(1, "1"))).contains("\"error\"");
            assertThat(answer(in, out, call(2, "1"))).contains("\"isError\":true", "once");
            assertThat(ran).hasValue(1);
        } finally {
            proxy.destroy();
            server.stop(0);
        }
    }

    @Test
    void aServerThatCannotBeStartedIsAnErrorInALine() throws Exception {
        Result result = interlock.run("proxy", "policy.yaml", "--", "./no-such-program");
        assertThat(result.code()).isEqualTo(2);
        assertThat(result.err()).contains("the server can't be started").doesNotContain("\tat ");
    }

    @Test
    void needsEitherACommandOrAnAddress() throws Exception {
        assertThat(interlock.run("proxy", "policy.yaml").code()).isEqualTo(2);
        assertThat(interlock
                        .run("proxy", "policy.yaml", "--url", "http://localhost:1/mcp", "--", "true")
                        .code())
                .isEqualTo(2);
    }

    @Test
    void neitherItsErrorsNorItsAuditLogTellWhatCallsAndAnswersAreAbout() throws Exception {
        interlock.file("policy.yaml", POLICY + """
                  wire: {rules: [{action: require_approval}]}
                """);
        String secret = "\"amount\":918273645,\"token\":\"canary-in-an-argument\"";
        List<String> args = new ArrayList<>(List.of(
                "proxy",
                "policy.yaml",
                "--audit",
                "audit.jsonl",
                "--approvals-dir",
                "desk",
                "--identity",
                "bot",
                "--"));
        args.addAll(Interlock.java());
        args.add(EchoServer.class.getName());
        Result result = interlock.runWith(
                String.join(
                        "\n",
                        call(1, "1,\"token\":\"canary-in-an-argument\""),
                        call(2, "918273645,\"token\":\"canary-in-an-argument\""),
                        call(3, "1").replace("\"pay\"", "\"wire\"").replace("\"amount\":1", secret),
                        call(4, "1,\"amount\":\"canary-in-an-argument\""),
                        "{\"canary-in-an-argument",
                        ""),
                args.toArray(String[]::new));

        String evidence = Files.readString(directory.resolve("audit.jsonl"));
        assertThat(result.out()).as("what the server echoes is the caller's").contains("canary-in-an-argument");
        assertThat(evidence.lines()).hasSizeGreaterThan(5);
        assertThat(evidence).contains("\"decision\":\"asked\"", "\"argsHmac\"");
        assertThat(result.err() + evidence)
                .contains("pid ")
                .doesNotContain("canary-")
                .doesNotContain("918273645");
    }

    @Test
    void aServerThatCannotBeReachedIsToldOfWithoutItsKeys() throws Exception {
        Result result = interlock.runWith(
                call(1, "1") + "\n",
                "proxy",
                "policy.yaml",
                "--url",
                "http://localhost:1/mcp?key=canary-in-a-url",
                "--header",
                "Authorization=Bearer canary-in-a-header");
        assertThat(result.err())
                .contains("http://localhost:1: the server could not be reached: ")
                .doesNotContain("canary-");
        assertThat(result.out()).doesNotContain("canary-in-a-header");
    }
}
