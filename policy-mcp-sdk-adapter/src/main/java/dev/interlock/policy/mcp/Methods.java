package dev.interlock.policy.mcp;

import dev.interlock.policy.engine.Decision;
import dev.interlock.policy.engine.PolicyEngine;
import io.modelcontextprotocol.spec.McpSchema;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Decides on requests other than {@code tools/call}. */
final class Methods {

    private static final Logger log = LoggerFactory.getLogger(Methods.class);

    private Methods() {}

    /** What the policy says of a method; a denial if it can't say. */
    static Decision decide(PolicyEngine engine, String method) {
        if (isToolCall(method)) {
            // Calls of the client's go another way. This is a spelling that a lenient server might take for one, or a
            // server that calls its client.
            return Ruling.denied(Decision.Code.METHOD, "Tools can't be called in this way.");
        }
        try {
            return engine.decideMethod(method);
        } catch (RuntimeException e) {
            log.warn("A request was refused because its method could not be decided", e);
            return Ruling.failed(e).decision();
        }
    }

    /** Whether a method is {@code tools/call}, or would be for a server that minds neither case nor blanks. */
    static boolean isToolCall(String method) {
        return method.strip().equalsIgnoreCase(McpSchema.METHOD_TOOLS_CALL);
    }
}
