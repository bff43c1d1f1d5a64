package dev.interlock.examples.three;

import dev.interlock.policy.Policy;
import dev.interlock.policy.approval.ApprovalHandler;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.mcp.CallContext;
import dev.interlock.policy.mcp.EnforcingClientTransport;
import dev.interlock.policy.yaml.PolicyYaml;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.ServerParameters;
import io.modelcontextprotocol.client.transport.StdioClientTransport;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Three MCP servers, one of which reads private data, one fetches pages, and one sends mail. One engine decides for all
 * of them, and remembers for each conversation what it has seen. Conversations may run on threads of their own.
 */
final class GuardedServers implements AutoCloseable {

    /** The conversation whose agent makes the calls of this thread. */
    private static final ThreadLocal<String> CONVERSATION = new ThreadLocal<>();

    private final List<McpSyncClient> clients = new ArrayList<>();
    private final Map<String, McpSyncClient> tools = new LinkedHashMap<>();

    private GuardedServers() {}

    /**
     * Starts the three servers and connects to them.
     *
     * @param outbox where the mail server writes what it sends
     * @param person is asked about calls that need a person's yes
     */
    static GuardedServers start(Path policyFile, Path outbox, ApprovalHandler person) {
        GuardedServers servers = new GuardedServers();
        // begin
        Policy policy = PolicyYaml.read(policyFile).orThrow();
        PolicyEngine engine = PolicyEngine.builder(policy).approvals(person).build();

        servers.connect("records", server(RecordsServer.class), engine);
        servers.connect("web", server(WebServer.class), engine);
        servers.connect("mail", server(MailServer.class, outbox.toString()), engine);
        // end
        return servers;
    }

    private void connect(String name, McpClientTransport transport, PolicyEngine engine) {
        // begin
        EnforcingClientTransport guarded = EnforcingClientTransport.builder(transport, engine)
                .server(name)
                .identity("assistant")
                .callContext((context, reactor) -> context.get("conversation") instanceof String id
                        ? CallContext.EMPTY.in(id) // the session that marks belong to, over all servers
                        : CallContext.EMPTY)
                .build();
        McpSyncClient client = McpClient.sync(guarded)
                .transportContextProvider(GuardedServers::context)
                .build();
        // end
        clients.add(client);
        client.initialize();
        guarded.selfTest(); // throws, should calls be able to leave undecided
        for (Tool tool : client.listTools().tools()) {
            tools.put(tool.name(), client);
        }
    }

    private static McpTransportContext context() {
        String id = CONVERSATION.get();
        return id == null ? McpTransportContext.EMPTY : McpTransportContext.create(Map.of("conversation", id));
    }

    /** Makes a call of the agent of a conversation, and returns what the agent gets to read. */
    CallToolResult call(String inConversation, String tool, Map<String, Object> arguments) {
        McpSyncClient client = tools.get(tool);
        if (client == null) {
            throw new IllegalArgumentException("no server offers " + tool);
        }
        CONVERSATION.set(inConversation);
        try {
            return client.callTool(
                    CallToolRequest.builder(tool).arguments(arguments).build());
        } finally {
            CONVERSATION.remove();
        }
    }

    @Override
    public void close() {
        clients.forEach(McpSyncClient::close);
    }

    static String text(CallToolResult result) {
        return ((TextContent) result.content().get(0)).text();
    }

    /** The server runs in a separate process, started from the same jars. */
    private static McpClientTransport server(Class<?> main, String... args) {
        List<String> command = new ArrayList<>(
                List.of("-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(args));
        return new StdioClientTransport(
                ServerParameters.builder(Path.of(System.getProperty("java.home"), "bin", "java")
                                .toString())
                        .args(command)
                        .build(),
                McpJsonDefaults.getMapper());
    }
}
