package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.interlock.policy.Policy;
import dev.interlock.policy.Posture;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.engine.PolicyEngine;
import io.modelcontextprotocol.spec.McpError;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;

/** Methods, notifications and embedded requests that pass a server's transports. */
class ServerMethodsTest {

    private static final Policy POLICY = new Policies()
            .tool("log_in", Policies.limit(10))
            .method("resources/*", Posture.DENY)
            .method("elicitation/*", Posture.DENY)
            .method("notifications/message", Posture.DENY)
            .method("notifications/progress", Posture.DENY)
            .method("notifications/roots/*", Posture.DENY)
            .policy();

    private static final Map<String, ?> ELICIT = Map.of("method", "elicitation/create", "params", Map.of());

    private final RecordingLimiter limiter = new RecordingLimiter();
    private final Denials denials = new Denials();
    private final ServerGuard guard = new ServerGuard(EnforcingServerTransports.builder(
            PolicyEngine.builder(POLICY).rateLimiter(limiter).audit(denials).build()));

    private final List<GuardedServer> servers = new ArrayList<>();

    private ServerWay.End open(ServerWay way) {
        assumeTrue(way.exists(), "this version of the SDK has no such way");
        GuardedServer server = new GuardedServer(POLICY);
        servers.add(server);
        return way.into(server);
    }

    @AfterEach
    void stop() {
        servers.forEach(GuardedServer::stop);
    }

    private @Nullable JSONRPCResponse answer(String method, Object result) {
        return answer(method, request -> Mono.just(JSONRPCResponse.result(request.id(), result)));
    }

    private @Nullable JSONRPCResponse answer(String method, Exchange server) {
        Map<String, Object> params = Map.of("name", "log_in", "arguments", Map.of());
        return guard.answer(new JSONRPCRequest(method, "1", params), guard.session("s", null), server, null)
                .block();
    }

    private static Map<String, Object> asking(Object request) {
        return Map.of("resultType", "input_required", "inputRequests", Map.of("e", request));
    }

    // ---- names and notifications

    @ParameterizedTest
    @EnumSource
    void aRequestInDisguiseIsRefusedAndOnRecord(ServerWay way) {
        ServerWay.End end = open(way);
        List<String> disguises =
                List.of("Resources/Read", " resources/read", "resources/read\u00a0", "tools/call\ufeff", "PING");

        for (String method : disguises) {
            JSONRPCResponse response = end.request(new JSONRPCRequest(method, 7, Map.of("uri", GuardedServer.REPORT)));
            assertThat(response.error().message()).as(method).startsWith("[POLICY DENIED] ");
        }
        assertThat(servers.get(0).denials.count("method")).isEqualTo(disguises.size());
    }

    @ParameterizedTest
    @EnumSource
    void aDeniedNotificationOfAClientsIsDroppedAndOnRecordOnce(ServerWay way) {
        ServerWay.End end = open(way);

        end.send(new JSONRPCNotification("notifications/roots/list_changed")).block();
        end.send(new JSONRPCNotification("notifications/initialized\u200b")).block();
        end.send(new JSONRPCNotification("notifications/cancelled", Map.of("requestId", "none")))
                .block();

        assertThat(servers.get(0).denials.recorded())
                .hasSize(2)
                .first()
                .isEqualTo("method of notifications/roots/list_changed");
    }

    @Test
    void aDeniedNotificationOfTheServersIsDroppedAndOnRecordOnce() {
        assertThat(guard.outgoing(new JSONRPCNotification("notifications/message", Map.of()))
                        .block())
                .isNull();
        assertThat(guard.outgoing(new JSONRPCNotification("Notifications/Tasks", Map.of()))
                        .block())
                .isNull();
        assertThat(guard.outgoing(new JSONRPCNotification(
                                "notifications/tasks", Map.of("inputRequests", Map.of("e", ELICIT))))
                        .block())
                .isNull();
        JSONRPCMessage passing = new JSONRPCNotification("notifications/tools/list_changed");
        assertThat(guard.outgoing(passing).block()).isSameAs(passing);
        assertThat(denials.recorded())
                .containsExactly(
                        "method of notifications/message",
                        "method of Notifications/Tasks",
                        "method of elicitation/create");
    }

    @ParameterizedTest
    @EnumSource(names = "STATELESS", mode = EnumSource.Mode.EXCLUDE)
    void aRealServersDeniedProgressNeverReachesItsClient(ServerWay way) {
        ServerWay.End end = open(way);

        JSONRPCResponse response = end.call(Map.of("name", "work", "_meta", Map.of("progressToken", "p")));

        assertThat(response.error()).isNull();
        assertThat(end.received).noneMatch(JSONRPCNotification.class::isInstance);
        assertThat(servers.get(0).denials.recorded()).containsExactly("method of notifications/progress");
    }

    // ---- what answers ask

    @Test
    void aCallWhoseAnswerAsksForWhatIsDeniedEndsAsDeniedWithAnUnknownOutcome() {
        JSONRPCResponse answer = answer("tools/call", asking(ELICIT));

        assertThat(answer.result().toString())
                .contains("isError=true", "resultType=complete", "[POLICY DENIED] ", "code=method");
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
        assertThat(denials.recorded()).containsExactly("method of elicitation/create");
    }

    @Test
    void anAnswerThatAsksForWhatIsAllowedPassesAsItIs() {
        Map<String, Object> asking = asking(Map.of("method", "roots/list"));

        assertThat(answer("tools/call", asking).result()).isSameAs(asking);
        assertThat(answer("prompts/get", asking).result()).isSameAs(asking);
    }

    @Test
    void theAnswerToAnotherRequestIsReplacedByAProtocolError() {
        for (String method : List.of("prompts/get", "tasks/get", "tools/list", "completion/complete")) {
            assertThat(answer(method, asking(ELICIT)).error().message())
                    .as(method)
                    .startsWith("[POLICY DENIED] ");
            assertThat(answer(method, asking(Map.of("method", "ping"))).error()).isNotNull();
        }
        assertThat(guard.outgoing(JSONRPCResponse.result("late", asking(ELICIT)))
                        .block())
                .extracting(message -> ((JSONRPCResponse) message).result())
                .isNull();
    }

    @Test
    void aResultOfAJavaTypeIsReadAsItsJson() {
        record Asking(Map<String, Object> inputRequests) {}

        assertThat(answer("tools/call", new Asking(Map.of("e", ELICIT)))
                        .result()
                        .toString())
                .contains("[POLICY DENIED] ");
        Object harmless = new Asking(Map.of());
        assertThat(answer("tools/call", harmless).result()).isSameAs(harmless);
    }

    @Test
    void aServerThatWantsAUrlOpenedAsksForAnElicitation() {
        McpError failure = McpError.builder(-32042).message("log in").build();

        assertThat(answer("tools/call", request -> Mono.error(failure)).result().toString())
                .contains("[POLICY DENIED] ", "isError=true");
        assertThat(answer("prompts/get", request -> Mono.error(failure)).error().message())
                .startsWith("[POLICY DENIED] ");
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
    }

    @ParameterizedTest
    @EnumSource
    void aRealServersWishForAUrlEndsTheCallAsDeniedOnEveryWay(ServerWay way) {
        ServerWay.End end = open(way);

        JSONRPCResponse answer = end.call(Map.of("name", "log_in", "arguments", Map.of()));

        assertThat(answer.error()).isNull();
        assertThat(answer.result().toString()).contains("[POLICY DENIED] ", "code=method");
        assertThat(servers.get(0).report().settled()).containsExactly("UNKNOWN");
    }
}
