package dev.interlock.policy.observe;

import dev.interlock.policy.audit.AuditEvent.Decided;
import dev.interlock.policy.call.Decision;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Names that may become a series or a key of their own, up to a bound. Agents choose the names of the tools they call,
 * whether or not such tools exist.
 */
final class BoundedNames {

    /** Replaces all names beyond the bound. */
    static final String OTHER = "(other)";

    private final int most;
    private final Set<String> known = ConcurrentHashMap.newKeySet();

    BoundedNames(int most) {
        this.most = most;
    }

    /** The name, or its replacement. */
    String of(String name) {
        if (known.contains(name)) {
            return name;
        }
        // Threads that arrive at the same time may exceed the bound by their number.
        if (known.size() >= most) {
            return OTHER;
        }
        known.add(name);
        return name;
    }

    /** The tool of a decision. A name that no policy lists, or that isn't a valid tool name, gets no place. */
    String tool(Decided decided) {
        String name = decided.call().tool();
        return isInvented(decided.decision().code()) && !known.contains(name) ? OTHER : of(name);
    }

    private static boolean isInvented(Decision.Code code) {
        return switch (code) {
            case MALFORMED, NAME, LOCK, DEFAULT_DENY, NO_GRANT, GRANT_NOT_IN_FORCE, SCHEMA_UNKNOWN, ERROR -> true;
            default -> false;
        };
    }

    /** The rule that decided; {@code (none)} if none did. */
    String rule(Decision decision) {
        return decision.rule() == null ? "(none)" : of(decision.rule().name());
    }
}
