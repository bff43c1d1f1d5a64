package dev.interlock.policy.adapter;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a server's result says about the call: that it is complete, or that it goes on, or neither. */
enum AnswerKind {
    /** The call has ended. */
    COMPLETE,
    /** The server asks for input, and the client makes the call again with it. */
    INPUT_REQUIRED,
    /** The call goes on as a task, whose result comes by other requests. */
    TASK,
    /** The result is of a type that is not known here, so it is not certain that the call has ended. */
    OTHER;

    /**
     * Reads a result. Servers of 2026-07-28 state the {@code resultType}. Servers of 2025-11-25 answer with a {@code
     * task} that has an id.
     *
     * @param result the result as plain JSON values
     */
    static AnswerKind of(@Nullable Object result) {
        if (!(result instanceof Map<?, ?> members)) {
            return COMPLETE;
        }
        Object type = members.get("resultType");
        if ("input_required".equals(type)) {
            return INPUT_REQUIRED;
        }
        boolean task =
                "task".equals(type) || (members.get("task") instanceof Map<?, ?> about && about.get("taskId") != null);
        if (task) {
            return TASK;
        }
        return type == null || "complete".equals(type) ? COMPLETE : OTHER;
    }
}
