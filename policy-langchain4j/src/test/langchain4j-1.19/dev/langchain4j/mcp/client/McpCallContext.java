package dev.langchain4j.mcp.client;

import dev.langchain4j.invocation.InvocationContext;
import dev.langchain4j.mcp.protocol.McpClientMessage;
import java.util.Map;

/** Stands in for the record of LangChain4j 1.19, with the same components and constructors. */
public record McpCallContext(
        InvocationContext invocationContext, McpClientMessage message, Map<String, String> mcpParamHeaders) {

    public McpCallContext(InvocationContext invocationContext, McpClientMessage message) {
        this(invocationContext, message, null);
    }
}
