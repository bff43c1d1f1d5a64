package dev.interlock.policy.mcp;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * A failure that is safe to log: its class and where it happened, without its message. Failures come from hosts,
 * servers and transports, and their messages quote arguments, results, headers and tokens.
 */
final class RedactedException extends Exception {

    @Serial
    private static final long serialVersionUID = 1;

    /** Causes may form a cycle. */
    private static final int MAX_CAUSES = 8;

    private RedactedException(Throwable failure, @Nullable Throwable cause) {
        super(failure.getClass().getName(), cause, false, true);
        setStackTrace(failure.getStackTrace());
    }

    static RedactedException of(Throwable failure) {
        return of(failure, MAX_CAUSES);
    }

    private static RedactedException of(Throwable failure, int causes) {
        Throwable cause = causes == 0 ? null : failure.getCause();
        return new RedactedException(failure, cause == null ? null : of(cause, causes - 1));
    }
}
