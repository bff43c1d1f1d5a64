package dev.interlock.examples.googleadk;

import com.google.adk.JsonBaseModel;
import com.google.adk.agents.LlmAgent;
import com.google.adk.models.BaseLlm;
import com.google.adk.tools.mcp.DefaultMcpTransportBuilder;
import com.google.adk.tools.mcp.McpSessionManager;
import com.google.adk.tools.mcp.McpToolset;
import com.google.adk.tools.mcp.McpTransportBuilder;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.mcp.EnforcingClientTransport;

/** An agent of Google's ADK, whose tools are those of an MCP server. */
public final class ShopAgent {

    private ShopAgent() {}

    /**
     * An agent whose every call is decided.
     *
     * @param server says how to connect to the server, as ADK wants it: {@code ServerParameters}, for example
     */
    public static LlmAgent of(BaseLlm model, PolicyEngine engine, Object server) {
        McpToolset tools = new McpToolset(sessions(engine, server), JsonBaseModel.getMapper());
        return LlmAgent.builder()
                .name("support")
                .model(model)
                .instruction("Help the shop's customers.")
                .tools(tools)
                .build();
    }

    /** Connections to the server, each with the policy in front of it. */
    static McpSessionManager sessions(PolicyEngine engine, Object server) {
        // begin
        McpTransportBuilder guarded = parameters -> EnforcingClientTransport.builder(
                        new DefaultMcpTransportBuilder().build(parameters), engine)
                .server("shop")
                .identity("support-bot")
                .build();
        return new McpSessionManager(server, guarded);
        // end
    }
}
