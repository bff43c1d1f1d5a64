package dev.interlock.policy.cli.proxy;

import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.cli.io.Lines;
import dev.interlock.policy.cli.server.HostOutput;
import dev.interlock.policy.cli.server.JsonRpc;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.mcp.CallContext;
import dev.interlock.policy.mcp.EnforcingClientTransport;
import dev.interlock.policy.recorded.RecordedCase;
import dev.interlock.policy.recorded.RecordedPathContract;
import dev.interlock.policy.recorded.RecordedRun;
import dev.interlock.policy.recorded.ServedPath;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse.JSONRPCError;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Proxies between a host on streams and a server: one for each caller, since a proxy is told who calls. */
class ProxyPathTest extends RecordedPathContract {

    private static final int LONGEST_LINE = 1 << 20;

    @Override
    protected boolean expresses(RecordedCase recorded) {
        return isServed(recorded);
    }

    @Override
    protected @Nullable String play(RecordedCase recorded) throws Exception {
        return RecordedRun.play(recorded, RecordedRun.Limits.IN_MEMORY, Hosts::new);
    }

    /** What a proxy is started with. */
    private record Caller(
            @Nullable String identity,
            @Nullable String session,
            @Nullable String server,
            ObjectValue context) {}

    private static final class Hosts extends ServedPath {

        private final RecordedCase recorded;
        private final PolicyEngine engine;
        private final JsonRpc json = new JsonRpc();
        private final Map<Caller, Host> hosts = new HashMap<>();
        private final ExecutorService threads = Executors.newCachedThreadPool();
        private final Map<Long, CompletableFuture<Reply>> awaited = new ConcurrentHashMap<>();
        private long calls;

        /** The host's ends of its streams. */
        private record Host(OutputStream toProxy, PipedInputStream fromProxy) {}

        Hosts(RecordedCase recorded, PolicyEngine engine) {
            this.recorded = recorded;
            this.engine = engine;
        }

        @Override
        protected CompletableFuture<Reply> send(ToolCall call) throws IOException {
            Host host = hosts.computeIfAbsent(
                    new Caller(call.identity(), session(), call.server(), call.context()), this::host);
            long id = ++calls;
            CompletableFuture<Reply> answer = new CompletableFuture<>();
            awaited.put(id, answer);
            Map<String, @Nullable Object> params = new HashMap<>(Map.of("name", call.tool()));
            params.put("arguments", call.arguments().root().toJava());
            host.toProxy.write(json.write(new JSONRPCRequest("tools/call", id, params)));
            host.toProxy.flush();
            return answer;
        }

        private Host host(Caller caller) {
            try {
                PipedOutputStream toProxy = new PipedOutputStream();
                PipedInputStream hostIn = new PipedInputStream(toProxy, LONGEST_LINE);
                PipedOutputStream hostOut = new PipedOutputStream();
                PipedInputStream fromProxy = new PipedInputStream(hostOut, LONGEST_LINE);
                Proxy proxy = new Proxy(
                        json,
                        guarded(caller),
                        new HostOutput(hostOut, LONGEST_LINE),
                        line -> false,
                        report -> {},
                        LONGEST_LINE);
                proxy.connect();
                threads.execute(() -> {
                    try {
                        proxy.run(hostIn);
                    } catch (IOException | InterruptedException e) {
                        fail(e);
                    }
                });
                threads.execute(() -> read(fromProxy));
                return new Host(toProxy, fromProxy);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private McpClientTransport guarded(Caller caller) {
            EnforcingClientTransport.Builder guard = EnforcingClientTransport.builder(new Server(), engine)
                    .toolListTimeout(RecordedRun.PATIENCE)
                    .callContext(
                            (transport, reactor) -> new CallContext(caller.identity, caller.session, caller.context));
            return caller.server == null
                    ? guard.build()
                    : guard.server(caller.server).build();
        }

        /** What the host reads. */
        private void read(PipedInputStream fromProxy) {
            Lines lines = new Lines(fromProxy, LONGEST_LINE);
            try {
                while (lines.next()) {
                    if (json.read(lines.buffer(), lines.offset(), lines.length()) instanceof JsonRpc.Message message
                            && message.message() instanceof JSONRPCResponse response) {
                        awaited.get(((Number) response.id()).longValue()).complete(reply(response));
                    }
                }
            } catch (IOException | RuntimeException e) {
                fail(e);
            }
        }

        private void fail(Exception failure) {
            awaited.values().forEach(answer -> answer.completeExceptionally(failure));
        }

        private static Reply reply(JSONRPCResponse response) {
            return response.error() != null
                    ? new Reply(response.error().message(), null)
                    : Reply.of(((ObjectValue) Value.freeze(response.result())).toJava());
        }

        /** Gets the texts that a server would read, and answers as one. */
        private final class Server implements McpClientTransport {

            private Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler = messages -> messages;

            @Override
            public Mono<Void> connect(Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> messages) {
                return Mono.fromRunnable(() -> handler = messages);
            }

            @Override
            public Mono<Void> sendMessage(JSONRPCMessage message) {
                return Mono.fromRunnable(() -> {
                    byte[] line = json.write(message);
                    threads.execute(() -> take(json.read(line, 0, line.length)));
                });
            }

            private void take(JsonRpc.Line line) {
                JSONRPCRequest request = (JSONRPCRequest) ((JsonRpc.Message) line).message();
                if (request.method().equals("tools/list")) {
                    answer(JSONRPCResponse.result(request.id(), Map.of("tools", recorded.offered())));
                    return;
                }
                ObjectValue params = (ObjectValue) Value.freeze(request.params());
                ObjectValue arguments = (ObjectValue) params.get("arguments");
                CompletableFuture<Void> unused = arrived(params.text("name"), arguments.members())
                        .thenAccept(end -> answer(response(request.id(), end)));
            }

            private static JSONRPCResponse response(Object id, End end) {
                return end.outcome() == CallOutcome.FAILED
                        ? JSONRPCResponse.error(id, new JSONRPCError(-32050, "it failed", null))
                        : JSONRPCResponse.result(id, end.toolResult());
            }

            private void answer(JSONRPCResponse response) {
                byte[] line = json.write(response);
                JsonRpc.Message message = (JsonRpc.Message) json.read(line, 0, line.length);
                handler.apply(Mono.just(message.message())).subscribe();
            }

            @Override
            public Mono<Void> closeGracefully() {
                return Mono.empty();
            }

            @Override
            public <T> T unmarshalFrom(Object data, TypeRef<T> type) {
                return McpJsonDefaults.getMapper().convertValue(data, type);
            }
        }

        @Override
        public void close() throws IOException {
            for (Host host : hosts.values()) {
                host.toProxy.close();
                host.fromProxy.close();
            }
            threads.shutdownNow();
        }
    }
}
