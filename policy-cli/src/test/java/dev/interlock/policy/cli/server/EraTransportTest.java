package dev.interlock.policy.cli.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.mcp.UnreadableResponseException;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse.JSONRPCError;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

class EraTransportTest {

    private static final Map<String, Object> MODERN =
            Map.of("_meta", Map.of("io.modelcontextprotocol/protocolVersion", "2026-07-28"));

    private static final Map<String, Object> RESULT = Map.of("resultType", "complete");

    private final ManualTime time = new ManualTime();
    private final Wire wire = new Wire();
    private final List<String> reports = new ArrayList<>();
    private final EraTransport transport = new EraTransport(wire, reports::add, time);

    /** What the host gets: answers, and the ids of requests that end without one. */
    private final List<Object> host = new ArrayList<>();

    /** A server that a test plays. */
    private static final class Wire implements McpClientTransport {

        private final List<JSONRPCMessage> sent = new ArrayList<>();
        private @Nullable Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler;

        @Override
        public Mono<Void> connect(Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> connected) {
            return Mono.fromRunnable(() -> handler = connected);
        }

        @Override
        public Mono<Void> sendMessage(JSONRPCMessage message) {
            return Mono.fromRunnable(() -> sent.add(message));
        }

        void says(JSONRPCMessage message) {
            assertThat(handler).isNotNull();
            handler.apply(Mono.just(message)).block();
        }

        void refuses(Object id, int code) {
            says(JSONRPCResponse.error(id, new JSONRPCError(code, "no", Map.of("x", 1))));
        }

        void answers(Object id) {
            says(JSONRPCResponse.result(id, RESULT));
        }

        List<Object> ids() {
            return sent.stream()
                    .filter(JSONRPCRequest.class::isInstance)
                    .map(message -> ((JSONRPCRequest) message).id())
                    .toList();
        }

        @Override
        public Mono<Void> closeGracefully() {
            return Mono.empty();
        }

        @Override
        public <T> T unmarshalFrom(Object data, TypeRef<T> type) {
            throw new UnsupportedOperationException();
        }
    }

    @BeforeEach
    void connect() {
        transport
                .connect(messages -> messages.doOnNext(host::add)
                        .onErrorResume(UnreadableResponseException.class, failure -> {
                            host.add(failure.id());
                            return Mono.empty();
                        }))
                .block();
    }

    private void asks(Object id, String method) {
        transport
                .sendMessage(new JSONRPCRequest("2.0", method, id, method.equals("initialize") ? Map.of() : MODERN))
                .block();
    }

    private JSONRPCError error(int index) {
        return ((JSONRPCResponse) host.get(index)).error();
    }

    @ParameterizedTest
    @ValueSource(ints = {-32600, -32601, -32602, -32020, -32021, -32022})
    void anOlderHostLearnsThatTheServerMaySpeakOnlyTheLaterProtocol(int code) {
        asks(1, "initialize");
        wire.refuses(1, code);

        assertThat(error(0).code()).isEqualTo(code);
        assertThat(error(0).message()).startsWith("no (the server refuses 'initialize'");
        assertThat(error(0).data()).isEqualTo(Map.of("x", 1));
        assertThat(reports).singleElement().asString().contains("2026-07-28", "does not translate");
    }

    @Test
    void aServerThatRefusesAnOlderHostForAnotherReasonIsLeftToSayIt() {
        asks(1, "initialize");
        wire.refuses(1, -32001);

        assertThat(error(0).message()).isEqualTo("no");
        assertThat(reports).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {-32601, -32602, -32603, -32001})
    void aHostThatAsksAnOlderServerWhatItSpeaksLearnsWhatIsWrong(int code) {
        asks("d", "server/discover");
        wire.refuses("d", code);

        assertThat(error(0).code()).isEqualTo(code);
        assertThat(error(0).message()).startsWith("no (the server does not know 'server/discover'");
        assertThat(reports).hasSize(1);

        asks(2, "tools/list");
        time.advance(EraTransport.UNANSWERED);

        assertThat(host.get(1)).isEqualTo(2);
        assertThat(wire.ids()).as("it was asked before").containsExactly("d", 2);
        assertThat(reports).as("each problem is reported once").hasSize(1);
    }

    @Test
    void anOlderServerThatLeavesARequestUnansweredIsAskedAndTheRequestEnds() {
        asks(1, "tools/call");
        asks(2, "tools/list");
        time.advance(EraTransport.UNANSWERED.minusMillis(1));
        assertThat(wire.sent).hasSize(2);

        time.advance(EraTransport.UNANSWERED);

        assertThat(wire.sent).hasSize(3);
        JSONRPCRequest question = (JSONRPCRequest) wire.sent.get(2);
        assertThat(question.method()).isEqualTo("server/discover");
        assertThat(host).isEmpty();

        wire.refuses(question.id(), -32601);

        assertThat(host).containsExactly(1, 2);
        assertThat(reports).singleElement().asString().contains("before 2026-07-28");

        wire.answers(1);
        assertThat(host).as("nobody awaits an answer any more").hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -32020, -32021, -32022})
    void aServerThatKnowsTheLaterProtocolHasAllTheTimeItNeeds(int code) {
        asks(1, "tools/call");
        time.advance(EraTransport.UNANSWERED);
        Object question = ((JSONRPCRequest) wire.sent.get(1)).id();
        if (code == 0) {
            wire.answers(question);
        } else {
            wire.refuses(question, code);
        }
        time.advance(EraTransport.SILENT.multipliedBy(2));
        assertThat(host).isEmpty();

        wire.answers(1);
        asks(2, "tools/call");
        time.advance(EraTransport.SILENT.multipliedBy(2));

        assertThat(host).singleElement().isEqualTo(JSONRPCResponse.result(1, RESULT));
        assertThat(wire.sent).as("it is not asked again").hasSize(3);
        assertThat(reports).isEmpty();
    }

    @Test
    void aServerThatHasAnsweredARequestIsNotAsked() {
        asks(1, "tools/list");
        wire.answers(1);
        asks(2, "tools/call");
        time.advance(EraTransport.SILENT.multipliedBy(2));

        assertThat(wire.ids()).containsExactly(1, 2);
        assertThat(host).hasSize(1);
    }

    @Test
    void aServerThatSaysNothingAtAllIsGivenUp() {
        asks(1, "server/discover");
        time.advance(EraTransport.UNANSWERED);
        assertThat(wire.ids()).as("the host's question is enough").containsExactly(1);
        time.advance(EraTransport.SILENT.minusMillis(1));
        assertThat(host).isEmpty();

        time.advance(EraTransport.UNANSWERED);

        assertThat(host).containsExactly(1);
        assertThat(reports).singleElement().asString().startsWith("the server has answered nothing");
    }

    @Test
    void aBusyServerThatHasSaidSomethingIsNotGivenUp() {
        asks(1, "tools/call");
        time.advance(EraTransport.UNANSWERED);
        wire.says(new JSONRPCNotification("2.0", "notifications/progress", Map.of()));
        time.advance(EraTransport.SILENT.multipliedBy(2));

        assertThat(host).singleElement().isInstanceOf(JSONRPCNotification.class);
        wire.answers(1);
        assertThat(host).hasSize(2);
    }

    @Test
    void aHostThatSpeaksBothGoesOnWithAnOlderServer() {
        asks(1, "server/discover");
        wire.refuses(1, -32601);
        asks(2, "initialize");
        wire.answers(2);
        transport
                .sendMessage(new JSONRPCRequest("2.0", "tools/call", 3, Map.of("name", "slow")))
                .block();
        time.advance(EraTransport.SILENT.multipliedBy(2));

        assertThat(host).hasSize(2);
        wire.answers(3);
        assertThat(host).hasSize(3);
        assertThat(wire.ids()).containsExactly(1, 2, 3);
    }

    @Test
    void aCancelledRequestAwaitsNothing() {
        asks(1, "tools/call");
        transport
                .sendMessage(new JSONRPCNotification("2.0", "notifications/cancelled", Map.of("requestId", 1)))
                .block();
        time.advance(EraTransport.SILENT.multipliedBy(2));

        assertThat(wire.ids()).containsExactly(1);
        assertThat(host).isEmpty();
    }
}
