package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.MAP;

import dev.interlock.policy.Mode;
import dev.interlock.policy.Policy;
import dev.interlock.policy.Posture;
import dev.interlock.policy.adapter.DenialText;
import dev.interlock.policy.adapter.GuardSettings;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.value.SpelledDecimal;
import dev.interlock.policy.value.ValueLimits;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpTransportException;
import io.modelcontextprotocol.spec.McpTransportSessionClosedException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

class EnforcingClientTransportTest {

    private final ScriptedTransport wire = new ScriptedTransport();
    private final RecordingLimiter limiter = new RecordingLimiter();
    private final ManualTime time = new ManualTime();
    private final Denials denials = new Denials();

    /** Whatever a test is about: who is told of a denial, client or server, finds it on record. */
    @AfterEach
    void everyDenialThatAnyoneSawIsOnRecord() {
        Map<String, Long> seen = Stream.concat(wire.shown.stream(), wire.sent.stream())
                .filter(message -> message instanceof JSONRPCResponse response && Answers.isDenial(response))
                .collect(Collectors.groupingBy(message -> codeOf((JSONRPCResponse) message), Collectors.counting()));
        seen.forEach((code, times) -> assertThat(denials.count(code))
                .as("denials with the code %s on record", code)
                .isGreaterThanOrEqualTo(times));
    }

    private static String codeOf(JSONRPCResponse denial) {
        Object details = denial.error() == null
                ? resultOf(denial).get("_meta")
                : denial.error().data();
        Object decision = ((Map<?, ?>) details).get(DenialText.META_KEY);
        return (String) ((Map<?, ?>) decision).get("code");
    }

    private EnforcingClientTransport wrapped(Policy policy) {
        return wrapped(policy, builder -> builder);
    }

    private EnforcingClientTransport wrapped(Policy policy, UnaryOperator<EnforcingClientTransport.Builder> settings) {
        PolicyEngine engine =
                PolicyEngine.builder(policy).rateLimiter(limiter).audit(denials).build();
        EnforcingClientTransport transport = settings.apply(
                        EnforcingClientTransport.builder(wire, engine).timeSource(time))
                .build();
        transport.connect(wire::show).block();
        return transport;
    }

    private static final Policy LIMITED =
            new Policies().tool("export", Policies.limit(10)).policy();

    private static final Policy WITHOUT_DELETE =
            new Policies().tool("delete", Policies.denied("Not for agents.")).policy();

    private static JSONRPCRequest call(Object id, String tool, @Nullable Map<String, Object> arguments) {
        return new JSONRPCRequest("tools/call", id, new CallToolRequest(tool, arguments, null));
    }

    private static JSONRPCRequest raw(Object id, @Nullable Object params) {
        return new JSONRPCRequest("tools/call", id, params);
    }

    private static Map<String, Object> result(String text) {
        return Map.of("content", List.of(Map.of("type", "text", "text", text)), "isError", false);
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> resultOf(JSONRPCResponse response) {
        return (Map<String, Object>) response.result();
    }

    @SuppressWarnings("unchecked")
    private static String textOf(JSONRPCResponse response) {
        List<Map<String, Object>> content =
                (List<Map<String, Object>>) resultOf(response).get("content");
        return (String) content.get(0).get("text");
    }

    /** As their servers write them, and as clients read that. */
    static Stream<Object> resultsOfToolsThatFailed() {
        return Stream.of(
                Map.of("content", List.of(), "isError", true),
                Map.of("content", List.of(), "isError", "true"),
                Map.of("content", List.of(), "isError", 1),
                CallToolResult.builder()
                        .addTextContent("declined")
                        .isError(true)
                        .build());
    }

    /** What transports throw when no connection could be made; the one before it may have run the call. */
    static Stream<Exception> failuresBeforeTheFirstByte() {
        return Stream.of(
                new ConnectException("refused"),
                new NoRouteToHostException("no route"),
                new UnknownHostException("gone"),
                new UnresolvedAddressException(),
                new HttpConnectTimeoutException("too slow"),
                new McpTransportSessionClosedException(),
                new McpTransportException("HTTP 401"),
                new Sinks.EmissionException(Sinks.EmitResult.FAIL_CANCELLED));
    }

    @SuppressWarnings("serial")
    private static final class QueueFull extends RuntimeException {}

    private void assertDenied(int index, Object id, String text) {
        JSONRPCResponse denial = wire.shownResponse(index);
        assertThat(denial.id()).isEqualTo(id);
        assertThat(denial.error()).isNull();
        assertThat(resultOf(denial)).containsEntry("isError", true);
        assertThat(textOf(denial)).startsWith("[POLICY DENIED] ").contains(text);
    }

    @Nested
    class ADeniedCall {

        @Test
        void isAnsweredHereAndNeverSent() {
            wrapped(WITHOUT_DELETE)
                    .sendMessage(call("1", "delete", Map.of("id", "x")))
                    .block();

            assertThat(wire.sent).isEmpty();
            assertDenied(0, "1", "Not for agents.");
        }

        @Test
        void tellsProgramsRuleAndCode() {
            wrapped(WITHOUT_DELETE).sendMessage(call("1", "delete", null)).block();

            assertThat(resultOf(wire.shownResponse(0)).get("_meta"))
                    .asInstanceOf(MAP)
                    .extractingByKey("dev.interlock/decision", MAP)
                    .containsEntry("rule", "no")
                    .containsEntry("code", "deny_rule");
        }

        @Test
        void tellsNoHiddenToolFromOneThatIsNotThere() {
            EnforcingClientTransport transport = wrapped(
                    new Policies().defaultDeny().hiding("wipe").tool("read").policy());
            List<String> names = List.of("wipe", "WIPE", "w\u0456pe", "unknown");
            names.forEach(name -> transport.sendMessage(call("1", name, null)).block());

            assertThat(IntStream.range(0, names.size())
                            .mapToObj(i ->
                                    resultOf(wire.shownResponse(i)).toString().replace(names.get(i), "it"))
                            .distinct())
                    .singleElement()
                    .asString()
                    .contains("Tool 'it' is not available");
        }

        @Test
        void tellsProgramsHowLongToWaitForALimit() {
            limiter.answering(() -> CompletableFuture.completedFuture(
                    new Reservation.NotGranted(0, Reservation.Reason.NO_ROOM, Duration.ofMillis(4_321))));

            wrapped(LIMITED).sendMessage(call("1", "export", null)).block();

            assertThat(wire.sent).isEmpty();
            assertThat(resultOf(wire.shownResponse(0)).get("_meta"))
                    .asInstanceOf(MAP)
                    .extractingByKey("dev.interlock/decision", MAP)
                    .containsEntry("code", "limit")
                    .containsEntry("retryAfterMs", 4_321L);
        }

        @Test
        void beginsWithThePrefixThatTheHostChose() {
            wrapped(WITHOUT_DELETE, builder -> builder.denialPrefix("NO: "))
                    .sendMessage(call("1", "delete", null))
                    .block();

            assertThat(textOf(wire.shownResponse(0))).isEqualTo("NO: Not for agents.");
        }

        @Test
        void isDeliveredInTheContextOfItsCaller() {
            List<String> seen = new ArrayList<>();
            PolicyEngine engine = PolicyEngine.builder(WITHOUT_DELETE)
                    .rateLimiter(new RecordingLimiter())
                    .build();
            EnforcingClientTransport transport = EnforcingClientTransport.wrap(wire, engine);
            transport
                    .connect(incoming -> Mono.deferContextual(context -> {
                        seen.add(context.getOrDefault("trace", "none"));
                        return incoming;
                    }))
                    .block();

            transport
                    .sendMessage(call("1", "delete", null))
                    .contextWrite(context -> context.put("trace", "t-1"))
                    .block();

            assertThat(seen).containsExactly("t-1");
        }
    }

    @Nested
    class AnAllowedCall {

        @Test
        void isSentWithWhatTheCallerWrote() {
            Map<String, Object> arguments = new LinkedHashMap<>();
            arguments.put("text", "ä\n");
            arguments.put("exact", new java.math.BigDecimal("12345678901234567890.10"));
            arguments.put("list", Arrays.asList(1, null, Map.of("deep", true)));
            CallToolRequest params = CallToolRequest.builder("read")
                    .arguments(arguments)
                    .progressToken("p-7")
                    .build();

            wrapped(LIMITED).sendMessage(raw("1", params)).block();

            assertThat(wire.sentRequest(0).id()).isEqualTo("1");
            assertThat(wire.sentRequest(0).method()).isEqualTo("tools/call");
            assertThat(wire.sentRequest(0).params()).isEqualTo(params);
        }

        @Test
        void isSentWithItsNumbersAsTheyWereSpelled() throws IOException {
            Map<String, Object> arguments = new LinkedHashMap<>();
            arguments.put("spelled", List.of(SpelledDecimal.of("1e400"), Map.of("n", SpelledDecimal.of("-0"))));
            arguments.put("doubles", List.of(-0.0, 0.0, 0.1));

            wrapped(LIMITED).sendMessage(call("1", "read", arguments)).block();

            assertThat(McpJsonDefaults.getMapper()
                            .writeValueAsString(wire.sentRequest(0).params()))
                    .contains("{\"spelled\":[1e400,{\"n\":-0}],\"doubles\":[-0.0,0.0,0.1]}");
        }

        @Test
        void withoutArgumentsIsSentWithout() {
            wrapped(LIMITED).sendMessage(call("1", "read", null)).block();

            assertThat(wire.sentRequest(0).params()).isEqualTo(new CallToolRequest("read", null, null));
        }

        @Test
        void isSentAsItWasDecidedThoughTheCallerChangesItMeanwhile() {
            CompletableFuture<Reservation> decision = new CompletableFuture<>();
            limiter.answering(() -> decision);
            Map<String, Object> arguments = new HashMap<>(Map.of("to", "inside"));
            wrapped(LIMITED).sendMessage(call("1", "export", arguments)).subscribe();

            arguments.put("to", "outside");
            decision.complete(limiter.grant());

            assertThat(wire.sentRequest(0).params())
                    .isEqualTo(new CallToolRequest("export", Map.of("to", "inside"), null));
        }

        @Test
        void isSentAsItWasDecidedThoughTheMapAnswersDifferentlyEachTime() {
            Map<String, Object> params = new LinkedHashMap<>() {
                private int reads;

                @Override
                public java.util.Set<Map.Entry<String, Object>> entrySet() {
                    return Map.<String, Object>of("name", reads++ == 0 ? "read" : "delete")
                            .entrySet();
                }

                @Override
                public Object get(Object key) {
                    return "delete";
                }
            };

            wrapped(WITHOUT_DELETE).sendMessage(raw("1", params)).block();

            assertThat(wire.sentRequest(0).params()).isEqualTo(Map.of("name", "read"));
        }

        @Test
        void keepsEveryOtherParameterOfARawRequest() {
            Map<String, Object> params = new LinkedHashMap<>();
            params.put("name", "read");
            params.put("arguments", Map.of("id", 7));
            params.put("_meta", Map.of("progressToken", 9));
            params.put("task", Map.of("ttl", 60_000));
            params.put("x-unknown", List.of("kept"));

            wrapped(LIMITED).sendMessage(raw(1, params)).block();

            assertThat(wire.sentRequest(0).params()).isEqualTo(params).isNotSameAs(params);
        }

        @Test
        void passesTheContextOn() {
            wrapped(LIMITED)
                    .sendMessage(call("1", "read", null))
                    .contextWrite(context -> context.put("trace", "t-1"))
                    .block();

            assertThat(wire.contexts.get(0).<String>get("trace")).isEqualTo("t-1");
        }

        @Test
        void isDecidedAgainForEachSubscription() {
            Mono<Void> twice = wrapped(LIMITED).sendMessage(call("1", "export", null));

            twice.block();
            wire.respond("1", result("first"));
            twice.block();
            wire.respond("1", result("second"));

            assertThat(limiter.reserved()).isEqualTo(2);
            assertThat(limiter.settledEachOnce()).isTrue();
        }

        @Test
        void isDecidedOnlyWhenItIsSubscribedTo() {
            var unused = wrapped(LIMITED).sendMessage(call("1", "export", null));

            assertThat(limiter.reserved()).isZero();
            assertThat(wire.sent).isEmpty();
        }
    }

    @Nested
    class AMalformedCall {

        static Stream<Arguments> malformed() {
            Map<Object, Object> oddKey = new HashMap<>(Map.of("name", "read"));
            oddKey.put(java.nio.CharBuffer.wrap("arguments"), Map.of());
            return Stream.of(
                    Arguments.of("no parameters", null),
                    Arguments.of("parameters that are a list", List.of("read")),
                    Arguments.of("parameters that are a string", "read"),
                    Arguments.of("no name", Map.of("arguments", Map.of())),
                    Arguments.of("a null name", nullName()),
                    Arguments.of("a name that is a number", Map.of("name", 7)),
                    Arguments.of(
                            "a name that only reads as a string", Map.of("name", java.nio.CharBuffer.wrap("read"))),
                    Arguments.of("an empty name", Map.of("name", "")),
                    Arguments.of("a blank name", Map.of("name", " \t")),
                    Arguments.of("an empty name, typed", new CallToolRequest("", Map.of(), null)),
                    Arguments.of("arguments that are a list", Map.of("name", "read", "arguments", List.of())),
                    Arguments.of("arguments that are a string", Map.of("name", "read", "arguments", "{}")),
                    Arguments.of("metadata that is not an object", Map.of("name", "read", "_meta", List.of())),
                    Arguments.of("arguments that are false", Map.of("name", "read", "arguments", false)),
                    Arguments.of("a key that is not a string", oddKey),
                    Arguments.of("a second name in capitals", Map.of("name", "read", "Name", "delete")),
                    Arguments.of("a second name with a long s", Map.of("name", "read", "argument\u017f", Map.of())),
                    Arguments.of(
                            "an argument that is not JSON",
                            Map.of("name", "read", "arguments", Map.of("x", new Object()))));
        }

        private static Map<String, Object> nullName() {
            Map<String, Object> params = new HashMap<>();
            params.put("name", null);
            return params;
        }

        @ParameterizedTest(name = "{0}")
        @MethodSource("malformed")
        void isDenied(String what, @Nullable Object params) {
            wrapped(Policies.allowingAll()).sendMessage(raw("1", params)).block();

            assertThat(wire.sent).isEmpty();
            assertDenied(0, "1", "");
        }

        @Test
        void neverQuotesItsArguments() {
            wrapped(Policies.allowingAll(), builder -> builder.argumentLimits(new ValueLimits(64, 16)))
                    .sendMessage(call("1", "read", Map.of("password", "correct horse battery staple")))
                    .block();

            assertDenied(0, "1", "16 bytes");
            assertThat(wire.shown.toString()).doesNotContain("horse");
        }

        @Test
        void mayComeAsAnyTypeThatTheTransportCanWrite() {
            record Params(String name, Map<String, Object> arguments) {}

            EnforcingClientTransport transport = wrapped(WITHOUT_DELETE);
            transport.sendMessage(raw("1", new Params("delete", Map.of()))).block();
            transport.sendMessage(raw("2", new Params("read", Map.of("id", 1)))).block();

            assertDenied(0, "1", "Not for agents.");
            assertThat(wire.sentRequest(0).params()).isEqualTo(Map.of("name", "read", "arguments", Map.of("id", 1)));
        }
    }

    @Nested
    class WhatCannotBeDecided {

        @Test
        void isDeniedIfTheLimiterThrows() {
            limiter.answering(() -> {
                throw new IllegalStateException("secret detail");
            });

            wrapped(LIMITED).sendMessage(call("1", "export", null)).block();

            assertThat(wire.sent).isEmpty();
            assertDenied(0, "1", "");
            assertThat(wire.shown.toString()).doesNotContain("secret detail");
        }

        @Test
        void isDeniedIfTheLimiterAnswersNothing() {
            limiter.answering(() -> CompletableFuture.completedFuture(null));

            wrapped(LIMITED).sendMessage(call("1", "export", null)).block();

            assertThat(wire.sent).isEmpty();
            assertDenied(0, "1", "");
        }

        @Test
        void isDeniedIfNoOneKnowsWhoCalls() {
            wrapped(
                            LIMITED,
                            builder -> builder.callContext((transport, reactor) -> {
                                throw new IllegalStateException("secret detail");
                            }))
                    .sendMessage(call("1", "read", null))
                    .block();

            assertThat(wire.sent).isEmpty();
            assertDenied(0, "1", "could not be checked");
            assertThat(wire.shown.toString()).doesNotContain("secret detail");
        }

        @Test
        void isDeniedIfReadingItThrows() {
            Map<String, Object> hostile = new HashMap<>() {
                @Override
                public java.util.Set<Map.Entry<String, Object>> entrySet() {
                    throw new UnsupportedOperationException("secret detail");
                }
            };

            wrapped(LIMITED).sendMessage(call("1", "read", hostile)).block();

            assertThat(wire.sent).isEmpty();
            assertDenied(0, "1", "the arguments can't be read");
        }

        @Test
        void isRefusedIfItIsNoMessageOfJsonRpc() {
            EnforcingClientTransport transport = wrapped(Policies.allowingAll());
            JSONRPCMessage batch = () -> "2.0";

            assertThatThrownBy(() -> transport.sendMessage(batch).block()).isInstanceOf(McpTransportException.class);
            wire.receive(batch);

            assertThat(wire.sent).isEmpty();
            assertThat(wire.shown).isEmpty();
        }

        @ParameterizedTest
        @ValueSource(strings = {"tools/call ", "Tools/Call", " TOOLS/CALL"})
        void isRefusedIfItsMethodOnlyLooksLikeACall(String method) {
            wrapped(Policies.allowingAll())
                    .sendMessage(new JSONRPCRequest(method, "1", Map.of("name", "delete")))
                    .block();

            assertThat(wire.sent).isEmpty();
            assertThat(wire.shownResponse(0).error().code()).isEqualTo(-32600);
        }

        @Test
        void isRefusedIfACallComesAsANotification() {
            EnforcingClientTransport transport = wrapped(Policies.allowingAll());
            JSONRPCNotification call = new JSONRPCNotification("tools/call", Map.of("name", "delete"));

            assertThatThrownBy(() -> transport.sendMessage(call).block()).isInstanceOf(McpTransportException.class);

            assertThat(wire.sent).isEmpty();
        }

        @Test
        void isRefusedBeforeAnyoneHasConnected() {
            PolicyEngine engine = PolicyEngine.builder(Policies.allowingAll())
                    .rateLimiter(new RecordingLimiter())
                    .build();
            EnforcingClientTransport transport = EnforcingClientTransport.wrap(wire, engine);

            assertThatThrownBy(
                            () -> transport.sendMessage(call("1", "read", null)).block())
                    .isInstanceOf(McpTransportException.class);
            assertThat(wire.sent).isEmpty();
        }
    }

    @Nested
    class OtherMessages {

        private final Policy policy = new Policies()
                .method("resources/*", Posture.DENY)
                .method("sampling/createMessage", Posture.DENY)
                .policy();

        @Test
        void passAsTheyAre() {
            EnforcingClientTransport transport = wrapped(policy);
            List<JSONRPCMessage> messages = List.of(
                    new JSONRPCRequest("ping", 1),
                    new JSONRPCRequest("prompts/list", "2", Map.of()),
                    new JSONRPCNotification("notifications/initialized"),
                    JSONRPCResponse.result("s-1", Map.of()));

            messages.forEach(message -> transport.sendMessage(message).block());
            messages.forEach(wire::receive);

            assertThat(wire.sent).containsExactlyElementsOf(messages);
            assertThat(wire.shown).containsExactlyElementsOf(messages);
            for (int i = 0; i < messages.size(); i++) {
                assertThat(wire.sent.get(i)).isSameAs(messages.get(i));
                assertThat(wire.shown.get(i)).isSameAs(messages.get(i));
            }
        }

        @Test
        void ofADeniedMethodAreAnsweredHereWithAnError() {
            wrapped(policy)
                    .sendMessage(new JSONRPCRequest("resources/read", "1", Map.of("uri", "file:///etc")))
                    .block();

            assertThat(wire.sent).isEmpty();
            JSONRPCResponse answer = wire.shownResponse(0);
            assertThat(answer.id()).isEqualTo("1");
            assertThat(answer.result()).isNull();
            assertThat(answer.error().code()).isEqualTo(-32600);
            assertThat(answer.error().message()).startsWith("[POLICY DENIED] ");
        }

        @Test
        void ofADeniedMethodFromTheServerAreAnsweredToTheServer() {
            wrapped(policy);

            wire.receive(new JSONRPCRequest("sampling/createMessage", "s-1", Map.of()));

            assertThat(wire.shown).isEmpty();
            JSONRPCResponse answer = (JSONRPCResponse) wire.sent.get(0);
            assertThat(answer.id()).isEqualTo("s-1");
            assertThat(answer.error().message()).startsWith("[POLICY DENIED] ");
        }

        @Test
        void ofADeniedMethodAreNotShownEvenIfTheServerCannotBeTold() {
            wrapped(policy);
            wire.onSend(message -> Mono.error(new IOException("gone")));

            wire.receive(new JSONRPCRequest("sampling/createMessage", "s-1", Map.of()));

            assertThat(wire.shown).isEmpty();
        }

        @Test
        void reachTheTransportThroughEveryMethodItHas() {
            EnforcingClientTransport transport = wrapped(policy);
            List<Throwable> failures = new ArrayList<>();
            IOException failure = new IOException();

            transport.setExceptionHandler(failures::add);
            wire.exceptionHandler.accept(failure);
            transport.close();
            transport.closeGracefully().block();

            assertThat(failures).containsExactly(failure);
            assertThat(wire.closed).isTrue();
            assertThat(wire.closedGracefully).isTrue();
            assertThat(transport.protocolVersions()).containsExactly("1999-12-31");
            assertThat(transport.unmarshalFrom(Map.of("uri", "x"), new TypeRef<Map<String, String>>() {}))
                    .containsEntry("uri", "x");
        }
    }

    @Nested
    class AReservation {

        private EnforcingClientTransport transport = wrapped(LIMITED);

        @Test
        void succeedsWithAResult() {
            transport.sendMessage(call("1", "export", null)).block();
            wire.respond("1", Map.of("content", List.of(), "isError", false));

            assertEnded(CallOutcome.SUCCEEDED);
        }

        @ParameterizedTest
        @MethodSource("dev.interlock.policy.mcp.EnforcingClientTransportTest#resultsOfToolsThatFailed")
        void isAToolErrorWithAResultThatSaysSo(Object result) {
            transport.sendMessage(call("1", "export", null)).block();
            wire.respond("1", result);

            assertEnded(CallOutcome.TOOL_ERROR);
        }

        @Test
        void failsWithAProtocolError() {
            transport.sendMessage(call("1", "export", null)).block();
            wire.respondError("1");

            assertEnded(CallOutcome.FAILED);
        }

        @ParameterizedTest
        @MethodSource("dev.interlock.policy.mcp.EnforcingClientTransportTest#failuresBeforeTheFirstByte")
        void isUnknownHoweverTheTransportFailsSinceItMayHaveSentBefore(Exception failure) {
            wire.onSend(message -> Mono.error(new RuntimeException(failure)));

            assertThatThrownBy(() ->
                            transport.sendMessage(call("1", "export", null)).block())
                    .hasRootCause(failure);

            assertEnded(CallOutcome.UNKNOWN);
        }

        @Test
        void isUnknownIfTheTransportReportsTheFailureTwice() {
            transport.setExceptionHandler(failure -> {});
            ConnectException refused = new ConnectException("refused");
            wire.onSend(message -> {
                wire.exceptionHandler.accept(refused);
                return Mono.error(new RuntimeException(refused));
            });

            assertThatThrownBy(() ->
                            transport.sendMessage(call("1", "export", null)).block())
                    .hasRootCause(refused);

            assertEnded(CallOutcome.UNKNOWN);
        }

        @Test
        void isGivenBackIfATransportThatSendsOnceSaysThatItDidNotSend() {
            transport = wrapped(LIMITED, builder -> builder.sendsOnce(QueueFull.class::isInstance));
            wire.onSend(message -> Mono.error(new QueueFull()));
            assertThatThrownBy(() ->
                            transport.sendMessage(call("1", "export", null)).block())
                    .isInstanceOf(QueueFull.class);
            wire.onSend(message -> {
                throw new QueueFull();
            });
            assertThatThrownBy(() ->
                            transport.sendMessage(call("2", "export", null)).block())
                    .isInstanceOf(QueueFull.class);
            wire.onSend(message -> Mono.error(new IOException("broken pipe")));
            assertThatThrownBy(() ->
                            transport.sendMessage(call("3", "export", null)).block())
                    .hasRootCauseInstanceOf(IOException.class);

            assertThat(limiter.settlements())
                    .containsExactly(CallOutcome.UNSENT, CallOutcome.UNSENT, CallOutcome.UNKNOWN);
            assertThat(transport.pendingRequests()).isZero();
        }

        @Test
        void isUnknownIfWhatShouldSayWhetherItWasSentThrows() {
            transport = wrapped(
                    LIMITED,
                    builder -> builder.sendsOnce(failure -> {
                        throw new AssertionError("not thought of");
                    }));
            wire.onSend(message -> Mono.error(new IOException("broken pipe")));

            assertThatThrownBy(
                    () -> transport.sendMessage(call("1", "export", null)).block());

            assertEnded(CallOutcome.UNKNOWN);
        }

        @Test
        void isUnknownIfSendingFailedOtherwise() {
            wire.onSend(message -> Mono.error(new IOException("reset")));

            assertThatThrownBy(() ->
                            transport.sendMessage(call("1", "export", null)).block())
                    .hasRootCauseInstanceOf(IOException.class);

            assertEnded(CallOutcome.UNKNOWN);
        }

        @Test
        void isUnknownIfTheTransportThrows() {
            wire.onSend(message -> {
                throw new IllegalStateException("broken");
            });

            assertThatThrownBy(() ->
                            transport.sendMessage(call("1", "export", null)).block())
                    .isInstanceOf(IllegalStateException.class);

            assertEnded(CallOutcome.UNKNOWN);
        }

        @Test
        void isUnknownIfTheTransportIsClosed() {
            transport.sendMessage(call("1", "export", null)).block();
            transport.close();

            assertEnded(CallOutcome.UNKNOWN);
        }

        @Test
        void isUnknownIfTheTransportIsClosedGracefully() {
            transport.sendMessage(call("1", "export", null)).block();
            transport.closeGracefully().block();

            assertEnded(CallOutcome.UNKNOWN);
        }

        @Test
        void isUnknownIfTheClientConnectsAgain() {
            transport.sendMessage(call("1", "export", null)).block();
            transport.connect(wire::show).block();

            assertEnded(CallOutcome.UNKNOWN);
        }

        @Test
        void isUnknownIfTheTransportBreaks() {
            transport.setExceptionHandler(failure -> {});
            transport.sendMessage(call("1", "export", null)).block();
            wire.exceptionHandler.accept(new IOException("stream cut"));

            assertEnded(CallOutcome.UNKNOWN);
        }

        @Test
        void isUnknownIfTheCallWasCancelled() {
            transport.sendMessage(call(1, "export", null)).block();
            transport
                    .sendMessage(new JSONRPCNotification("notifications/cancelled", Map.of("requestId", 1)))
                    .block();

            assertEnded(CallOutcome.UNKNOWN);
        }

        @Test
        void isUnknownOnceNoOneCanBeWaitingAnyMore() {
            transport.sendMessage(call("1", "export", null)).block();
            time.advance(Duration.ofMinutes(10));
            transport.sendMessage(call("2", "export", null)).block();

            assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
            assertThat(transport.pendingRequests()).isEqualTo(1);
        }

        @Test
        void isNotSentIfAServerOwesTooManyAnswersButNoOtherCallIsDroppedForIt() {
            int room = GuardSettings.MAX_PENDING / 4;
            for (int i = 0; i < room; i++) {
                transport.sendMessage(call(i, "export", null)).block();
            }
            assertThat(limiter.settlements()).isEmpty();

            transport.sendMessage(call(room, "export", null)).block();

            assertThat(wire.sent).hasSize(room);
            assertThat(resultOf(wire.shownResponse(0)).toString())
                    .contains("[POLICY DENIED] Too many requests await their response at the moment");
            assertThat(transport.pendingRequests()).isEqualTo(room);
            assertThat(limiter.settlements()).containsExactly(CallOutcome.UNSENT);
            wire.respond(0, result("late"));
            assertThat(limiter.settlements()).hasSize(2).last().isEqualTo(CallOutcome.SUCCEEDED);
            transport.sendMessage(call(room, "export", null)).block();
            assertThat(wire.sent).hasSize(room + 1);
        }

        @Test
        void isGivenBackIfTheCallerLeavesWhileTheCallIsDecided() {
            CompletableFuture<Reservation> decision = new CompletableFuture<>();
            limiter.answering(() -> decision);
            Disposable caller = transport.sendMessage(call("1", "export", null)).subscribe();

            caller.dispose();
            decision.complete(limiter.grant());

            assertThat(wire.sent).isEmpty();
            assertEnded(CallOutcome.UNSENT);
        }

        @Test
        void isGivenBackIfTheConnectionGoesWhileTheCallIsDecided() {
            CompletableFuture<Reservation> decision = new CompletableFuture<>();
            limiter.answering(() -> decision);
            List<Throwable> failures = new ArrayList<>();
            transport.sendMessage(call("1", "export", null)).subscribe(nothing -> {}, failures::add);

            transport.connect(wire::show).block();
            decision.complete(limiter.grant());

            assertThat(wire.sent).isEmpty();
            assertThat(failures).singleElement().isInstanceOf(McpTransportSessionClosedException.class);
            assertEnded(CallOutcome.UNSENT);
        }

        @Test
        void isSettledByAResponseThatArrivesBeforeSendingHasReturned() {
            wire.onSend(message -> {
                wire.respond("1", result("quick"));
                return Mono.empty();
            });

            transport.sendMessage(call("1", "export", null)).block();

            assertEnded(CallOutcome.SUCCEEDED);
        }

        @Test
        void isSettledByAResponseWhoseIdHasAnotherJavaType() {
            transport.sendMessage(call(7L, "export", null)).block();
            wire.respondError(7);

            assertEnded(CallOutcome.FAILED);
        }

        @Test
        void givesNothingBackIfItsIdWasUsedTwice() {
            transport.sendMessage(call("1", "export", null)).block();
            transport.sendMessage(call("1", "export", null)).block();
            wire.respondError("1");
            wire.respondError("1");

            assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN, CallOutcome.UNKNOWN);
            assertThat(transport.pendingRequests()).isZero();
        }

        @Test
        void isNotSettledByAResponseToSomethingElse() {
            transport.sendMessage(call("1", "export", null)).block();
            wire.respond("2", result("stray"));

            assertThat(limiter.settlements()).isEmpty();
            assertThat(transport.pendingRequests()).isEqualTo(1);
        }

        @Test
        void neverLeaksWhateverTheEnding() {
            AskingEngine asking = new AskingEngine(limiter, time);
            List<Runnable> alarms = asking.alarms();
            Deque<CompletableFuture<ApprovalAnswer>> asked = asking.asked();
            PolicyEngine engine = asking.engine();
            transport = EnforcingClientTransport.builder(wire, engine)
                    .timeSource(time)
                    .build();
            transport.setExceptionHandler(failure -> {});
            transport.connect(wire::show).block();
            ApprovalAnswer yes = ApprovalAnswer.approved("Ada");
            List<Runnable> endings = List.of(
                    () -> wire.respond("1", result("done")),
                    () -> wire.respond("1", Map.of("content", List.of(), "isError", true)),
                    () -> wire.respondError("1"),
                    () -> wire.exceptionHandler.accept(new IOException()),
                    () -> cancel("1"),
                    () -> time.advance(Duration.ofHours(1)),
                    () -> transport.connect(wire::show).block(),
                    () -> transport
                            .closeGracefully()
                            .then(transport.connect(wire::show))
                            .block(),
                    // Its id is used again.
                    () -> send("1", "export"),
                    () -> send("2", "unlimited"),
                    () -> send("2", "delete"),
                    () -> failing(new ConnectException()),
                    () -> failing(new IOException()),
                    () -> {
                        send("2", "pay");
                        asked.remove().complete(yes);
                        wire.respond("2", result("done"));
                    },
                    () -> {
                        send("2", "pay");
                        asked.remove().complete(ApprovalAnswer.refused("Ada", "no"));
                    },
                    () -> {
                        send("2", "pay");
                        asked.remove().completeExceptionally(new IllegalStateException("no one is there"));
                    },
                    () -> {
                        send("2", "pay");
                        cancel("2");
                        asked.remove().complete(yes);
                    },
                    () -> {
                        Disposable caller = send("2", "pay");
                        caller.dispose();
                        asked.remove().complete(yes);
                    },
                    () -> {
                        send("2", "pay");
                        time.advance(Duration.ofMinutes(1));
                        asked.remove().complete(yes);
                    },
                    () -> {
                        send("2", "pay");
                        List.copyOf(alarms).forEach(Runnable::run);
                        asked.remove().complete(yes);
                    },
                    () -> {
                        send("2", "pay");
                        transport.connect(wire::show).block();
                        asked.remove().complete(yes);
                    });
            for (int i = 0; i < 100_000; i++) {
                send("1", "export");
                endings.get(i % endings.size()).run();
                wire.sent.clear();
                wire.contexts.clear();
                wire.shown.clear();
            }
            transport.close();

            assertThat(transport.pendingRequests()).isZero();
            assertThat(transport.callsBeingDecided()).isZero();
            assertThat(alarms).isEmpty();
            assertThat(limiter.reserved()).isGreaterThan(100_000 + 100_000 * 10 / 21);
            assertThat(limiter.settlements()).contains(CallOutcome.values());
            assertThat(limiter.settledEachOnce()).isTrue();
        }

        private Disposable send(String id, String tool) {
            return transport.sendMessage(call(id, tool, null)).subscribe(nothing -> {}, failure -> {});
        }

        private void cancel(String id) {
            transport
                    .sendMessage(new JSONRPCNotification("notifications/cancelled", Map.of("requestId", id)))
                    .block();
        }

        private void failing(Exception failure) {
            wire.onSend(message -> Mono.error(failure));
            send("2", "export");
            wire.onSend(message -> Mono.empty());
        }

        private void assertEnded(CallOutcome outcome) {
            assertThat(limiter.settlements()).containsExactly(outcome);
            assertThat(transport.pendingRequests()).isZero();
        }
    }

    @Nested
    class TheCaller {

        private static final Policy GRANTS = new Policies()
                .granting("alice", "read")
                .granting("bob", "write")
                .policy();

        private static final CallContextResolver FROM_CONTEXT = (transport, reactor) ->
                transport.get("user") instanceof String user ? CallContext.by(user) : CallContext.EMPTY;

        private void call(EnforcingClientTransport transport, String id, String tool, String user) {
            transport
                    .sendMessage(EnforcingClientTransportTest.call(id, tool, null))
                    .contextWrite(context ->
                            context.put(McpTransportContext.KEY, McpTransportContext.create(Map.of("user", user))))
                    .block();
        }

        @Test
        void isWhomTheResolverNames() {
            EnforcingClientTransport transport = wrapped(GRANTS, builder -> builder.callContext(FROM_CONTEXT));

            call(transport, "1", "read", "alice");
            call(transport, "2", "read", "bob");

            assertThat(wire.sent).hasSize(1);
            assertDenied(0, "2", "");
        }

        @Test
        void isWhomTheHostNamedIfTheResolverKnowsNoOne() {
            EnforcingClientTransport transport =
                    wrapped(GRANTS, builder -> builder.callContext(FROM_CONTEXT).identity("alice"));

            transport
                    .sendMessage(EnforcingClientTransportTest.call("1", "read", null))
                    .block();
            call(transport, "2", "write", "bob");

            assertThat(wire.sent).hasSize(2);
        }

        @Test
        void seesTheToolsThatAreGrantedToItAlone() {
            EnforcingClientTransport transport = wrapped(GRANTS, builder -> builder.callContext(FROM_CONTEXT));
            transport
                    .sendMessage(new JSONRPCRequest("tools/list", "1"))
                    .contextWrite(context ->
                            context.put(McpTransportContext.KEY, McpTransportContext.create(Map.of("user", "bob"))))
                    .block();

            wire.respond("1", Map.of("tools", List.of(Map.of("name", "read"), Map.of("name", "write"))));

            assertThat(resultOf(wire.shownResponse(0)).get("tools")).isEqualTo(List.of(Map.of("name", "write")));
        }

        @Test
        void countsInTheSessionThatTheResolverOrTheHostNames() {
            EnforcingClientTransport transport = wrapped(
                    LIMITED,
                    builder -> builder.session("of-host")
                            .callContext((context, reactor) -> reactor.hasKey("agent")
                                    ? CallContext.EMPTY.in(reactor.get("agent"))
                                    : CallContext.EMPTY));

            transport
                    .sendMessage(EnforcingClientTransportTest.call("1", "export", null))
                    .block();
            transport
                    .sendMessage(EnforcingClientTransportTest.call("2", "export", null))
                    .contextWrite(context -> context.put("agent", "of-agent"))
                    .block();

            assertThat(limiter.subjects()).hasSize(2);
            assertThat(limiter.subjects().get(0)).contains("of-host");
            assertThat(limiter.subjects().get(1)).contains("of-agent");
        }

        @Test
        void countsTogetherOverAllServersIfNoOneNamesASessionOrAnIdentity() {
            for (String server : List.of("mail", "files", "web")) {
                wrapped(LIMITED, builder -> builder.server(server))
                        .sendMessage(EnforcingClientTransportTest.call("1", "export", null))
                        .block();
            }

            assertThat(limiter.subjects()).hasSize(3).containsOnly(ToolCall.COMMON_SESSION);
        }

        @Test
        void countsByTheIdentityIfNoOneNamesASession() {
            for (String server : List.of("mail", "files")) {
                wrapped(LIMITED, builder -> builder.server(server).identity("ada"))
                        .sendMessage(EnforcingClientTransportTest.call("1", "export", null))
                        .block();
            }

            assertThat(limiter.subjects()).containsExactly("ada", "ada");
        }

        @Test
        void doesNotCountByTheSessionOfAServerInWhoseRequestItCalls() {
            wrapped(LIMITED)
                    .sendMessage(EnforcingClientTransportTest.call("1", "export", null))
                    .contextWrite(context -> context.put(CallContextResolver.MCP_SESSION_ID, "of a server"))
                    .block();

            assertThat(limiter.subjects()).containsExactly(ToolCall.COMMON_SESSION);
        }

        @Test
        void isAskedForWithAnEmptyContextIfTheHostSetsNone() {
            List<Object> asked = new ArrayList<>();
            wrapped(
                            LIMITED,
                            builder -> builder.callContext((transport, reactor) -> {
                                asked.add(transport);
                                return CallContext.EMPTY;
                            }))
                    .sendMessage(EnforcingClientTransportTest.call("1", "read", null))
                    .block();

            assertThat(asked).containsExactly(McpTransportContext.EMPTY);
        }
    }

    @Nested
    class TheSelfTest {

        @Test
        void passesAndLeavesNoTrace() {
            EnforcingClientTransport transport = wrapped(Policies.allowingAll());

            transport.selfTest();

            assertThat(wire.sent).isEmpty();
            assertThat(wire.shown).isEmpty();
            assertThat(transport.pendingRequests()).isZero();
        }

        @Test
        void passesThoughThePolicyOnlyRecords() {
            Policy audited = Policies.allowingAll();
            wrapped(new Policy("", Mode.AUDIT, audited.body(), audited.methods(), audited.grants()))
                    .selfTest();

            assertThat(wire.sent).isEmpty();
        }

        @Test
        void passesIfDenialsAreErrors() {
            wrapped(Policies.allowingAll(), EnforcementBuilder::denialsAsErrors).selfTest();

            assertThat(wire.sent).isEmpty();
        }

        @Test
        void failsIfNoClientUsesTheTransport() {
            EnforcingClientTransport unused = EnforcingClientTransport.wrap(
                    wire, PolicyEngine.builder(Policies.allowingAll()).build());

            assertThatThrownBy(unused::selfTest)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("no client has connected");
        }

        @Test
        void failsIfTheClientIsClosed() {
            EnforcingClientTransport transport = wrapped(Policies.allowingAll());
            transport.close();

            assertThatThrownBy(transport::selfTest)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("was not denied");
        }

        @Test
        void failsIfTheCallIsAnsweredWithAnythingButADenial() {
            assertThatThrownBy(() -> SelfTest.run(
                            probe -> Mono.just(JSONRPCResponse.result(probe.id(), Map.of("content", List.of()))),
                            Await.PATIENCE))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("not denied");
            assertThatThrownBy(() -> SelfTest.run(probe -> Mono.never(), Duration.ofMillis(1)))
                    .isInstanceOf(IllegalStateException.class);
        }

        @Test
        void neverLetsItsCallOutWhateverIsDecided() {
            EnforcingClientTransport transport = wrapped(Policies.allowingAll());

            assertThatThrownBy(() -> SelfTest.run(
                            probe -> transport
                                    .sendMessage(call(probe.id(), "read", Map.of()))
                                    .then(Mono.empty()),
                            Await.PATIENCE))
                    .isInstanceOf(IllegalStateException.class)
                    .hasRootCauseMessage("the self-test's call was let through");
            assertThat(wire.sent).isEmpty();
        }
    }

    /** A policy that reads what can't be known of any call. */
    @Nested
    class APolicyThatReadsWhatNoOneGives {

        private static final Policy GRANTS =
                new Policies().granting("ada", "read").policy();

        @Test
        void isRefusedWhenTheTransportIsWrapped() {
            for (String path : List.of("ctx.role", "call.identity", "call.server")) {
                assertThatThrownBy(() -> wrapped(Policies.denyingIf(path, "guest")))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining(path)
                        .hasMessageContaining("tools.pay.deny_if[0]")
                        .hasMessageContaining("where the transport is wrapped");
            }
            assertThatThrownBy(() -> wrapped(GRANTS)).hasMessageContaining("grants");
        }

        @Test
        void isTakenIfTheHostSaysHowItIsKnown() {
            CallContextResolver resolver = (context, reactor) -> CallContext.EMPTY;
            wrapped(Policies.denyingIf("ctx.role", "guest"), builder -> builder.callContext(resolver));
            wrapped(Policies.denyingIf("call.identity", "ada"), builder -> builder.callContext(resolver));
            wrapped(Policies.denyingIf("call.identity", "ada"), builder -> builder.identity("ada"));
            wrapped(Policies.denyingIf("call.server", "production"), builder -> builder.server("production"));
            wrapped(Policies.denyingIf("call.session", "s-1"));
            wrapped(GRANTS, builder -> builder.identity("ada"));
        }

        @Test
        void isRefusedLaterAndTheOneBeforeStays() {
            Policy before = Policies.allowingAll();
            PolicyEngine engine = PolicyEngine.builder(before).build();
            EnforcingClientTransport.wrap(wire, engine);

            assertThatThrownBy(() -> engine.update(Policies.denyingIf("ctx.role", "guest")))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("ctx.role");

            assertThat(engine.policy()).isEqualTo(before);
        }
    }

    /** Ids that only requests of our own have. */
    @Nested
    class ReservedIds {

        private final EnforcingClientTransport transport = wrapped(LIMITED);

        @ParameterizedTest
        @ValueSource(strings = {"dev.interlock/", "dev.interlock/1", "dev.interlock/self-test"})
        void makeACallThatIsRefusedSoThatItsEndIsNotLost(String id) {
            transport.sendMessage(call(id, "export", null)).block();
            transport.sendMessage(raw(id, Map.of("name", "export"))).block();

            assertThat(wire.sent).isEmpty();
            assertThat(limiter.reserved()).isZero();
            assertDenied(0, id, "dev.interlock/");
            assertDenied(1, id, "dev.interlock/");
            assertThat(transport.pendingRequests()).isZero();
        }

        @Test
        void neverMakeACallWhoseIdLooksLikeTheSelfTests() {
            assertThatThrownBy(() -> transport
                            .sendMessage(call("dev.interlock/self-test-1", "export", null))
                            .block())
                    .isInstanceOf(IllegalStateException.class);

            assertThat(wire.sent).isEmpty();
            assertThat(transport.pendingRequests()).isZero();
            assertThat(limiter.settlements()).hasSize(1);
        }

        @Test
        void makeARequestThatIsAnsweredWithAnError() {
            transport
                    .sendMessage(new JSONRPCRequest("resources/read", "dev.interlock/1", Map.of("uri", "file:///a")))
                    .block();

            assertThat(wire.sent).isEmpty();
            assertThat(wire.shownResponse(0).id()).isEqualTo("dev.interlock/1");
            assertThat(wire.shownResponse(0).error().message()).contains("dev.interlock/");
        }

        @Test
        void listToolsForAnotherGuardInFrontOfThisOne() {
            transport
                    .sendMessage(new JSONRPCRequest("tools/list", "dev.interlock/1", Map.of()))
                    .block();

            wire.respond("dev.interlock/1", Map.of("tools", List.of(Map.of("name", "read"))));

            assertThat(resultOf(wire.shownResponse(0)).get("tools")).isEqualTo(List.of(Map.of("name", "read")));
        }

        @Test
        void keepAnAnswerThatNoOneAwaitsFromTheAgent() {
            wire.respond("dev.interlock/1", Map.of("tools", List.of(Map.of("name", "read"))));

            assertThat(wire.shown).isEmpty();
        }
    }

    /** Lists of tools of whose readers nothing is known any more. */
    @Nested
    class AListWithoutItsReader {

        private static final Policy FOR_THE_SERVICE_ONLY =
                new Policies().granting("service", "admin_secret").policy();

        private final EnforcingClientTransport transport = wrapped(
                FOR_THE_SERVICE_ONLY,
                builder -> builder.identity("service")
                        .callContext((context, reactor) ->
                                reactor.hasKey("guest") ? CallContext.by(reactor.get("guest")) : CallContext.EMPTY));

        private void listAsGuest(Object id) {
            transport
                    .sendMessage(new JSONRPCRequest("tools/list", id, Map.of()))
                    .contextWrite(context -> context.put("guest", "guest"))
                    .block();
        }

        private void assertNothingIsShownFor(Object id) {
            wire.respond(id, Map.of("tools", List.of(Map.of("name", "admin_secret"))));
            JSONRPCResponse shown = wire.shownResponse(wire.shown.size() - 1);
            assertThat(shown.id()).isEqualTo(id);
            assertThat(resultOf(shown).get("tools")).isEqualTo(List.of());
        }

        @Test
        void showsAGuestNothingHoweverManyRequestsFollow() {
            int room = GuardSettings.MAX_PENDING / 4;
            listAsGuest(0);
            for (int i = 1; i <= room; i++) {
                listAsGuest(i);
            }

            assertThat(wire.sent).hasSize(room);
            assertThat(wire.shownResponse(0).id()).isEqualTo(room);
            assertThat(wire.shownResponse(0).error()).isNotNull();
            assertNothingIsShownFor(0);
            assertNothingIsShownFor(room - 1);
        }

        @Test
        void showsAGuestNothingOnceItIsTooOld() {
            listAsGuest(0);
            time.advance(Duration.ofMinutes(10));
            listAsGuest(1);

            assertNothingIsShownFor(0);
        }

        @Test
        void showsAGuestNothingIfSomethingElseFailsAtTheTransport() {
            transport.setExceptionHandler(failure -> {});
            listAsGuest(0);
            wire.exceptionHandler.accept(new IOException("another request"));

            assertNothingIsShownFor(0);
        }

        @Test
        void showsNoOneWhatTheServiceMaySeeIfTheTwoHaveAskedByOneId() {
            listAsGuest(0);
            transport.sendMessage(new JSONRPCRequest("tools/list", 0, Map.of())).block();

            assertNothingIsShownFor(0);
        }

        @Test
        void showsTheServiceItsOwnWhileItIsKnown() {
            transport.sendMessage(new JSONRPCRequest("tools/list", 0, Map.of())).block();

            wire.respond(0, Map.of("tools", List.of(Map.of("name", "admin_secret"))));

            assertThat(resultOf(wire.shownResponse(0)).get("tools")).isEqualTo(List.of(Map.of("name", "admin_secret")));
        }

        @Test
        void isItsOnlyReadersIfCallersAreNotToldApart() {
            EnforcingClientTransport service = wrapped(FOR_THE_SERVICE_ONLY, builder -> builder.identity("service"));
            service.sendMessage(new JSONRPCRequest("tools/list", 0, Map.of())).block();
            time.advance(Duration.ofMinutes(10));
            service.sendMessage(new JSONRPCRequest("tools/list", 1, Map.of())).block();

            wire.respond(0, Map.of("tools", List.of(Map.of("name", "admin_secret"))));

            assertThat(resultOf(wire.shownResponse(0)).get("tools")).isEqualTo(List.of(Map.of("name", "admin_secret")));
        }
    }

    @Nested
    class HostileServers {

        @Test
        void cannotCallToolsOfTheClients() {
            wrapped(Policies.allowingAll());

            for (String method : List.of("tools/call", "TOOLS/CALL", "tools/call ")) {
                wire.receive(new JSONRPCRequest(method, "s-1", Map.of("name", "read")));
            }

            assertThat(wire.shown).isEmpty();
            assertThat(wire.sent)
                    .hasSize(3)
                    .allSatisfy(answer ->
                            assertThat(((JSONRPCResponse) answer).error()).isNotNull());
        }

        @Test
        void cannotAnswerACallWithARequestOfItsId() {
            EnforcingClientTransport transport = wrapped(LIMITED);
            transport.sendMessage(call("1", "export", null)).block();

            wire.receive(new JSONRPCRequest("roots/list", "1"));

            assertThat(limiter.settlements()).isEmpty();
            assertThat(transport.pendingRequests()).isEqualTo(1);
        }

        @Test
        void cannotShowAHiddenToolInTheAnswerToSomethingElse() {
            EnforcingClientTransport transport =
                    wrapped(new Policies().hiding("purge").policy());
            transport.sendMessage(new JSONRPCRequest("ping", "1")).block();

            wire.respond("1", Map.of("tools", List.of(Map.of("name", "read"), Map.of("name", "purge"))));

            assertThat(resultOf(wire.shownResponse(0)).get("tools")).isEqualTo(List.of(Map.of("name", "read")));
        }

        @Test
        void cannotTeachToolsByAnsweringWhatNoOneAsked() {
            EnforcingClientTransport transport = wrapped(Policies.allowingAll());

            wire.respond("dev.interlock/forged", Map.of("tools", List.of(Map.of("name", "read"))));

            assertThat(wire.shown).isEmpty();
            assertThat(transport.pendingRequests()).isZero();
        }

        @Test
        void cannotMakeTheListOfToolsFailByToolsThatAreNone() {
            EnforcingClientTransport transport = wrapped(Policies.allowingAll());
            transport.sendMessage(new JSONRPCRequest("tools/list", "1")).block();
            Map<String, Object> nameless = new HashMap<>();
            nameless.put("name", null);

            wire.respond("1", Map.of("tools", Arrays.asList(null, nameless, 7, List.of(), Map.of("name", "read"))));

            assertThat(resultOf(wire.shownResponse(0)).get("tools")).isEqualTo(List.of(Map.of("name", "read")));
        }
    }

    @Test
    void aPolicyThatDeniesAllMethodsLeavesTheSessionAlive() {
        EnforcingClientTransport transport =
                wrapped(new Policies().method("*", Posture.DENY).policy());

        for (String method : List.of("initialize", "ping", "tools/list", "resources/list")) {
            transport.sendMessage(new JSONRPCRequest(method, method)).block();
        }

        assertThat(wire.sent)
                .extracting(sent -> ((JSONRPCRequest) sent).method())
                .containsExactly("initialize", "ping");
    }

    @Test
    void aPolicyMayDenyTheSessionItselfByItsExactName() {
        wrapped(new Policies().method("initialize", Posture.DENY).policy())
                .sendMessage(new JSONRPCRequest("initialize", 0))
                .block();

        assertThat(wire.sent).isEmpty();
    }

    @Test
    void settingsThatMakeNoSenseAreRefusedWithTheirValue() {
        PolicyEngine engine = PolicyEngine.builder(Policies.allowingAll())
                .rateLimiter(new RecordingLimiter())
                .build();
        EnforcingClientTransport.Builder builder = EnforcingClientTransport.builder(wire, engine);

        assertThatThrownBy(() -> builder.callTimeToLive(Duration.ZERO)).hasMessageContaining("PT0S");
        assertThatThrownBy(() -> builder.toolListTimeout(Duration.ofSeconds(-1)))
                .hasMessageContaining("PT-1S");
    }
}
