package dev.interlock.policy.mcp;

import dev.interlock.policy.engine.Decision;
import dev.interlock.policy.engine.MethodCall;
import dev.interlock.policy.engine.PolicyEngine;
import io.modelcontextprotocol.spec.McpSchema;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.util.context.ContextView;

/** Decides on requests other than {@code tools/call}, and sees to it that the decisions are recorded. */
final class Methods {

    private static final Logger log = LoggerFactory.getLogger(Methods.class);

    private final PolicyEngine engine;
    private final Callers callers;

    Methods(PolicyEngine engine, Callers callers) {
        this.engine = engine;
        this.callers = callers;
    }

    /** What the policy says of a client's request. */
    Decision askedByClient(String method, ContextView context) {
        return engine.admit(byWhoever(method, context));
    }

    /** What the policy says of a request of the server's. */
    Decision askedByServer(String method) {
        return engine.admit(unsigned(method).askedByServer());
    }

    /** A tool is called in a way in which none is ever let through, or nobody can tell what is asked for at all. */
    Decision denied(String method) {
        return engine.admit(unsigned(method));
    }

    /** A list of tools is not shown, because it can't be told what of it may be. */
    Decision listWithheld(Throwable failure) {
        log.warn("A list of tools was withheld because of a failure", Unquoted.of(failure));
        return engine.deny(unsigned(McpSchema.METHOD_TOOLS_LIST), failure);
    }

    /** No decision hangs on who asks, only the record of it. */
    private MethodCall byWhoever(String method, ContextView context) {
        try {
            return callers.of(context).signs(MethodCall.of(method));
        } catch (Throwable e) {
            log.debug("Who asks for {} can't be told", Printable.name(method), Unquoted.of(e));
            return unsigned(method);
        }
    }

    /** By nobody, if callers are told apart: the record must not name another. */
    private MethodCall unsigned(String method) {
        return callers.nobody().signs(MethodCall.of(method));
    }

    /** Whether a method is {@code tools/call}, or would be for a server that minds neither case nor blanks. */
    static boolean isToolCall(String method) {
        return method.strip().equalsIgnoreCase(McpSchema.METHOD_TOOLS_CALL);
    }
}
