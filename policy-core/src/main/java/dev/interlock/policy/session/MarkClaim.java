package dev.interlock.policy.session;

import dev.interlock.policy.limit.Caller;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * What a call may put on its session when it has ended: room for it is needed before the call is made.
 *
 * @param session the session
 * @param caller whom a new session is counted to, for the bound on sessions
 * @param values the values that are known already, by the names of their marks. Empty if there are none: then only the
 *     session itself needs room
 */
public record MarkClaim(String session, Caller caller, Map<String, Set<String>> values) {

    /** Copies the values. */
    public MarkClaim {
        Map<String, Set<String>> copy = new HashMap<>();
        values.forEach((mark, texts) -> copy.put(mark, Set.copyOf(texts)));
        values = Map.copyOf(copy);
    }

    /** Names the marks; never the session or a value. */
    @Override
    public String toString() {
        return "room for " + values.keySet();
    }
}
