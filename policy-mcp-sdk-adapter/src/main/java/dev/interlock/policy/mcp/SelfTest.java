package dev.interlock.policy.mcp;

import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;

/** Makes a call that no policy allows, to see whether it is denied. */
final class SelfTest {

    private static final String ID_PREFIX = AdapterRequests.ID_PREFIX + "self-test-";

    /** No tool can have this name. And no policy, audited or not, lets arguments pass that are not an object. */
    private static final Map<String, Object> PROBE =
            Map.of("name", "dev.interlock/self-test\u0007", "arguments", "of a self-test");

    private SelfTest() {}

    /** Whether this message must never leave. */
    static boolean isProbe(JSONRPCMessage message) {
        return message instanceof JSONRPCRequest request && isProbeId(request.id());
    }

    /** Whether the request with this id must never leave. */
    static boolean isProbeId(Object id) {
        return id instanceof String text && text.startsWith(ID_PREFIX);
    }

    /**
     * Returns if the call is denied.
     *
     * @throws IllegalStateException if it isn't
     */
    static void run(Exchange guarded, Duration timeout) {
        JSONRPCRequest probe = SdkRecords.request(McpSchema.METHOD_TOOLS_CALL, ID_PREFIX + UUID.randomUUID(), PROBE);
        JSONRPCResponse answer;
        try {
            answer = guarded.send(probe).block(timeout);
        } catch (RuntimeException e) {
            throw new IllegalStateException("the self-test failed: a call that no policy allows was not denied", e);
        }
        if (answer == null || !Answers.isDenial(answer)) {
            throw new IllegalStateException(
                    "the self-test failed: a call that no policy allows was answered, not denied");
        }
    }
}
