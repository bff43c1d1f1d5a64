package dev.interlock.policy.limit;

import org.jspecify.annotations.Nullable;

/**
 * The caller that a new key is charged to, for the bound on keys: the identity; without one, the session; without both,
 * the empty caller.
 *
 * @param name the identity or the session; empty if there is neither
 * @param identified whether the name is an identity
 */
public record Caller(String name, boolean identified) {

    private static final Caller ANONYMOUS = new Caller("", false);

    /** Returns the caller for this identity and this session. */
    public static Caller of(@Nullable String identity, @Nullable String session) {
        if (identity != null) {
            return new Caller(identity, true);
        }
        return session == null || session.isEmpty() ? ANONYMOUS : new Caller(session, false);
    }

    /** Omits the name, which is an identity or a session. */
    @Override
    public String toString() {
        return identified ? "an identity" : "a session";
    }
}
