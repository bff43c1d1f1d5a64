package dev.interlock.policy.langchain4j;

import dev.interlock.policy.call.ToolCall;
import dev.langchain4j.invocation.InvocationContext;
import org.jspecify.annotations.Nullable;

/**
 * Says who makes a call (identity, session and facts), from what LangChain4j knows about the invocation. Called on the
 * calling thread for every call, for every tool of a list, and for every other request of the client's, so it must be
 * quick and must not block. If it throws, the call is denied; of another request it is then not known who makes it, and
 * conditions on that are invalid. Thread-safe.
 */
@FunctionalInterface
public interface CallContextResolver {

    /** A resolver that adds nothing to what the transport was wrapped with. */
    CallContextResolver NONE = (call, invocation) -> call;

    /**
     * Returns the same call with what is known about its caller, made with {@link ToolCall#by}, {@link ToolCall#in} and
     * {@link ToolCall#with}. Returning another tool or other arguments is a mistake, and denies the call.
     *
     * @param call the call, with what the transport was wrapped with. For another request, the call that {@linkplain
     *     ToolCall#standingFor stands for} it, which has the method's name
     * @param invocation what LangChain4j knows, such as the chat memory's id and the invocation parameters; null if the
     *     client was called directly, outside an AI service
     */
    ToolCall resolve(ToolCall call, @Nullable InvocationContext invocation);
}
