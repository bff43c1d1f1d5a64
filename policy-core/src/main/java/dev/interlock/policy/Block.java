package dev.interlock.policy;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An item of {@code require} or {@code deny_if}: conditions that hold together. A block without conditions always
 * holds.
 *
 * @param conditions the conditions
 * @param message what the agent is told, or null for a built-in message
 * @param place where it stands
 */
public record Block(List<Condition> conditions, @Nullable String message, Place place) {

    /** Copies the conditions. */
    public Block {
        conditions = List.copyOf(conditions);
    }
}
