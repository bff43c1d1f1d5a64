package dev.interlock.policy.langchain4j;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.interlock.policy.value.KnownNames;
import dev.langchain4j.mcp.protocol.McpClientRequest;
import java.util.Iterator;

/** What a client of the modern protocol listens for: there, one request subscribes to everything. */
final class ListenRequests {

    private static final String LISTEN = "subscriptions/listen";

    /** Some servers would take other names for it. */
    private static final KnownNames NAMES = KnownNames.of("resourceSubscriptions");

    private static final ObjectMapper JSON = new ObjectMapper();

    private ListenRequests() {}

    /**
     * Whether a request subscribes to resources, as {@code resources/subscribe} does in the older protocol.
     *
     * @param method the request's method, as it is written
     */
    static boolean namesResources(String method, McpClientRequest request) {
        if (!method.equals(LISTEN)) {
            return false;
        }
        JsonNode listened = JSON.valueToTree(request.getParams()).path("notifications");
        for (Iterator<String> names = listened.fieldNames(); names.hasNext(); ) {
            if (NAMES.meant(names.next()) != null) {
                return true;
            }
        }
        return false;
    }
}
