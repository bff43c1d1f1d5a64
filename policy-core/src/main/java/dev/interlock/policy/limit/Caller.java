package dev.interlock.policy.limit;

import org.jspecify.annotations.Nullable;

/**
 * Who makes a call, as far as the number of keys that it may bring along goes: the identity; without one the session; without
 * both, nobody.
 *
 * @param name the identity or the session; empty for nobody
 * @param identified whether it is an identity
 */
public record Caller(String name, boolean identified) {

    private static final Caller NOBODY = new Caller("", false);

    /** The caller of a call with this identity and this session. */
    public static Caller of(@Nullable String identity, @Nullable String session) {
        if (identity != null) {
            return new Caller(identity, true);
        }
        return session == null || session.isEmpty() ? NOBODY : new Caller(session, false);
    }

    /** Without the name, which is an identity or a session. */
    @Override
    public String toString() {
        return identified ? "an identity" : "a session";
    }
}
