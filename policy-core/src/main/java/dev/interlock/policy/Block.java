package dev.interlock.policy;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An item of {@code require}, {@code deny_if} or {@code ask_if}: conditions that hold together. A block without
 * conditions always holds.
 *
 * @param conditions the conditions
 * @param message what the agent is told, or null for a built-in message
 * @param place where it stands
 */
public record Block(List<Condition> conditions, @Nullable String message, Place place) {

    /**
     * Returns what the agent is told: the block's message, or that of its condition if there is only one. Null for a
     * built-in message.
     */
    public @Nullable String told() {
        return message == null && conditions.size() == 1 ? conditions.get(0).message() : message;
    }

    /** Copies the conditions. */
    public Block {
        conditions = List.copyOf(conditions);
    }
}
