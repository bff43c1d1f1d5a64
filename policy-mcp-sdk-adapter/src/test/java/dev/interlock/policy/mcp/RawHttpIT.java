package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.yaml.PolicyYaml;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.server.transport.HttpServletSseServerTransportProvider;
import io.modelcontextprotocol.server.transport.HttpServletStatelessServerTransport;
import io.modelcontextprotocol.server.transport.HttpServletStreamableServerTransportProvider;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What no client of the SDK would send, sent to the SDK's servlets as it is: no tool runs that the policy denies. */
@SuppressWarnings("deprecation") // SSE is, and still spoken
class RawHttpIT {

    private static final String DENIED = """
            "name": "delete_store", "arguments": {"id": "x"}""";

    /** Ways to say it that a lenient reader might understand, and a strict one not. */
    private static final List<String> DISGUISES = List.of(
            "[" + call("1", DENIED) + "]",
            "[" + call("1", "\"name\": \"read_item\"") + "," + call("2", DENIED) + "]",
            "[[" + call("1", DENIED) + "]]",
            call("1", "\"name\": \"read_item\", " + DENIED),
            call("1", DENIED + ", \"name\": \"read_item\""),
            call("1", "\"Name\": \"read_item\", " + DENIED),
            call("1", "\"NAME\": \"delete_store\", \"name\": \"read_item\""),
            """
            {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "read_item"}, "params": {%s}}""".formatted(DENIED),
            """
            {"jsonrpc": "2.0", "id": 1, "method": "ping", "method": "tools/call", "params": {%s}}""".formatted(DENIED),
            """
            {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": [{%s}]}""".formatted(DENIED),
            """
            {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": "delete_store"}""",
            """
            {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}""",
            """
            {"jsonrpc": "2.0", "id": 1, "method": ["tools/call"], "params": {%s}}""".formatted(DENIED),
            """
            {"jsonrpc": "2.0", "id": 1, "method": "TOOLS/CALL", "params": {%s}}""".formatted(DENIED),
            """
            {"jsonrpc": "2.0", "id": 1, "method": " tools/call ", "params": {%s}}""".formatted(DENIED),
            """
            {"jsonrpc": "2.0", "method": "tools/call", "params": {%s}}""".formatted(DENIED),
            """
            {"jsonrpc": "2.0", "id": null, "method": "tools/call", "params": {%s}}""".formatted(DENIED),
            """
            {"jsonrpc": "2.0", "id": {"a": 1}, "method": "tools/call", "params": {%s}}""".formatted(DENIED),
            """
            {"jsonrpc": "2.0", "id": 1, "result": {}, "method": "tools/call", "params": {%s}}""".formatted(DENIED),
            """
            {"jsonrpc": "1.0", "id": 1, "method": "tools/call", "params": {%s}}""".formatted(DENIED),
            """
            {"id": 1, "method": "tools/call", "params": {%s}}""".formatted(DENIED),
            """
            {"jsonrpc": "2.0", "id": 1, "call": "tools/call", "params": {%s}}""".formatted(DENIED),
            call("1", "\"arguments\": {\"id\": \"x\"}"),
            call("1", "\"name\": \"\""),
            call("1", "\"name\": null"),
            call("1", "\"name\": 7"),
            call("1", "\"name\": [\"delete_store\"]"),
            call("1", "\"name\": \"Delete_Store\""),
            call("1", "\"name\": \"delete_store\\u200b\""),
            call("1", "\"name\": \"delete\\u005fstore\""),
            call("1", "\"name\": \"start_export\", \"arguments\": \"to\""),
            call("1", "\"name\": \"start_export\", \"arguments\": [\"to\"]"),
            call("1", "\"name\": \"start_export\", \"arguments\": " + "{\"to\":".repeat(900) + "1" + "}".repeat(900)),
            call("1", "\"name\": \"start_export\", \"arguments\": " + "[".repeat(100_000)),
            "[".repeat(200_000),
            call("1", DENIED).substring(0, 40),
            call("1", DENIED) + call("2", DENIED),
            call("1", DENIED) + "\n" + call("2", DENIED),
            "\uFEFF" + call("1", DENIED),
            "null",
            "7",
            "",
            "\0");

    private static String call(String id, String params) {
        return """
                {"jsonrpc": "2.0", "id": %s, "method": "tools/call", "params": {%s}}""".formatted(id, params);
    }

    enum Servlet {
        STREAMABLE,
        SSE,
        STATELESS
    }

    @TempDir
    private Path directory;

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private @Nullable GuardedServer server;
    private @Nullable HttpServer listening;
    private @Nullable BufferedReader events;
    private String endpoint = "";
    private String session = "";

    /** The body of the response to {@code initialize}; over SSE the answer is an event. */
    private String greeting = "";

    @AfterEach
    void stop() throws Exception {
        if (events != null) {
            events.close();
        }
        server.stop();
        listening.close();
    }

    private static McpTransportContext user(HttpServletRequest request) {
        String user = request.getHeader("X-Verified-User");
        return user == null ? McpTransportContext.EMPTY : McpTransportContext.create(Map.of("user", user));
    }

    private void start(Servlet kind, GuardedServer guarded) throws Exception {
        server = guarded;
        HttpServlet servlet = switch (kind) {
            case STREAMABLE -> {
                var provider = HttpServletStreamableServerTransportProvider.builder()
                        .contextExtractor(RawHttpIT::user)
                        .build();
                guarded.on(provider);
                yield provider;
            }
            case SSE -> {
                var provider = HttpServletSseServerTransportProvider.builder()
                        .contextExtractor(RawHttpIT::user)
                        .messageEndpoint("/mcp")
                        .build();
                guarded.on(provider);
                yield provider;
            }
            case STATELESS -> {
                var transport = HttpServletStatelessServerTransport.builder()
                        .contextExtractor(RawHttpIT::user)
                        .build();
                guarded.on(transport);
                yield transport;
            }
        };
        listening = HttpServer.of(servlet, directory);
        endpoint = listening.url() + "/mcp";
        if (kind == Servlet.SSE) {
            openEvents();
        }
        if (kind != Servlet.STATELESS) {
            HttpResponse<String> hello = post("application/json", "", """
                    {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"protocolVersion": "2025-06-18",
                    "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}}""");
            greeting = hello.body();
            session = hello.headers().firstValue("mcp-session-id").orElse("");
            post("application/json", "", """
                    {"jsonrpc": "2.0", "method": "notifications/initialized"}""");
        }
    }

    private void openEvents() throws IOException, InterruptedException {
        events = new BufferedReader(new InputStreamReader(
                http.send(
                                HttpRequest.newBuilder(URI.create(listening.url() + "/sse"))
                                        .build(),
                                BodyHandlers.ofInputStream())
                        .body(),
                StandardCharsets.UTF_8));
        endpoint = listening.url() + event();
    }

    /** The data of the next event. */
    private String event() throws IOException {
        String line = events.readLine();
        while (!line.startsWith("data: ")) {
            line = events.readLine();
        }
        return line.substring("data: ".length());
    }

    private HttpResponse<String> post(String contentType, String user, String body)
            throws IOException, InterruptedException {
        return http.send(request(contentType, user, body), BodyHandlers.ofString());
    }

    private HttpRequest request(String contentType, String user, String body) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(endpoint))
                .timeout(Await.PATIENCE)
                .header("Content-Type", contentType)
                .header("Accept", "application/json, text/event-stream")
                .POST(BodyPublishers.ofString(body));
        if (!session.isEmpty()) {
            request.header("mcp-session-id", session);
        }
        if (!user.isEmpty()) {
            request.header("X-Verified-User", user);
        }
        return request.build();
    }

    @ParameterizedTest
    @EnumSource
    void noDisguiseMakesADeniedToolRunAndTheServerGoesOn(Servlet kind) throws Exception {
        start(kind, new GuardedServer());

        for (String body : DISGUISES) {
            for (String type : new String[] {"application/json", "text/plain"}) {
                post(type, "", body);
                assertThat(server.ran())
                        .as("%s as %s", body.substring(0, Math.min(200, body.length())), type)
                        .doesNotContainKeys("delete_store", "Delete_Store", "start_export");
            }
        }
        post("application/json", "", call("99", "\"name\": \"start_export\", \"arguments\": {\"to\": \"x\"}"));

        assertThat(server.ran()).containsEntry("start_export", 1);
        assertThat(server.limiter.unsettled()).isZero();
        assertThat(server.inPlace.runningCalls()).isZero();
    }

    @Test
    void aCallThatWaitsForAPersonIsNotMadeOnceItsClientCancelsIt() throws Exception {
        BlockingQueue<CompletableFuture<ApprovalAnswer>> answers = new LinkedBlockingQueue<>();
        start(
                Servlet.SSE,
                new GuardedServer(PolicyEngine.builder(
                                new Policies().tool("work", Policies.ask()).policy())
                        .approvals(request -> {
                            CompletableFuture<ApprovalAnswer> answer = new CompletableFuture<>();
                            answers.add(answer);
                            return answer;
                        })
                        .build()));
        CompletableFuture<HttpResponse<String>> call = http.sendAsync(
                request("application/json", "", call("7", "\"name\": \"work\"")), BodyHandlers.ofString());
        CompletableFuture<ApprovalAnswer> answer = answers.take();

        post("application/json", "", """
                {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}}""");
        assertThat(call).succeedsWithin(Await.PATIENCE);
        answer.complete(ApprovalAnswer.approved("Ada"));

        assertThat(answer).isCancelled();
        assertThat(server.ran()).isEmpty();
    }

    @Test
    void aCallThatWaitsForAPersonIsNotMadeOnceItsClientEndsTheSession() throws Exception {
        BlockingQueue<CompletableFuture<ApprovalAnswer>> answers = new LinkedBlockingQueue<>();
        start(
                Servlet.STREAMABLE,
                new GuardedServer(PolicyEngine.builder(
                                new Policies().tool("work", Policies.ask()).policy())
                        .approvals(request -> {
                            CompletableFuture<ApprovalAnswer> answer = new CompletableFuture<>();
                            answers.add(answer);
                            return answer;
                        })
                        .build()));
        CompletableFuture<HttpResponse<String>> call = http.sendAsync(
                request("application/json", "", call("7", "\"name\": \"work\"")), BodyHandlers.ofString());
        CompletableFuture<ApprovalAnswer> answer = answers.take();

        http.send(
                HttpRequest.newBuilder(URI.create(endpoint))
                        .header("mcp-session-id", session)
                        .DELETE()
                        .build(),
                BodyHandlers.discarding());

        assertThat(call.handle((response, failure) -> true)).succeedsWithin(Await.PATIENCE);
        assertThat(answer).isCancelled();
        assertThat(server.ran()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void aHeaderTellsWhoCallsWhereTheHostReadsIt(Servlet kind) throws Exception {
        GuardedServer guarded = new GuardedServer(new Policies()
                .granting("alice", "work")
                .granting("bob", "read_item")
                .policy());
        guarded.guard.callContext((transport, reactor) ->
                transport.get("user") instanceof String user ? CallContext.by(user) : CallContext.EMPTY);
        start(kind, guarded);

        post("application/json", "bob", call("1", "\"name\": \"work\""));
        post("application/json", "", call("2", "\"name\": \"work\""));
        assertThat(server.ran()).isEmpty();
        post("application/json", "alice", call("3", "\"name\": \"work\""));

        assertThat(server.ran()).containsOnlyKeys("work");
    }

    private static PolicyEngine engine(String policy) {
        return PolicyEngine.builder(
                        PolicyYaml.read("version: \"1\"\n" + policy, "test").orThrow())
                .build();
    }

    /** Everything that the client's side gets to read until the call is answered. */
    private String answer(Servlet kind, int id, String params) throws IOException, InterruptedException {
        String body =
                post("application/json", "", call(String.valueOf(id), params)).body();
        if (kind != Servlet.SSE) {
            return body;
        }
        String event = event();
        StringBuilder read = new StringBuilder(body).append(event);
        while (!event.contains("\"id\":" + id)) {
            event = event();
            read.append(event);
        }
        return read.toString();
    }

    @ParameterizedTest
    @EnumSource
    void notAByteOfWhatIsRedactedWithheldOrCutLeavesTheServerAndMarksAreThereForTheNextCall(Servlet kind)
            throws Exception {
        GuardedServer guarded = new GuardedServer(engine("""
                tools:
                  read_item: {results: [{redact: [{pattern: "SECRET-[0-9]+"}]}]}
                  work:
                    results: [{deny_if: [{path: result.text, op: contains, value: SECRET}], on_deny: It holds a key.}]
                  refuse: {results: [{deny_if: [{path: result.is_error, op: eq, value: true}]}]}
                  start_export:
                    marks: [exported]
                    results: [{max_bytes: 300, on_exceed: cut}]
                  release: {deny_if: [{path: session.exported, op: exists, value: true}]}
                """));
        guarded.guard.callContext((transport, reactor) -> CallContext.by("ada"));
        start(kind, guarded);
        if (kind == Servlet.SSE) {
            event();
        }

        String redacted = answer(kind, 1, "\"name\": \"read_item\", \"arguments\": {\"id\": \"SECRET-1\"}");
        String withheld = answer(kind, 2, "\"name\": \"work\", \"arguments\": {\"id\": \"SECRET-2\"}");
        String failed = answer(kind, 3, "\"name\": \"refuse\"");
        assertThat(answer(kind, 4, "\"name\": \"release\"")).doesNotContain("[POLICY DENIED]");
        String cut = answer(
                kind, 5, "\"name\": \"start_export\", \"arguments\": {\"to\": \"" + "x".repeat(500) + "SECRET-3\"}");
        String marked = answer(kind, 6, "\"name\": \"release\"");

        assertThat(redacted).contains("read_item {id=[redacted]}");
        assertThat(withheld).contains("[RESULT WITHHELD] ", "It holds a key.", "\"isError\":true");
        assertThat(failed).contains("[RESULT WITHHELD] ").doesNotContain("the tool refused");
        assertThat(cut).contains("start_export {to=xxx", "[cut by the policy: ");
        assertThat(redacted + withheld + failed + cut).doesNotContain("SECRET");
        assertThat(marked).contains("[POLICY DENIED] ");
        assertThat(server.ran())
                .isEqualTo(Map.of("read_item", 1, "work", 1, "refuse", 1, "release", 1, "start_export", 1));
    }

    @ParameterizedTest
    @EnumSource(names = "STATELESS", mode = EnumSource.Mode.EXCLUDE)
    void theAnswerToInitializeIsJudgedAsWell(Servlet kind) throws Exception {
        start(kind, new GuardedServer(engine("""
                methods:
                  initialize: {results: [{redact: [{pattern: guarded, with: somebody}]}]}
                """)));

        assertThat(kind == Servlet.SSE ? event() : greeting)
                .contains("\"name\":\"somebody\"", "\"listChanged\":true")
                .doesNotContain("guarded");
        assertThat(answer(kind, 1, "\"name\": \"read_item\"")).contains("read_item");
    }

    @Test
    void noSessionIsMadeForAnInitializeThatIsDeniedOrWhoseAnswerIsWithheld() throws Exception {
        start(Servlet.STREAMABLE, new GuardedServer(engine("methods: {initialize: deny}")));
        assertThat(greeting).contains("[POLICY DENIED] ").doesNotContain("guarded");
        assertThat(session).isEmpty();
        stop();

        start(Servlet.STREAMABLE, new GuardedServer(engine("""
                methods:
                  initialize: {results: [{deny_if: [{path: result.bytes, op: gt, value: 5}]}]}
                """)));
        assertThat(greeting).contains("[RESULT WITHHELD] ").doesNotContain("guarded");
        assertThat(session).isEmpty();
    }
}
