package dev.interlock.policy.limit;

import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Tells whether a message that could not be sent may have reached the peer all the same. For adapters, which all give
 * back only what surely never left.
 */
public final class SendFailure {

    /** All of them are thrown before the first byte. */
    private static final List<Class<? extends Throwable>> BEFORE_SENDING = List.of(
            ConnectException.class,
            NoRouteToHostException.class,
            UnknownHostException.class,
            UnresolvedAddressException.class,
            HttpConnectTimeoutException.class);

    /** Causes can form a ring. */
    private static final int MAX_CAUSES = 16;

    private SendFailure() {}

    /**
     * How a call has ended that failed so: {@link Settlement#UNSENT} if the failure or a cause of it is of a type that is
     * thrown before the first byte, else {@link Settlement#UNKNOWN}.
     *
     * @param alsoBeforeSending the transport's own types that are, beside the JDK's
     */
    public static Settlement settlement(Throwable failure, List<Class<? extends Throwable>> alsoBeforeSending) {
        @Nullable Throwable cause = failure;
        for (int i = 0; i < MAX_CAUSES && cause != null; i++, cause = cause.getCause()) {
            if (isOneOf(BEFORE_SENDING, cause) || isOneOf(alsoBeforeSending, cause)) {
                return Settlement.UNSENT;
            }
        }
        return Settlement.UNKNOWN;
    }

    private static boolean isOneOf(List<Class<? extends Throwable>> types, Throwable failure) {
        for (Class<? extends Throwable> type : types) {
            if (type.isInstance(failure)) {
                return true;
            }
        }
        return false;
    }
}
