package dev.interlock.policy.langchain4j;

import dev.interlock.policy.limit.Settlement;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Tells whether a message that could not be sent may have reached the server all the same. */
final class SendFailure {

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

    /** How a call has ended that failed so. */
    static Settlement settlement(Throwable failure) {
        @Nullable Throwable cause = failure;
        for (int i = 0; i < MAX_CAUSES && cause != null; i++, cause = cause.getCause()) {
            for (Class<? extends Throwable> type : BEFORE_SENDING) {
                if (type.isInstance(cause)) {
                    return Settlement.UNSENT;
                }
            }
        }
        return Settlement.UNKNOWN;
    }
}
