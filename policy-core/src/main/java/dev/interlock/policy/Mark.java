package dev.interlock.policy;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a call puts on its session when it has ended and was not surely unsent.
 *
 * @param name the mark's name; conditions read it as {@code session.<name>}
 * @param value where the mark's values come from: {@code args.<name>} or {@code result.…}; null for a mark without
 *     values
 * @param onSuccess whether only a call sets it that has succeeded, was no tool error, and whose result was not withheld
 * @param lasting how long it lasts; null for until {@link #IDLE} has passed since the session's last call
 * @param place where it stands
 */
public record Mark(
        String name,
        @Nullable Path value,
        boolean onSuccess,
        @Nullable Duration lasting,
        Place place) {

    /** How long a session keeps a mark that says nothing else after its last call. */
    public static final Duration IDLE = Duration.ofHours(24);
}
