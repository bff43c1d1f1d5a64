package dev.interlock.examples.langchain4j;

import dev.interlock.examples.shop.ShopServer;
import dev.interlock.policy.Policy;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.langchain4j.EnforcingMcpTransport;
import dev.interlock.policy.yaml.PolicyYaml;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.exception.ToolExecutionException;
import dev.langchain4j.mcp.client.DefaultMcpClient;
import dev.langchain4j.mcp.client.McpClient;
import dev.langchain4j.mcp.client.transport.McpTransport;
import dev.langchain4j.mcp.client.transport.stdio.StdioMcpTransport;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;

/** A host on LangChain4j. Instead of running a model, it calls the tools that a model would get. */
public final class LangChain4jHost {

    private LangChain4jHost() {}

    /** Takes the path of a policy. */
    public static void main(String... args) throws Exception {
        run(Path.of(args[0]), System.out);
    }

    static void run(Path policyFile, PrintStream out) throws Exception {
        McpTransport transport = shop();
        // begin
        Policy policy = PolicyYaml.read(policyFile).orThrow();
        PolicyEngine engine = PolicyEngine.builder(policy).build();

        EnforcingMcpTransport guarded = EnforcingMcpTransport.builder(transport, engine)
                .server("shop")
                .identity("support-bot")
                // An AI service's chat memory is its session.
                .callContext((call, invocation) -> invocation == null || invocation.chatMemoryId() == null
                        ? call
                        : call.in(invocation.chatMemoryId().toString()))
                .build();
        McpClient client = DefaultMcpClient.builder().transport(guarded).build();
        guarded.selfTest(); // throws, should calls be able to leave undecided
        // end
        try (client) {
            out.println("tools: "
                    + client.listTools().stream()
                            .map(ToolSpecification::name)
                            .sorted()
                            .toList());
            call(client, out, "get_customer", "{\"id\": \"c-1\"}");
            call(client, out, "create_refund", "{\"customer\": \"c-1\", \"amount\": 40}");
            call(client, out, "create_refund", "{\"customer\": \"c-1\", \"amount\": 400}");
            call(client, out, "delete_customer", "{\"id\": \"c-1\"}");
            call(client, out, "get_customer", "{\"id\": \"c-1\"}");
        }
    }

    private static void call(McpClient client, PrintStream out, String tool, String arguments) {
        try {
            out.println(tool + ": "
                    + client.executeTool(ToolExecutionRequest.builder()
                                    .name(tool)
                                    .arguments(arguments)
                                    .build())
                            .resultText());
        } catch (ToolExecutionException e) {
            // The text that an AI service passes to its model, unless it has another error handler.
            out.println(tool + " failed: " + e.getMessage());
        }
    }

    /** The server runs in a separate process, started from the same jars. */
    private static McpTransport shop() {
        return StdioMcpTransport.builder()
                .command(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        ShopServer.class.getName()))
                .build();
    }
}
