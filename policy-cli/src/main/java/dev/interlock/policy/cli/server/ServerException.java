package dev.interlock.policy.cli.server;

import org.jspecify.annotations.Nullable;

/** Why a server has not answered. The message is for people, and has nothing of what was sent in it. */
public final class ServerException extends RuntimeException {

    ServerException(String message) {
        super(message, null, false, false);
    }

    public String text() {
        return String.valueOf(getMessage());
    }

    /** What to tell of a failure: only these say what it was in words of ours. */
    public static String text(@Nullable Throwable failure) {
        return failure instanceof ServerException known ? known.text() : "the server could not be reached";
    }
}
