package dev.interlock.policy.langchain4j;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.langchain4j.mcp.protocol.McpClientMethod;
import java.util.EnumMap;
import java.util.Map;

/** The name of each method on the wire. LangChain4j declares it in annotations, which its JSON writer follows. */
final class WireMethodNames {

    private static final Map<McpClientMethod, String> NAMES = new EnumMap<>(McpClientMethod.class);

    static {
        for (McpClientMethod method : McpClientMethod.values()) {
            NAMES.put(method, annotated(method));
        }
    }

    private WireMethodNames() {}

    static String of(McpClientMethod method) {
        return NAMES.getOrDefault(method, method.name());
    }

    private static String annotated(McpClientMethod method) {
        try {
            JsonProperty name = McpClientMethod.class.getField(method.name()).getAnnotation(JsonProperty.class);
            return name == null ? method.name() : name.value();
        } catch (NoSuchFieldException e) {
            throw new IllegalStateException("every constant of an enum is a field of it", e);
        }
    }
}
