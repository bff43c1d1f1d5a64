package dev.interlock.policy.cli.io;

import org.jspecify.annotations.Nullable;

/** Names people, for the record. */
public final class Person {

    private Person() {}

    /** Names the user who runs this command: by the system's name, then by the name that they give, if any. */
    public static String running(@Nullable String said) {
        return named(String.valueOf(System.getProperty("user.name")), said);
    }

    /**
     * Names a user: first as the system does, which can't be forged, then as they say they are called, if they do.
     *
     * @param user the operating system's name for the user
     */
    public static String named(String user, @Nullable String said) {
        return said == null || said.isBlank() || said.equals(user) ? user : user + ", as " + said;
    }
}
