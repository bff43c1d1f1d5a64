package dev.langchain4j.mcp.protocol;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;

/** Stands in for the class of LangChain4j 1.19, with the same properties. */
public class McpCallToolParams extends McpClientParams {

    private String name;
    private ObjectNode arguments;

    @JsonInclude(JsonInclude.Include.NON_NULL)
    private Map<String, Object> inputResponses;

    @JsonInclude(JsonInclude.Include.NON_NULL)
    private JsonNode requestState;

    public McpCallToolParams() {}

    public McpCallToolParams(String name, ObjectNode arguments) {
        this.name = name;
        this.arguments = arguments;
    }

    public String getName() {
        return name;
    }

    public void setName(String name) {
        this.name = name;
    }

    public ObjectNode getArguments() {
        return arguments;
    }

    public void setArguments(ObjectNode arguments) {
        this.arguments = arguments;
    }

    public Map<String, Object> getInputResponses() {
        return inputResponses;
    }

    public void setInputResponses(Map<String, Object> inputResponses) {
        this.inputResponses = inputResponses;
    }

    public JsonNode getRequestState() {
        return requestState;
    }

    public void setRequestState(JsonNode requestState) {
        this.requestState = requestState;
    }
}
