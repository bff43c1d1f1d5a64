package dev.interlock.policy.mcp;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What requests of MCP 2026-07-28 say about themselves in their {@code _meta}, in whatever API they are carried. The
 * names are the SDK's, but an older SDK doesn't have them.
 */
final class Envelope {

    static final String META = "_meta";
    static final String CLIENT_CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";
    static final String SUBSCRIPTION_ID = "io.modelcontextprotocol/subscriptionId";

    private static final String PROTOCOL_VERSION = "io.modelcontextprotocol/protocolVersion";

    private Envelope() {}

    /** Whether a request with these parameters is of that protocol, in which there is no {@code initialize}. */
    static boolean isIn(@Nullable Object params) {
        return params instanceof Map<?, ?> members
                && members.get(META) instanceof Map<?, ?> meta
                && meta.get(PROTOCOL_VERSION) != null;
    }

    /** The subscription to which a notification with these parameters belongs; null if it belongs to none. */
    static @Nullable Object subscription(@Nullable Object params) {
        return params instanceof Map<?, ?> members && members.get(META) instanceof Map<?, ?> meta
                ? meta.get(SUBSCRIPTION_ID)
                : null;
    }
}
