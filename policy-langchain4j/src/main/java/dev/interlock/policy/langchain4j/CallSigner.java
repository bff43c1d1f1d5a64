package dev.interlock.policy.langchain4j;

import dev.interlock.policy.engine.ToolCall;
import dev.langchain4j.invocation.InvocationContext;
import org.jspecify.annotations.Nullable;

/**
 * Says who makes a call: identity, session and facts, from what LangChain4j knows of the invocation. Asked on the calling
 * thread for every call and for every tool of a list, so it must be quick and must not block; if it throws, the call is
 * denied. Thread-safe.
 */
@FunctionalInterface
public interface CallSigner {

    /** Adds nothing to what the transport was wrapped with. */
    CallSigner NONE = (call, invocation) -> call;

    /**
     * The same call with what is known of its caller, made with {@link ToolCall#by}, {@link ToolCall#in} and {@link
     * ToolCall#with}. An answer with another tool or other arguments is a mistake, and denies the call.
     *
     * @param call the call, with what the transport was wrapped with
     * @param invocation what LangChain4j knows, such as the chat memory's id and the invocation parameters; null if the
     *     client was called by hand, outside of an AI service
     */
    ToolCall sign(ToolCall call, @Nullable InvocationContext invocation);
}
