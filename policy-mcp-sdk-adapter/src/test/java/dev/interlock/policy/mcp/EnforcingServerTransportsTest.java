package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.interlock.policy.Policy;
import dev.interlock.policy.Posture;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.approval.ApprovalTickets;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.value.ValueLimits;
import io.modelcontextprotocol.spec.McpError;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpSchema.ListToolsResult;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import java.net.ConnectException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

class EnforcingServerTransportsTest {

    private final ManualTime time = new ManualTime();
    private final List<GuardedServer> servers = new ArrayList<>();
    private @Nullable GuardedServer server;

    private ServerWay.End open(ServerWay way, Policy policy, Consumer<EnforcingServerTransports.Builder> settings) {
        assumeTrue(way.exists(), "this version of the SDK has no such way");
        server = new GuardedServer(policy);
        servers.add(server);
        server.guard.timeSource(time);
        settings.accept(server.guard);
        return way.into(server);
    }

    private ServerWay.End open(ServerWay way) {
        return open(way, GuardedServer.POLICY, builder -> {});
    }

    @AfterEach
    void stop() {
        servers.forEach(GuardedServer::stop);
    }

    private static Map<String, Object> params(String tool, Map<String, Object> arguments) {
        return Map.of("name", tool, "arguments", arguments);
    }

    private static String denial(JSONRPCResponse response) {
        assertThat(response.error()).isNull();
        assertThat(response.result().toString()).contains("isError=true", "dev.interlock/decision");
        return response.result().toString();
    }

    // ---- shapes

    static Stream<Arguments> hostileCalls() {
        Map<String, Object> nullName = new HashMap<>();
        nullName.put("name", null);
        Map<String, Object> shapes = new HashMap<>();
        shapes.put("parameters that are a list", List.of("work"));
        shapes.put("parameters that are a string", "work");
        shapes.put("no name", Map.of("arguments", Map.of()));
        shapes.put("a null name", nullName);
        shapes.put("a name that is a number", Map.of("name", 7));
        shapes.put("a blank name", Map.of("name", " "));
        shapes.put("arguments that are a list", Map.of("name", "work", "arguments", List.of()));
        shapes.put("arguments that are a string", Map.of("name", "work", "arguments", "{}"));
        shapes.put("a second name in capitals", Map.of("name", "work", "NAME", "delete_store"));
        shapes.put("second arguments with a long s", Map.of("name", "work", "argument\u017f", Map.of()));
        shapes.put("a name with an invisible letter", params("delete_store\u200b", Map.of()));
        shapes.put("a name in other letters", params("d\u0435lete_store", Map.of()));
        shapes.put("a name in capitals", params("DELETE_STORE", Map.of()));
        shapes.put("a name with a blank", params("delete_store ", Map.of()));
        shapes.put("metadata that is not an object", Map.of("name", "work", "_meta", "none"));
        shapes.put("a denied tool with metadata", Map.of("name", "delete_store", "_meta", Map.of("name", "work")));
        shapes.put("a denied tool as a task", Map.of("name", "delete_store", "task", Map.of("ttl", 1)));
        shapes.put("arguments past all bounds", params("work", Map.of("x", "y".repeat(2_000_000))));
        return Arrays.stream(ServerWay.values())
                .flatMap(way -> Stream.concat(
                        shapes.entrySet().stream().map(shape -> Arguments.of(way, shape.getKey(), shape.getValue())),
                        Stream.of(Arguments.of(way, "no parameters", null))));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("hostileCalls")
    void aHostileCallIsDeniedAndNothingRuns(ServerWay way, String what, @Nullable Object params) {
        ServerWay.End end = open(way);

        JSONRPCResponse response = end.call(params);

        assertThat(denial(response)).doesNotContain("Exception", "jackson", "yyyy");
        assertThat(response.id()).isEqualTo("c-1");
        assertThat(server.ran()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void aHiddenToolIsToldFromNoneThatIsNotThere(ServerWay way) {
        ServerWay.End end = open(
                way,
                new Policies().defaultDeny().hiding("delete_store").tool("work").policy(),
                builder -> {});

        assertThat(Stream.of("delete_store", "DELETE_STORE", "d\u0435lete_store", "unknown")
                        .map(name -> denial(end.call(params(name, Map.of()))).replace(name, "it"))
                        .distinct())
                .singleElement()
                .asString()
                .contains("Tool 'it' is not available");
    }

    @ParameterizedTest
    @EnumSource
    void aMethodThatOnlyLooksLikeACallIsRefused(ServerWay way) {
        ServerWay.End end = open(way);

        for (String method : List.of("tools/call ", "Tools/Call", " TOOLS/CALL", "tools/call\u0000")) {
            JSONRPCResponse response =
                    end.request(new JSONRPCRequest(method, 7, params("delete_store", Map.of("id", "x"))));
            assertThat(response.error()).as(method).isNotNull();
        }
        assertThat(server.ran()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void aCallAsANotificationRunsNothing(ServerWay way) {
        ServerWay.End end = open(way);

        end.send(new JSONRPCNotification("tools/call", params("work", Map.of())))
                .block();

        assertThat(end.received).isEmpty();
        assertThat(server.ran()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void everyRefusalIsOnRecordWhereverItWasMade(ServerWay way) {
        ServerWay.End end = open(
                way,
                GuardedServer.POLICY,
                guard -> guard.callContext((transport, reactor) -> {
                    throw new IllegalStateException("unknown");
                }));

        end.call(params("work", Map.of()));
        end.request(new JSONRPCRequest("prompts/list", 7, null));
        end.request(new JSONRPCRequest("tools/list", 8, null));
        end.request(new JSONRPCRequest(" Tools/Call", 9, params("work", Map.of())));
        end.send(new JSONRPCNotification("tools/call", params("work", Map.of())))
                .block();

        assertThat(server.denials.recorded())
                .containsExactly(
                        "error of work",
                        "method of prompts/list",
                        "error of tools/list",
                        "method of Tools/Call",
                        "method of tools/call");
        assertThat(server.ran()).isEmpty();
    }

    @Test
    void aMessageThatIsNoneIsDropped() {
        ServerWay.End end = open(ServerWay.SESSION);
        JSONRPCMessage batch = () -> "2.0";

        end.send(batch).block();

        assertThat(end.received).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void whatRunsIsWhatWasDecided(ServerWay way) {
        Map<String, Object> params = new HashMap<>() {
            private int reads;

            @Override
            public java.util.Set<Map.Entry<String, Object>> entrySet() {
                return Map.<String, Object>of("name", reads++ == 0 ? "work" : "delete_store")
                        .entrySet();
            }

            @Override
            public Object get(Object key) {
                return "delete_store";
            }
        };

        open(way).call(params);

        assertThat(server.ran()).containsOnlyKeys("work");
    }

    @ParameterizedTest
    @EnumSource
    void theResponseKeepsTheIdOfItsRequest(ServerWay way) {
        ServerWay.End end = open(way);

        for (Object id : List.of("1", 1, 4_000_000_000L, "dev.interlock/x")) {
            assertThat(end.request(new JSONRPCRequest("tools/call", id, params("work", Map.of())))
                            .id())
                    .isEqualTo(id);
            assertThat(end.request(new JSONRPCRequest("tools/call", id, params("delete_store", Map.of())))
                            .id())
                    .isEqualTo(id);
        }
    }

    // ---- methods

    @ParameterizedTest
    @EnumSource
    void aDeniedMethodIsRefusedAndAnUnknownOneIsTheServersToRefuse(ServerWay way) {
        ServerWay.End end = open(way);

        assertThat(end.request(new JSONRPCRequest("prompts/list", 1)).error().message())
                .startsWith("[POLICY DENIED] ");
        assertThat(end.request(new JSONRPCRequest("no/such", 2)).error().code()).isEqualTo(-32601);
        assertThat(end.request(new JSONRPCRequest("resources/list", 3)).error()).isNull();
    }

    @ParameterizedTest
    @EnumSource
    void aServerThatDeniesAllMethodsStillAnswersItsClients(ServerWay way) {
        ServerWay.End end = open(way, new Policies().method("*", Posture.DENY).policy(), builder -> {});

        assertThat(end.request(new JSONRPCRequest("ping", 1)).error()).isNull();
        assertThat(end.request(new JSONRPCRequest("tools/list", 2)).error()).isNotNull();
        assertThat(end.call(params("work", Map.of())).error()).isNull();
    }

    // ---- endings

    @ParameterizedTest
    @EnumSource
    void idsThatCollideMixNothingUp(ServerWay way) throws Exception {
        ServerWay.End end = open(way);
        end.send(new JSONRPCRequest("tools/call", 1, params("wait", Map.of()))).subscribe();
        server.awaitWaiting();

        assertThat(end.request(new JSONRPCRequest("tools/call", 1, params("refuse", Map.of())))
                        .error()
                        .message())
                .isEqualTo("the tool refused");
        assertThat(server.limiter.settlements()).containsExactly(CallOutcome.FAILED);
        server.release();
        Await.until(() -> end.received.size() >= 2);

        assertThat(server.limiter.settlements()).containsExactly(CallOutcome.FAILED, CallOutcome.SUCCEEDED);
    }

    @ParameterizedTest
    @EnumSource
    void aTransportThatCancelsLeavesTheOutcomeUnknown(ServerWay way) throws Exception {
        ServerWay.End end = open(way);
        Disposable request = end.send(new JSONRPCRequest("tools/call", 1, params("wait", Map.of())))
                .subscribe();
        server.awaitWaiting();

        request.dispose();

        assertThat(server.limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
        assertThat(server.inPlace.runningCalls()).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void aClientThatCancelsChangesNothingInHowTheCallEnds(ServerWay way) throws Exception {
        ServerWay.End end = open(way);
        end.send(new JSONRPCRequest("tools/call", 1, params("wait", Map.of()))).subscribe();
        server.awaitWaiting();

        end.send(new JSONRPCNotification("notifications/cancelled", Map.of("requestId", 1)))
                .block();
        assertThat(server.limiter.settlements()).isEmpty();
        server.release();
        awaitIdle();

        assertThat(server.limiter.settlements()).containsExactly(CallOutcome.SUCCEEDED);
    }

    @ParameterizedTest
    @EnumSource
    void aCallThatRunsForEverCountsAsLostInTheEnd(ServerWay way) throws Exception {
        ServerWay.End end = open(way);
        end.send(new JSONRPCRequest("tools/call", 1, params("wait", Map.of()))).subscribe();
        server.awaitWaiting();

        time.advance(Duration.ofMinutes(10));
        end.call(params("complain", Map.of()));

        assertThat(server.limiter.settlements()).containsExactly(CallOutcome.UNKNOWN, CallOutcome.TOOL_ERROR);
    }

    @ParameterizedTest
    @EnumSource
    void aServerThatIsClosedLetsNothingThroughAndNothingOpen(ServerWay way) throws Exception {
        ServerWay.End end = open(way);
        end.send(new JSONRPCRequest("tools/call", 1, params("wait", Map.of()))).subscribe();
        server.awaitWaiting();

        server.inPlace.close();
        end.call(params("start_export", Map.of("to", "x")));

        // Without a session, not even the tools are known any more, and so nothing is reserved for the second.
        assertThat(server.limiter.settlements())
                .startsWith(CallOutcome.UNKNOWN)
                .isSubsetOf(CallOutcome.UNKNOWN, CallOutcome.UNSENT);
        assertThat(server.ran()).containsOnlyKeys("wait");
    }

    @Test
    void aCallThatFailsInAServersOwnExchangeCountsAsUnknownAndUsesUpAYesHoweverItFails() {
        RecordingLimiter limiter = new RecordingLimiter();
        ApprovalTickets tickets = ApprovalTickets.create();
        PolicyEngine engine = PolicyEngine.builder(new Policies()
                        .tool("pay", Policies.limit(10), Policies.ask())
                        .policy())
                .rateLimiter(limiter)
                .approvals(tickets)
                .build();
        ServerGuard guard = new ServerGuard(EnforcingServerTransports.builder(engine));
        AtomicInteger ran = new AtomicInteger();
        Exchange breaking = request -> {
            ran.incrementAndGet();
            return Mono.error(new IllegalStateException(new ConnectException("a backend, the second time")));
        };
        JSONRPCRequest pay = new JSONRPCRequest("tools/call", 1, params("pay", Map.of()));
        guard.answer(pay, guard.session("s", null), breaking, null).block();
        tickets.approve(tickets.list().get(0).id(), "Ada");

        for (int i = 0; i < 3; i++) {
            guard.answer(pay, guard.session("s", null), breaking, null).block();
        }

        assertThat(ran).hasValue(1);
        assertThat(limiter.settlements())
                .filteredOn(CallOutcome.UNKNOWN::equals)
                .hasSize(1);
    }

    @ParameterizedTest
    @EnumSource
    void aCallWhoseIdIsOneOfOursHasAnEndAllTheSame(ServerWay way) {
        ServerWay.End end = open(way);

        JSONRPCResponse response = end.request(
                new JSONRPCRequest("tools/call", "dev.interlock/1", params("start_export", Map.of("to", "x"))));

        assertThat(response.id()).isEqualTo("dev.interlock/1");
        awaitIdle();
    }

    @Test
    void aListThatNoOneHasAskedForShowsWhatACallerOfWhomNothingIsKnownMaySee() {
        PolicyEngine engine = PolicyEngine.builder(
                        new Policies().granting("service", "admin_secret").policy())
                .build();
        ServerGuard guard = new ServerGuard(EnforcingServerTransports.builder(engine)
                .identity("service")
                .callContext((transport, reactor) -> CallContext.EMPTY));

        JSONRPCResponse shown = (JSONRPCResponse) guard.outgoing(
                        JSONRPCResponse.result(1, Map.of("tools", List.of(Map.of("name", "admin_secret")))))
                .block();

        assertThat(shown.result()).isEqualTo(Map.of("tools", List.of()));
    }

    private void awaitIdle() {
        Await.until(() -> server.limiter.unsettled() == 0);
    }

    @Test
    void afterAHundredThousandCallsWithEveryEndingNothingIsHeld() {
        RecordingLimiter limiter = new RecordingLimiter();
        AskingEngine asking = new AskingEngine(limiter, time);
        List<Runnable> alarms = asking.alarms();
        Deque<CompletableFuture<ApprovalAnswer>> asked = asking.asked();
        PolicyEngine engine = asking.engine();
        ServerGuard guard =
                new ServerGuard(EnforcingServerTransports.builder(engine).timeSource(time));
        JSONRPCRequest export = new JSONRPCRequest("tools/call", 1, params("export", Map.of()));
        List<Exchange> endings = List.of(
                request -> Mono.just(JSONRPCResponse.result(request.id(), Map.of("content", List.of()))),
                request -> Mono.just(JSONRPCResponse.result(request.id(), Map.of("isError", true))),
                request -> Mono.just(
                        JSONRPCResponse.error(request.id(), new JSONRPCResponse.JSONRPCError(-32000, "no", null))),
                request -> Mono.error(McpError.builder(-32000).message("no").build()),
                request -> Mono.error(new IllegalStateException("broken")),
                request -> {
                    throw new IllegalStateException("broken at once");
                },
                request -> Mono.empty(),
                request -> Mono.never());
        ClientSession session = guard.session("s", null);

        ApprovalAnswer yes = ApprovalAnswer.approved("Ada");
        List<Consumer<Disposable>> whileAPersonThinks = List.of(
                caller -> asked.element().complete(yes),
                caller -> asked.element().complete(ApprovalAnswer.refused("Ada", "no")),
                caller -> asked.element().completeExceptionally(new IllegalStateException("no one is there")),
                caller -> session.heard(new JSONRPCNotification("notifications/cancelled", Map.of("requestId", 1))),
                caller -> session.close(),
                caller -> time.advance(Duration.ofMinutes(1)),
                caller -> List.copyOf(alarms).forEach(Runnable::run),
                Disposable::dispose);

        JSONRPCRequest pay = new JSONRPCRequest("tools/call", 1, params("pay", Map.of()));
        JSONRPCRequest delete = new JSONRPCRequest("tools/call", 1, params("delete", Map.of()));
        for (int i = 0; i < 100_000; i++) {
            Exchange ending = endings.get(i % endings.size());
            if (i % 10 == 9) {
                guard.answer(delete, session, ending, null).subscribe().dispose();
            } else if (i % 10 == 8) {
                Disposable caller = guard.answer(pay, session, ending, null).subscribe();
                whileAPersonThinks.get(i / 10 % whileAPersonThinks.size()).accept(caller);
                asked.remove().complete(yes);
                caller.dispose();
            } else {
                guard.answer(export, session, ending, null).subscribe().dispose();
            }
        }

        assertThat(guard.runningCalls()).isZero();
        assertThat(session.deciding().size()).isZero();
        assertThat(alarms).isEmpty();
        assertThat(limiter.reserved()).isEqualTo(90_000);
        assertThat(limiter.settlements()).contains(CallOutcome.values());
        assertThat(limiter.settledEachOnce()).isTrue();
    }

    // ---- tool lists and definitions

    @SuppressWarnings("unchecked")
    private static List<String> names(JSONRPCResponse list) {
        return list.result() instanceof ListToolsResult typed
                ? typed.tools().stream().map(Tool::name).toList()
                : ((List<Map<String, Object>>) ((Map<String, Object>) list.result()).get("tools"))
                        .stream().map(tool -> (String) tool.get("name")).toList();
    }

    @ParameterizedTest
    @EnumSource
    void theListShowsEachCallerWhatItMayCall(ServerWay way) {
        ServerWay.End end = open(
                way,
                new Policies()
                        .granting("alice", "work", "read_item")
                        .granting("bob", "complain")
                        .policy(),
                builder -> builder.callContext(BY_USER));
        JSONRPCRequest list = new JSONRPCRequest("tools/list", 1, Map.of());

        assertThat(names(end.request(list, Map.of("user", "alice")))).containsExactlyInAnyOrder("work", "read_item");
        assertThat(names(end.request(list, Map.of("user", "bob")))).containsExactly("complain");
        assertThat(names(end.request(list, Map.of()))).isEmpty();
        assertThat(denial(end.request(
                        new JSONRPCRequest("tools/call", 2, params("work", Map.of())), Map.of("user", "bob"))))
                .contains("default_deny");
    }

    @ParameterizedTest
    @EnumSource
    void aToolWhoseSchemaCameLaterIsCheckedByIt(ServerWay way) {
        ServerWay.End end = open(
                way,
                new Policies().tool("late_read", Policies.requiredArguments()).policy(),
                builder -> {});

        assertThat(denial(end.call(params("late_read", Map.of())))).contains("schema_unknown");
        end.call(params("grow", Map.of()));
        time.advance(Duration.ofSeconds(30));

        assertThat(end.call(params("late_read", Map.of())).result().toString()).contains("late_read");
    }

    // ---- who calls

    private static final CallContextResolver BY_USER = (transport, reactor) ->
            transport.get("user") instanceof String user ? CallContext.by(user) : CallContext.EMPTY;

    private List<String> sessionsOfTwoExports(
            ServerWay way, Consumer<EnforcingServerTransports.Builder> settings, String first, String second) {
        ServerWay.End end = open(way, GuardedServer.POLICY, settings);
        for (String user : List.of(first, second)) {
            end.request(
                    new JSONRPCRequest("tools/call", 1, params("start_export", Map.of("to", "x"))),
                    Map.of("user", user));
        }
        return server.limiter.subjects();
    }

    @ParameterizedTest
    @EnumSource
    void limitsOfASessionAreCountedByIdentityIfTheHostSaysNothingElse(ServerWay way) {
        assertThat(sessionsOfTwoExports(way, builder -> builder.callContext(BY_USER), "alice", "bob"))
                .hasSize(2)
                .doesNotHaveDuplicates();
        assertThat(sessionsOfTwoExports(way, builder -> builder.callContext(BY_USER), "alice", "alice"))
                .hasSize(2)
                .containsOnly(server.limiter.subjects().get(0));
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "STATELESS")
    void limitsOfASessionAreCountedByTheTransportsSessionIfNoOneKnowsTheCaller(ServerWay way) {
        List<String> subjects = sessionsOfTwoExports(way, builder -> {}, "alice", "bob");

        assertThat(subjects).hasSize(2).containsOnly(subjects.get(0));
        assertThat(subjects.get(0)).containsPattern("[0-9a-f]{8}-[0-9a-f]{4}");
    }

    @Test
    void limitsOfASessionAreCountedTogetherWhereThereAreNoSessionsAndNoOneKnowsTheCaller() {
        assertThat(sessionsOfTwoExports(ServerWay.STATELESS, builder -> {}, "alice", "bob"))
                .hasSize(2)
                .containsOnly(ToolCall.COMMON_SESSION);
    }

    @ParameterizedTest
    @EnumSource
    void theSessionThatTheHostNamesComesBeforeTheIdentityAndTheTransports(ServerWay way) {
        assertThat(sessionsOfTwoExports(
                        way, builder -> builder.callContext(BY_USER).session("of the host"), "alice", "bob"))
                .containsExactly("of the host", "of the host");
    }

    @Test
    void aServerWithoutSessionsIsNotInThatOfAnotherInWhoseRequestItIsCalled() {
        RecordingLimiter limiter = new RecordingLimiter();
        ServerGuard guard =
                new ServerGuard(EnforcingServerTransports.builder(new AskingEngine(limiter, time).engine()));

        guard.answer(
                        new JSONRPCRequest("tools/call", 1, params("export", Map.of())),
                        guard.session(null, null),
                        request -> Mono.just(JSONRPCResponse.result(request.id(), Map.of())),
                        null)
                .contextWrite(context -> context.put(CallContextResolver.MCP_SESSION_ID, "of another"))
                .block();

        assertThat(limiter.subjects()).containsExactly(ToolCall.COMMON_SESSION);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "STATELESS")
    void aHostMayCountByTheSessionOfTheProtocol(ServerWay way) {
        CallContextResolver byMcpSession =
                (transport, reactor) -> CallContext.EMPTY.in(reactor.get(CallContextResolver.MCP_SESSION_ID));

        List<String> subjects = sessionsOfTwoExports(way, builder -> builder.callContext(byMcpSession), "alice", "bob");

        assertThat(subjects).hasSize(2).containsOnly(subjects.get(0));
        assertThat(subjects.get(0)).containsPattern("[0-9a-f]{8}-[0-9a-f]{4}");
    }

    @ParameterizedTest
    @EnumSource
    void anErrorOfTheResolverDeniesAndIsAnswered(ServerWay way) {
        for (Error error : List.of(
                new AssertionError("secret"), new NoClassDefFoundError("secret"), new StackOverflowError("secret"))) {
            ServerWay.End end = open(
                    way,
                    Policies.allowingAll(),
                    builder -> builder.callContext((transport, reactor) -> {
                        throw error;
                    }));

            assertThat(denial(end.call(params("work", Map.of())))).doesNotContain("secret");
            assertThat(end.request(new JSONRPCRequest("tools/list", 1)).error().message())
                    .doesNotContain("secret");
            assertThat(server.ran()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aPolicyThatReadsWhatNoOneGivesIsRefusedWhenTheServerIsWrapped(ServerWay way) {
        open(way, Policies.denyingIf("ctx.role", "guest"), builder -> builder.callContext(BY_USER));
        for (String path : List.of("ctx.role", "call.identity", "call.server")) {
            assertThatThrownBy(() -> open(way, Policies.denyingIf(path, "guest"), builder -> {}))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(path);
        }
        assertThatThrownBy(
                        () -> open(way, new Policies().granting("ada", "work").policy(), builder -> {}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("grants");
    }

    @ParameterizedTest
    @EnumSource
    void aResolverThatFailsDeniesAndTellsNothing(ServerWay way) {
        ServerWay.End end = open(
                way,
                Policies.allowingAll(),
                builder -> builder.callContext((transport, reactor) -> {
                    throw new IllegalStateException("secret detail");
                }));

        assertThat(denial(end.call(params("work", Map.of())))).doesNotContain("secret");
        JSONRPCResponse list = end.request(new JSONRPCRequest("tools/list", 1));
        assertThat(list.result()).isNull();
        assertThat(list.error().message()).doesNotContain("secret");
    }

    // ---- settings

    @ParameterizedTest
    @EnumSource
    void denialsMayBeErrorsWithAPrefixOfTheHosts(ServerWay way) {
        ServerWay.End end = open(
                way, GuardedServer.POLICY, builder -> builder.denialsAsErrors().denialPrefix("NO: "));

        JSONRPCResponse response = end.call(params("delete_store", Map.of()));

        assertThat(response.result()).isNull();
        assertThat(response.error().message()).isEqualTo("NO: Stores are not deleted by agents.");
        assertThat(response.error().data().toString()).contains("dev.interlock/decision", "rule=no", "deny_rule");
    }

    @ParameterizedTest
    @EnumSource
    void argumentsMayBeBoundedByTheHost(ServerWay way) {
        ServerWay.End end = open(way, GuardedServer.POLICY, builder -> builder.argumentLimits(new ValueLimits(64, 16)));

        assertThat(denial(end.call(params("work", Map.of("password", "correct horse battery staple")))))
                .doesNotContain("horse");
    }

    // ---- the SDK

    /** A session as a later version of the SDK might have it. */
    static class LaterSession {
        public Mono<Void> handle(JSONRPCMessage message) {
            return Mono.empty();
        }

        public Mono<Void> handleAll(List<JSONRPCMessage> messages) {
            return Mono.empty();
        }
    }

    static class GuardOfToday extends LaterSession {
        @Override
        public Mono<Void> handle(JSONRPCMessage message) {
            return Mono.error(new IllegalStateException());
        }
    }

    /** A base does not pass on what it does not know, and the guard behind it is not taken to do so. */
    static final class GuardWithABase extends GuardOfToday {
        @Override
        public Mono<Void> handle(JSONRPCMessage message) {
            return super.handle(message);
        }
    }

    @Test
    void anSdkWithAWayInThatNoOneGuardsIsRefused() {
        SdkCompatibility.requireServer();
        SdkCompatibility.requireClient();

        assertThat(SdkCompatibility.unguarded(LaterSession.class, GuardOfToday.class))
                .containsExactly("LaterSession.handleAll");
        assertThat(SdkCompatibility.unguarded(LaterSession.class, GuardWithABase.class))
                .containsExactly("LaterSession.handleAll");
        assertThatThrownBy(() -> SdkCompatibility.requireGuarded(Map.of(LaterSession.class, GuardOfToday.class)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("LaterSession.handleAll")
                .hasMessageContaining("2.0, 2.1 or 2.2");
    }

    @Test
    void anSdkThatLacksWhatIsNeededIsRefused() {
        SdkCompatibility.requireMembers(Map.of(LaterSession.class.getName(), "handleAll"));

        assertThatThrownBy(() -> SdkCompatibility.requireMembers(Map.of(GuardOfToday.class.getName(), "handleNone")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("GuardOfToday.handleNone")
                .hasMessageContaining("too old")
                .hasMessageContaining("0.18.3");
        assertThatThrownBy(() -> SdkCompatibility.requireMembers(Map.of("io.modelcontextprotocol.Missing", "run")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("Missing.run");
    }

    @Test
    void everyMethodOfEveryTransportIsPassedOn() {
        Map<Class<?>, Class<?>> decorators = Map.of(
                io.modelcontextprotocol.spec.McpClientTransport.class, EnforcingClientTransport.class,
                io.modelcontextprotocol.spec.McpServerTransportProvider.class, GuardedProvider.class,
                io.modelcontextprotocol.spec.McpStreamableServerTransportProvider.class,
                        GuardedStreamableProvider.class,
                io.modelcontextprotocol.spec.McpStatelessServerTransport.class, GuardedStatelessTransport.class,
                io.modelcontextprotocol.spec.McpServerTransport.class, GuardedSessionTransport.class,
                io.modelcontextprotocol.spec.McpStreamableServerTransport.class, GuardedStreamableTransport.class);

        decorators.forEach((sdk, decorator) -> assertThat(SdkCompatibility.unguarded(sdk, decorator))
                .as(decorator.getSimpleName())
                .isEmpty());
        assertThat(SdkCompatibility.unguarded(
                        io.modelcontextprotocol.spec.McpStreamableServerTransport.class, OpenConnection.class))
                .isEmpty();
    }
}
