package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.value.Value;
import dev.interlock.policy.yaml.PolicyYaml;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * MCP 2026-07-28 through the proxy, line by line, over the pipes of real processes: what the adapters of the SDK do for
 * their hosts holds for a host that has only JSON. One proxy serves all these tests.
 */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ProxyWireIT {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private static final String POLICY = """
            version: "1"
            hide: [hidden]
            methods:
              tools/list: allow
              subscriptions/listen: allow
              elicitation/create: allow
              prompts/get: allow
              tasks/get: allow
              "notifications/*": allow
              "*": deny
            categories:
              destructive: {rules: [{action: deny}]}
            tools:
              never: {rules: [{name: no-never, action: deny}]}
              sized: {rules: [{name: shape, validate: {schema: true}}]}
              ask: {rules: [{name: one-ask, rate_limit: 1/day}]}
              book: {rules: [{name: two-books, rate_limit: 2/day}]}
              careful: {rules: [{name: careful, action: require_approval}]}
              timid: {rules: [{name: timid, action: require_approval}]}
              changing: {rules: [{name: changing, action: require_approval}]}
            """;

    private static final String PERSON =
            ",\"io.modelcontextprotocol/clientCapabilities\":{\"elicitation\":{\"form\":{}}}";
    private static final String NOBODY = ",\"io.modelcontextprotocol/clientCapabilities\":{}";

    private Path directory;
    private Interlock interlock;
    private Process proxy;
    private OutputStream in;
    private BufferedReader out;
    private int ids = 100;

    /** What came while an answer was awaited. */
    private final List<String> others = new ArrayList<>();

    @BeforeAll
    void startProxy(@TempDir Path temporary) throws IOException {
        directory = temporary;
        interlock = new Interlock(directory).file("policy.yaml", POLICY).file("seen", "");
        List<String> args =
                new ArrayList<>(List.of("proxy", "policy.yaml", "--audit", "audit.jsonl", "--elicit-approvals", "--"));
        args.addAll(Interlock.java());
        args.add(WireServer.class.getName());
        args.add("seen");
        proxy = interlock
                .builder(args.toArray(String[]::new))
                .redirectError(directory.resolve("err").toFile())
                .start();
        in = proxy.getOutputStream();
        out = proxy.inputReader(StandardCharsets.UTF_8);
    }

    @AfterAll
    void endProxy() {
        proxy.descendants().forEach(ProcessHandle::destroyForcibly);
        proxy.destroyForcibly();
    }

    private void say(String line) throws IOException {
        in.write(Interlock.utf8(line + "\n"));
        in.flush();
    }

    private String request(String method, String members, String capabilities) {
        return "{\"jsonrpc\":\"2.0\",\"id\":" + ++ids + ",\"method\":\"" + method + "\",\"params\":{" + members
                + (members.isEmpty() ? "" : ",") + "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\""
                + WireServer.VERSION + "\",\"io.modelcontextprotocol/clientInfo\":{\"name\":\"h\",\"version\":\"1\"}"
                + capabilities + "}}}";
    }

    /** The answer to a request. */
    private JsonNode ask(String method, String members) throws IOException {
        return ask(method, members, NOBODY);
    }

    private JsonNode ask(String method, String members, String capabilities) throws IOException {
        say(request(method, members, capabilities));
        return answer(ids);
    }

    private JsonNode answer(int id) throws IOException {
        while (true) {
            String line = out.readLine();
            JsonNode message = JSON.readTree(line);
            if (message.path("id").asInt(-1) == id && !message.has("method")) {
                return message;
            }
            others.add(line);
        }
    }

    private JsonNode call(String tool, String more) throws IOException {
        return ask("tools/call", "\"name\":\"" + tool + "\",\"arguments\":{\"n\":7}" + more, PERSON);
    }

    /** Whether a call ran at the server. */
    private static boolean ran(JsonNode answer) {
        return answer.path("result").path("resultType").asString("").equals("complete")
                && !answer.path("result").path("isError").asBoolean(false);
    }

    private static void assertDenied(JsonNode answer, String code) {
        JsonNode result = answer.path("result");
        assertThat(result.path("isError").asBoolean(false))
                .as(answer.toString())
                .isTrue();
        assertThat(result.path("resultType").asString(""))
                .as("readers require it")
                .isEqualTo("complete");
        assertThat(result.path("_meta")
                        .path("dev.interlock/decision")
                        .path("code")
                        .asString(""))
                .isEqualTo(code);
    }

    private List<String> seen(String part) throws IOException {
        return Files.readAllLines(directory.resolve("seen")).stream()
                .filter(line -> line.contains(part))
                .toList();
    }

    private static String state(JsonNode answer) {
        return answer.path("result").path("requestState").asString("");
    }

    private static String again(String state) {
        return ",\"requestState\":" + new Value.Text(state).json()
                + ",\"inputResponses\":{\"q\":{\"action\":\"accept\"}}";
    }

    private static String approving(String state, String content) {
        return ",\"requestState\":" + new Value.Text(state).json()
                + ",\"inputResponses\":{\"dev.interlock/approval\":{\"action\":\"accept\",\"content\":" + content
                + "}}";
    }

    @Test
    void whatARequestThatNoPolicyStopsSaysOfTheServerPasses() throws Exception {
        assertThat(ask("server/discover", "")
                        .path("result")
                        .path("supportedVersions")
                        .toString())
                .contains(WireServer.VERSION);
        assertThat(ask("resources/read", "\"uri\":\"x\"")
                        .path("error")
                        .path("code")
                        .asInt())
                .isEqualTo(-32600);
    }

    @Test
    void aDenialIsAWholeResult() throws Exception {
        assertDenied(call("never", ""), "deny_rule");
        assertThat(seen("\"never\"")).isEmpty();
    }

    @Test
    void aRatedToolIsDeniedBeforeTheHostHasListedAnything() throws Exception {
        assertThat(ran(call("wipe", ""))).isFalse();
        assertThat(seen("\"wipe\"")).isEmpty();
        assertThat(seen("tools/list"))
                .isNotEmpty()
                .allMatch(line -> line.contains("\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\""));
    }

    @Test
    void aSchemaIsKnownBeforeTheHostHasListedAnything() throws Exception {
        assertThat(ran(call("sized", ""))).isTrue();
        assertThat(ran(ask("tools/call", "\"name\":\"sized\",\"arguments\":{\"n\":\"seven\"}")))
                .isFalse();
    }

    @Test
    void aListIsFilteredAndForThisHostAndThisMomentOnly() throws Exception {
        JsonNode result = ask("tools/list", "").path("result");
        assertThat(result.toString()).contains("\"echo\"", "\"other\":1").doesNotContain("\"hidden\"");
        assertThat(result.path("cacheScope").asString()).isEqualTo("private");
        assertThat(result.path("ttlMs").asLong()).isEqualTo(60_000);
        assertThat(result.path("resultType").asString()).isEqualTo("complete");
    }

    @Test
    void aCallOfThreeRoundsIsOneCall() throws Exception {
        assertThat(state(call("ask", ""))).isEqualTo("s1");
        assertThat(state(call("ask", again("s1")))).isEqualTo("s2");
        assertThat(call("ask", again("s2")).toString()).contains("booked");

        assertDenied(call("ask", again("s2")), "limit");
        assertDenied(call("ask", ""), "limit");
        assertThat(seen("\"requestState\":\"s2\"").stream().filter(line -> line.contains("\"ask\"")))
                .hasSize(1);
    }

    @Test
    void aStateThatWasNeverGivenIsANewCall() throws Exception {
        assertThat(call("book", again("s2")).toString())
                .as("the server judges it")
                .contains("booked");
        assertThat(state(call("book", ""))).isEqualTo("s1");
        assertDenied(call("book", again("forged")), "limit");
        assertThat(state(call("book", again("s1")))).as("the call that goes on").isEqualTo("s2");
    }

    @Test
    void aQuestionThatThePolicyRefusesEndsTheCall() throws Exception {
        for (String tool : List.of("sampler", "odd")) {
            JsonNode answer = call(tool, "");
            assertDenied(answer, "method");
            assertThat(answer.toString()).doesNotContain("inputRequests", "requestState");
        }
        assertThat(ask("prompts/get", "\"name\":\"p\"").has("error")).isTrue();
        assertThat(ask("tasks/get", "\"taskId\":\"t\"").has("error")).isTrue();
    }

    @Test
    void errorsOfTheProtocolAreTheHostsToSee() throws Exception {
        assertThat(call("mismatch", "").path("error").toString()).contains("-32020", "\"header\":\"x\"");
        say("{\"jsonrpc\":\"2.0\",\"id\":" + ++ids + ",\"method\":\"initialize\",\"params\":{\"protocolVersion\":"
                + "\"2025-11-25\",\"capabilities\":{},\"clientInfo\":{\"name\":\"h\",\"version\":\"1\"}}}");
        assertThat(answer(ids).path("error").toString())
                .contains("-32022", "\"supported\":[\"2026-07-28\"]", "the proxy does not translate");
        assertThat(call("login", "").path("error").path("code").asInt()).isEqualTo(-32042);
        while (untranslated().isEmpty()) {
            assertThat(ran(call("echo", ""))).isTrue(); // The standard error has a thread of its own.
        }
        assertThat(untranslated()).hasSize(1);
    }

    private List<String> untranslated() throws IOException {
        return Files.readAllLines(directory.resolve("err")).stream()
                .filter(line -> line.contains("the proxy does not translate"))
                .toList();
    }

    @Test
    void aTaskAndACancelledCallAreOfUnknownOutcome() throws Exception {
        assertThat(call("task", "").path("result").path("resultType").asString())
                .isEqualTo("task");
        say(request("tools/call", "\"name\":\"slow\",\"arguments\":{}", NOBODY));
        int slow = ids;
        while (seen("\"slow\"").isEmpty()) {
            assertThat(ran(call("echo", ""))).isTrue();
        }
        say("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":" + slow + "}}");
        assertThat(ran(call("echo", ""))).isTrue();
        assertThat(seen("notifications/cancelled")).anyMatch(line -> line.contains("\"requestId\":" + slow));
        assertThat(Files.readAllLines(directory.resolve("audit.jsonl")))
                .filteredOn(line -> line.contains("\"event\":\"settlement\"") && line.contains("\"unknown\""))
                .hasSizeGreaterThanOrEqualTo(2);
    }

    @Test
    void aPersonWhomTheHostAsksApprovesOnce() throws Exception {
        JsonNode asked = call("careful", "");
        assertThat(asked.path("result").path("resultType").asString()).isEqualTo("input_required");
        JsonNode question = asked.path("result").path("inputRequests").path("dev.interlock/approval");
        assertThat(question.path("method").asString()).isEqualTo("elicitation/create");
        assertThat(question.path("params").path("message").asString()).contains("careful", "7");
        assertThat(seen("\"careful\"")).isEmpty();

        String yes = approving(state(asked), "{\"decision\":\"approve\"}");
        assertThat(ran(call("careful", yes))).isTrue();
        assertThat(seen("\"careful\""))
                .singleElement()
                .satisfies(line -> assertThat(line).doesNotContain("requestState", "inputResponses", "dev.interlock"));
        assertThat(call("careful", yes).path("result").path("resultType").asString())
                .as("a yes is good once")
                .isEqualTo("input_required");

        JsonNode other = call("careful", "");
        String no = approving(state(other), "{\"decision\":\"deny\",\"reason\":\"not now\"}");
        assertThat(call("careful", no).toString()).contains("[POLICY DENIED]", "not now");
    }

    @Test
    void whatIsNoProperMessageStopsNothing() throws Exception {
        String params = "\"params\":{\"name\":\"wipe\",\"arguments\":{}}}";
        say("{\"jsonrpc\":\"2.0\",\"method\":\"tools/call\"," + params);
        say("{\"jsonrpc\":\"2.0\",\"id\":\"nobody asked\",\"result\":{}}");
        say("{\"jsonrpc\":\"2.0\",\"id\":\"dev.interlock/approval/x\",\"result\":{\"action\":\"accept\"}}");
        say("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":{}}}");
        say("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":[]}");
        for (String bad : List.of("[1]", "{\"notifications\":5}", "{\"notifications\":[\"toolsListChanged\"]}")) {
            say("{\"jsonrpc\":\"2.0\",\"id\":" + ++ids + ",\"method\":\"subscriptions/listen\",\"params\":" + bad
                    + "}");
            assertThat(answer(ids).has("error")).as(bad).isTrue();
        }
        String twice = request("tools/call", "\"name\":\"echo\",\"arguments\":{}", NOBODY);
        say(twice);
        say(twice);
        assertThat(answer(ids).path("result").toString()).contains("echo ran");
        assertThat(answer(ids).path("result").toString()).contains("echo ran");
        assertThat(ran(call("echo", ""))).isTrue();
        assertThat(seen("\"wipe\"")).isEmpty();
        assertThat(seen("dev.interlock/approval")).isEmpty();
    }

    @Test
    void aHostThatCannotAskIsNotAskedAndAnEditedCallIsTheOneThatRuns() throws Exception {
        assertThat(ran(ask("tools/call", "\"name\":\"timid\",\"arguments\":{}", NOBODY)))
                .isFalse();
        JsonNode asked = call("changing", "");
        String edited = approving(state(asked), "{\"decision\":\"approve\",\"arguments\":\"{\\\"n\\\":8}\"}");
        assertThat(ran(call("changing", edited))).isTrue();
        assertThat(seen("\"changing\""))
                .singleElement()
                .satisfies(line -> assertThat(line).contains("\"n\":8"));
        assertThat(seen("\"timid\"")).isEmpty();
    }

    @Test
    void aHostThatListensIsToldOfAChangedPolicyAndOnlyUnderItsSubscription() throws Exception {
        say(request(
                "subscriptions/listen",
                "\"notifications\":{\"toolsListChanged\":true,\"resourceSubscriptions\":[\"file:///x\"]}",
                NOBODY));
        int subscription = ids;
        others.clear();
        assertThat(ran(call("echo", ""))).isTrue();
        assertThat(others).singleElement().satisfies(line -> assertThat(line).contains("acknowledged"));
        assertThat(seen("subscriptions/listen"))
                .singleElement()
                .satisfies(line -> assertThat(line).contains("toolsListChanged").doesNotContain("file:///x"));

        Path changed = Files.writeString(directory.resolve("next.yaml"), POLICY.replace("[hidden]", "[hidden, extra]"));
        assertThat(PolicyYaml.read(changed).errors()).isEmpty();
        Files.move(changed, directory.resolve("policy.yaml"), StandardCopyOption.ATOMIC_MOVE);

        JsonNode told = JSON.readTree(out.readLine());
        assertThat(told.path("method").asString()).isEqualTo("notifications/tools/list_changed");
        assertThat(told.path("params")
                        .path("_meta")
                        .path("io.modelcontextprotocol/subscriptionId")
                        .asInt())
                .isEqualTo(subscription);
        say("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":" + subscription
                + "}}");
        assertThat(ran(call("echo", ""))).isTrue();
    }
}
