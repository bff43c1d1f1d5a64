package dev.interlock.policy.mcp;

import dev.interlock.policy.engine.PolicyEngine;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCMessage;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCNotification;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCRequest;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCResponse;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCResponse.JSONRPCError;
import io.modelcontextprotocol.modern.McpSchema.MetaKeys;
import io.modelcontextprotocol.modern.client.transport.McpClientTransport;
import io.modelcontextprotocol.modern.client.transport.McpTransportRequest;
import io.modelcontextprotocol.modern.server.McpRequestManager;
import io.modelcontextprotocol.modern.server.McpTransportResponse;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Nested;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Answers that are judged on the ways of the SDK's modern API. */
class ModernJudgedAnswersTest {

    private static final String VERSION = "2026-07-28";
    private static final TypeRef<Map<String, Object>> PLAIN = new TypeRef<>() {};

    private static Mono<JSONRPCResponse> answer(JSONRPCRequest request, JudgedAnswersContract.Scripted server) {
        return Mono.fromFuture(server.answer(request.method(), (Map<?, ?>) request.params()))
                .map(said -> said.result() == null
                        ? JSONRPCResponse.error(
                                request.id(),
                                new JSONRPCError(JudgedAnswersContract.Said.CODE, said.message(), said.data()))
                        : JSONRPCResponse.result(request.id(), said.result()));
    }

    private static Map<String, Object> body(Map<String, Object> params) {
        Map<String, Object> body = new LinkedHashMap<>(params);
        body.put("_meta", Map.of(MetaKeys.PROTOCOL_VERSION, VERSION));
        return body;
    }

    private static Map<String, Object> plain(JSONRPCMessage message, List<String> held) {
        Map<String, Object> json = McpJsonDefaults.getMapper().convertValue(message, PLAIN);
        held.add(json.toString());
        return json;
    }

    /** A client's transport. Notifications come before the response. */
    @Nested
    class Client extends JudgedAnswersContract {

        @Override
        Way open(PolicyEngine engine, Scripted server) {
            McpClientTransport wire = request -> Flux.concat(
                    Mono.just(new JSONRPCNotification("notifications/progress", Map.of("progress", 1))),
                    answer(request.message(), server));
            EnforcingModernTransport transport = EnforcingModernTransport.builder(wire, engine)
                    .callContext(ADA)
                    .build();
            List<String> held = new CopyOnWriteArrayList<>();
            AtomicLong ids = new AtomicLong();
            return new Way() {
                @Override
                public CompletableFuture<Map<String, Object>> ask(String method, Map<String, Object> params) {
                    JSONRPCRequest request = new JSONRPCRequest(method, ids.incrementAndGet(), body(params));
                    McpTransportRequest.Builder sent = McpTransportRequest.builder(request, VERSION);
                    if (params.get("name") instanceof String name) {
                        sent.name(name);
                    }
                    return transport
                            .exchange(sent.build())
                            .map(message -> plain(message, held))
                            .last()
                            .toFuture();
                }

                @Override
                public String held() {
                    return held.toString();
                }
            };
        }
    }

    /** A server that is called without blocking. */
    @Nested
    class Server extends JudgedAnswersContract {

        @Override
        Way open(PolicyEngine engine, Scripted server) {
            return server(engine, server, false, false);
        }
    }

    /** A server that is called on the thread that makes the request. */
    @Nested
    class BlockingServer extends JudgedAnswersContract {

        @Override
        Way open(PolicyEngine engine, Scripted server) {
            return server(engine, server, true, false);
        }
    }

    /** A server whose answers come on streams. */
    @Nested
    class StreamingServer extends JudgedAnswersContract {

        @Override
        Way open(PolicyEngine engine, Scripted server) {
            return server(engine, server, false, true);
        }
    }

    private static JudgedAnswersContract.Way server(
            PolicyEngine engine, JudgedAnswersContract.Scripted scripted, boolean blocking, boolean streaming) {
        McpRequestManager inner = new McpRequestManager() {
            @Override
            public Mono<McpTransportResponse> handle(McpTransportContext context, JSONRPCRequest request) {
                return streaming
                        ? Mono.just(McpTransportResponse.streaming(Flux.concat(
                                Mono.just(new JSONRPCNotification("notifications/progress", Map.of("progress", 1))),
                                answer(request, scripted))))
                        : answer(request, scripted)
                                .map(answer -> answer.error() == null
                                        ? McpTransportResponse.result(answer)
                                        : McpTransportResponse.error(answer));
            }

            @Override
            public Mono<McpTransportResponse> handleBlocking(McpTransportContext context, JSONRPCRequest request) {
                return handle(context, request);
            }

            @Override
            public Mono<Void> handleNotification(McpTransportContext context, JSONRPCNotification notification) {
                return Mono.empty();
            }
        };
        EnforcingRequestManager guarded = EnforcingRequestManager.builder(inner, engine)
                .callContext(JudgedAnswersContract.ADA)
                .build();
        List<String> held = new CopyOnWriteArrayList<>();
        AtomicLong ids = new AtomicLong();
        return new JudgedAnswersContract.Way() {
            @Override
            public CompletableFuture<Map<String, Object>> ask(String method, Map<String, Object> params) {
                JSONRPCRequest request = new JSONRPCRequest(method, ids.incrementAndGet(), body(params));
                Mono<McpTransportResponse> answer = blocking
                        ? Mono.defer(() -> guarded.handleBlocking(McpTransportContext.EMPTY, request))
                                .subscribeOn(Schedulers.boundedElastic())
                        : guarded.handle(McpTransportContext.EMPTY, request);
                return answer.flatMapMany(ModernJudgedAnswersTest::messages)
                        .map(message -> plain(message, held))
                        .last()
                        .toFuture();
            }

            @Override
            public String held() {
                return held.toString();
            }
        };
    }

    private static Flux<JSONRPCMessage> messages(McpTransportResponse response) {
        if (response instanceof McpTransportResponse.Streaming stream) {
            return stream.messages();
        }
        return Flux.just(
                response instanceof McpTransportResponse.Result result
                        ? result.response()
                        : ((McpTransportResponse.Error) response).response());
    }
}
