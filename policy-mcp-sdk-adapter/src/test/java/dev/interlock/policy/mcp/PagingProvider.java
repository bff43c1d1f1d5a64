package dev.interlock.policy.mcp;

import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import io.modelcontextprotocol.spec.McpServerSession;
import io.modelcontextprotocol.spec.McpServerTransport;
import io.modelcontextprotocol.spec.McpServerTransportProvider;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import reactor.core.publisher.Mono;

/** Answers {@code tools/list} in pages, which the SDK's server can't. */
final class PagingProvider implements McpServerTransportProvider {

    private static final int PAGE = 2;

    private final McpServerTransportProvider delegate;

    PagingProvider(McpServerTransportProvider delegate) {
        this.delegate = delegate;
    }

    /** The page after that cursor; the cursor is the number of the tools before it. */
    static Map<String, Object> page(Object params) {
        Object cursor = params instanceof Map<?, ?> map ? map.get("cursor") : null;
        int from = cursor == null ? 0 : Integer.parseInt((String) cursor);
        List<Tool> tools = TestServer.TOOLS;
        int to = Math.min(from + PAGE, tools.size());
        Map<String, Object> page = new LinkedHashMap<>();
        page.put("tools", tools.subList(from, to));
        if (to < tools.size()) {
            page.put("nextCursor", Integer.toString(to));
        }
        return page;
    }

    @Override
    public void setSessionFactory(McpServerSession.Factory factory) {
        delegate.setSessionFactory(transport -> {
            // Else the servlet for SSE loses messages now and then.
            McpServerTransport serial = new SerialTransport(transport);
            return new PagingSession(factory.create(serial), serial);
        });
    }

    @Override
    public Mono<Void> notifyClients(String method, Object params) {
        return delegate.notifyClients(method, params);
    }

    @Override
    public Mono<Void> closeGracefully() {
        return delegate.closeGracefully();
    }

    @Override
    public List<String> protocolVersions() {
        return delegate.protocolVersions();
    }

    private static final class PagingSession extends ForwardingSession {

        private final McpServerTransport transport;

        PagingSession(McpServerSession session, McpServerTransport transport) {
            super(session, transport);
            this.transport = transport;
        }

        @Override
        public Mono<Void> handle(JSONRPCMessage message) {
            return message instanceof JSONRPCRequest request && request.method().equals("tools/list")
                    ? transport.sendMessage(JSONRPCResponse.result(request.id(), page(request.params())))
                    : session.handle(message);
        }
    }
}
