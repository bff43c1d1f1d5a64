package dev.interlock.policy.mcp;

import dev.interlock.policy.doubles.RoundsLoad;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCNotification;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCRequest;
import io.modelcontextprotocol.modern.McpException;
import io.modelcontextprotocol.modern.McpSchema.CacheScope;
import io.modelcontextprotocol.modern.McpSchema.CallToolOutcome;
import io.modelcontextprotocol.modern.McpSchema.CallToolRequest;
import io.modelcontextprotocol.modern.McpSchema.CallToolResult;
import io.modelcontextprotocol.modern.McpSchema.ElicitFormRequest;
import io.modelcontextprotocol.modern.McpSchema.Implementation;
import io.modelcontextprotocol.modern.McpSchema.InputRequiredResult;
import io.modelcontextprotocol.modern.McpSchema.TextContent;
import io.modelcontextprotocol.modern.McpSchema.Tool;
import io.modelcontextprotocol.modern.server.HmacRequestStateCodec;
import io.modelcontextprotocol.modern.server.McpAsyncResponse;
import io.modelcontextprotocol.modern.server.McpRequestContext;
import io.modelcontextprotocol.modern.server.McpRequestManager;
import io.modelcontextprotocol.modern.server.McpServer;
import io.modelcontextprotocol.modern.server.McpTransportResponse;
import io.modelcontextprotocol.modern.server.RequestStateCodec;
import io.modelcontextprotocol.modern.server.feature.McpAsyncTool;
import io.modelcontextprotocol.modern.server.feature.McpAsyncToolRepository;
import io.modelcontextprotocol.modern.server.feature.ToolsFeature;
import io.modelcontextprotocol.modern.server.feature.ToolsPage;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * A server of the SDK's modern API, with any number of replicas, that does with a call what its {@linkplain
 * RoundsLoad#arguments arguments} say.
 */
final class ModernInquiringServer {

    private static final RequestStateCodec STATES =
            HmacRequestStateCodec.builder().key(new byte[32]).build();

    private final Map<String, McpAsyncTool> tools = new LinkedHashMap<>();
    private final Map<Integer, Integer> arrivals = new ConcurrentHashMap<>();
    private final Map<Integer, Sinks.Empty<Void>> held = new ConcurrentHashMap<>();
    private final Map<Integer, Sinks.Empty<Void>> released = new ConcurrentHashMap<>();
    private final AtomicInteger lists = new AtomicInteger();
    private final AtomicInteger begun = new AtomicInteger();
    private final int together;
    private final Sinks.Empty<Void> all = Sinks.empty();

    /** @param together how many calls must have come before any is answered */
    ModernInquiringServer(int together) {
        this.together = together;
        for (String name : List.of(RoundsLoad.BOOK, RoundsLoad.REVOKED, RoundsLoad.FORBIDDEN)) {
            tools.put(
                    name,
                    McpAsyncTool.of(
                            definition(name),
                            (context, request) ->
                                    Mono.defer(() -> answer(request)).map(McpAsyncResponse::result)));
        }
        if (together == 0) {
            all.tryEmitEmpty();
        }
    }

    /** Counts what comes, before the SDK has read it. */
    private record Counting(ModernInquiringServer counts, McpServer server) implements McpRequestManager {

        @Override
        public Mono<McpTransportResponse> handle(McpTransportContext context, JSONRPCRequest request) {
            counts.count(request);
            return server.handle(context, request);
        }

        @Override
        public Mono<McpTransportResponse> handleBlocking(McpTransportContext context, JSONRPCRequest request) {
            counts.count(request);
            return server.handleBlocking(context, request);
        }

        @Override
        public Mono<Void> handleNotification(McpTransportContext context, JSONRPCNotification notification) {
            return server.handleNotification(context, notification);
        }
    }

    private record Repository(Map<String, McpAsyncTool> tools) implements McpAsyncToolRepository {

        @Override
        public Mono<ToolsPage> list(McpRequestContext context, @Nullable String cursor) {
            return Mono.just(new ToolsPage(
                    tools.values().stream().map(McpAsyncTool::definition).toList(), null, 0L, CacheScope.PUBLIC));
        }

        @Override
        public Mono<McpAsyncTool> find(McpRequestContext context, String name) {
            return Mono.justOrEmpty(tools.get(name));
        }
    }

    static Tool definition(String name) {
        return Tool.builder(name, Map.of("type", "object")).build();
    }

    McpRequestManager replica() {
        McpServer server = McpServer.builder()
                .serverInfo(Implementation.builder("inquiring", "1").build())
                .requestStateCodec(STATES)
                .feature(ToolsFeature.ofAsync(new Repository(tools)))
                .build();
        return new Counting(this, server);
    }

    private void count(JSONRPCRequest request) {
        if (request.method().equals("tools/call")) {
            arrivals.merge(number(((Map<?, ?>) ((Map<?, ?>) request.params()).get("arguments")), "n"), 1, Integer::sum);
        } else if (request.method().equals("tools/list")) {
            lists.incrementAndGet();
        }
    }

    private Mono<CallToolOutcome> answer(CallToolRequest request) {
        Map<String, Object> arguments = request.arguments();
        int n = number(arguments, "n");
        int round = round(n, request.requestState());
        if (round == 0 && begun.incrementAndGet() == together) {
            all.tryEmitEmpty();
        }
        Mono<Void> turn = round == 0 ? all.asMono() : Mono.empty();
        if (arguments.get("hold") instanceof Integer hold && hold == round) {
            of(held, n).tryEmitEmpty();
            turn = of(released, n).asMono();
        }
        return turn.then(Mono.fromCallable(() -> round < number(arguments, "asks")
                ? question(n, round + 1)
                : end(n, String.valueOf(arguments.get("end")))));
    }

    private static int round(int n, @Nullable String state) {
        if (state == null) {
            return 0;
        }
        if (!state.matches(n + "/[1-9]")) {
            throw new McpException(-32050, "not a state of this call");
        }
        return Integer.parseInt(state.substring(state.indexOf('/') + 1));
    }

    private static CallToolOutcome question(int n, int next) {
        return InputRequiredResult.builder()
                .elicit(
                        RoundsLoad.INPUT,
                        ElicitFormRequest.builder("What?", Map.of("type", "object", "properties", Map.of()))
                                .build())
                .requestState(n + "/" + next)
                .build();
    }

    private static CallToolOutcome end(int n, String end) {
        if (end.equals("error")) {
            throw new McpException(-32050, "it failed");
        }
        return CallToolResult.builder()
                .addContent(TextContent.builder("done " + n).build())
                .isError(end.equals("isError"))
                .build();
    }

    private static int number(Map<?, ?> arguments, String name) {
        return (Integer) arguments.get(name);
    }

    private static Sinks.Empty<Void> of(Map<Integer, Sinks.Empty<Void>> sinks, int n) {
        return sinks.computeIfAbsent(n, any -> Sinks.empty());
    }

    /** Completes when a call is held. */
    Mono<Void> held(int n) {
        return of(held, n).asMono();
    }

    /** Lets a call that is held go on. */
    void release(int n) {
        of(released, n).tryEmitEmpty();
    }

    /** How often a call has come. */
    int arrivals(int n) {
        return arrivals.getOrDefault(n, 0);
    }

    /** How often tools were listed. */
    int lists() {
        return lists.get();
    }
}
