package dev.interlock.policy.cli.server;

import org.jspecify.annotations.Nullable;

/** Says why a server has not answered. The message is for people, and quotes nothing of what was sent. */
public final class ServerException extends RuntimeException {

    ServerException(String message) {
        super(message, null, false, false);
    }

    public String text() {
        return String.valueOf(getMessage());
    }

    /** Describes a failure. Only exceptions of this class have a message that we have worded. */
    public static String text(@Nullable Throwable failure) {
        return failure instanceof ServerException known ? known.text() : "the server could not be reached";
    }
}
