package dev.interlock.policy.mcp;

/**
 * Reports that the response to a request has arrived, or can't arrive any more, but can't be read. A transport passes
 * it to its handler as an error, in place of a message. An {@link EnforcingClientTransport} then settles the call as
 * unknown, which gives nothing back, and answers the request with a protocol error, so that no caller waits for it.
 */
public final class UnreadableResponseException extends RuntimeException {

    private final transient Object id;

    /**
     * Creates an exception for the request with this id.
     *
     * @param id the request's id, a string or a whole number
     * @param message what went wrong; the requester sees it, so it must not quote the response
     */
    public UnreadableResponseException(Object id, String message) {
        super(message, null, false, false);
        this.id = id;
    }

    /** The id of the request that has no other answer. */
    public Object id() {
        return id;
    }
}
