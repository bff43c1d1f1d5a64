package dev.interlock.policy.mcp;

import dev.interlock.policy.engine.PolicyEngine;
import io.modelcontextprotocol.common.McpTransportContext;
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
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Maps under {@code methods} on the ways of the SDK's modern API. */
class ModernMethodMapsTest {

    private static final String VERSION = "2026-07-28";

    private static JSONRPCResponse answer(JSONRPCRequest request) {
        return request.method().equals("logging/setLevel")
                ? JSONRPCResponse.error(request.id(), new JSONRPCError(-32603, "broken", null))
                : JSONRPCResponse.result(request.id(), Map.of("resultType", "complete"));
    }

    private static String error(JSONRPCResponse response) {
        return response.error() == null ? "" : response.error().message();
    }

    private static Map<String, Object> body(Map<String, Object> params) {
        Map<String, Object> body = new LinkedHashMap<>(params);
        body.put("_meta", Map.of(MetaKeys.PROTOCOL_VERSION, VERSION));
        return body;
    }

    /** A client's transport. */
    @Nested
    class Client extends MethodMapsContract {

        @Override
        Way open(PolicyEngine engine, @Nullable CallContextResolver callers) {
            List<String> reached = new CopyOnWriteArrayList<>();
            McpClientTransport wire = request -> {
                reached.add(request.method());
                return Flux.just(answer(request.message()));
            };
            EnforcingModernTransport.Builder builder = EnforcingModernTransport.builder(wire, engine);
            EnforcingModernTransport transport = (callers == null ? builder : builder.callContext(callers)).build();
            AtomicLong ids = new AtomicLong();
            return new Way() {
                @Override
                public CompletableFuture<String> ask(String method, Map<String, Object> params) {
                    JSONRPCRequest request = new JSONRPCRequest(method, ids.incrementAndGet(), body(params));
                    return transport
                            .exchange(McpTransportRequest.builder(request, VERSION)
                                    .build())
                            .ofType(JSONRPCResponse.class)
                            .next()
                            .map(ModernMethodMapsTest::error)
                            .toFuture();
                }

                @Override
                public boolean tell(String method, Map<String, Object> params) {
                    return false;
                }

                @Override
                public List<String> reached() {
                    return reached;
                }
            };
        }
    }

    /** A server that is called without blocking. */
    @Nested
    class Server extends MethodMapsContract {

        @Override
        Way open(PolicyEngine engine, @Nullable CallContextResolver callers) {
            return server(engine, callers, false);
        }
    }

    /** A server that is called on the thread that makes the request. */
    @Nested
    class BlockingServer extends MethodMapsContract {

        @Override
        Way open(PolicyEngine engine, @Nullable CallContextResolver callers) {
            return server(engine, callers, true);
        }
    }

    private static MethodMapsContract.Way server(
            PolicyEngine engine, @Nullable CallContextResolver callers, boolean blocking) {
        List<String> reached = new CopyOnWriteArrayList<>();
        McpRequestManager inner = new McpRequestManager() {
            @Override
            public Mono<McpTransportResponse> handle(McpTransportContext context, JSONRPCRequest request) {
                reached.add(request.method());
                JSONRPCResponse answer = answer(request);
                return Mono.just(
                        answer.error() == null
                                ? McpTransportResponse.result(answer)
                                : McpTransportResponse.error(answer));
            }

            @Override
            public Mono<McpTransportResponse> handleBlocking(McpTransportContext context, JSONRPCRequest request) {
                return handle(context, request);
            }

            @Override
            public Mono<Void> handleNotification(McpTransportContext context, JSONRPCNotification notification) {
                reached.add(notification.method());
                return Mono.empty();
            }
        };
        EnforcingRequestManager.Builder builder = EnforcingRequestManager.builder(inner, engine);
        EnforcingRequestManager guarded = (callers == null ? builder : builder.callContext(callers)).build();
        AtomicLong ids = new AtomicLong();
        return new MethodMapsContract.Way() {
            @Override
            public CompletableFuture<String> ask(String method, Map<String, Object> params) {
                JSONRPCRequest request = new JSONRPCRequest(method, ids.incrementAndGet(), body(params));
                Mono<McpTransportResponse> answer = blocking
                        ? Mono.defer(() -> guarded.handleBlocking(McpTransportContext.EMPTY, request))
                                .subscribeOn(Schedulers.boundedElastic())
                        : guarded.handle(McpTransportContext.EMPTY, request);
                return answer.map(response -> error(
                                response instanceof McpTransportResponse.Result result
                                        ? result.response()
                                        : ((McpTransportResponse.Error) response).response()))
                        .toFuture();
            }

            @Override
            public boolean tell(String method, Map<String, Object> params) {
                guarded.handleNotification(McpTransportContext.EMPTY, ModernMessages.notification(method, params))
                        .block();
                return true;
            }

            @Override
            public List<String> reached() {
                return reached;
            }
        };
    }
}
