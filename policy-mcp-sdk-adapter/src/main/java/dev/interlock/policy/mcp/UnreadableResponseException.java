package dev.interlock.policy.mcp;

/**
 * A transport tells by this that the response to a request has come, or can't come any more, but that nobody can read it:
 * it is given as the error of what the transport hands to its handler, in the place of a message. An {@link
 * EnforcingClientTransport} then settles the call as unknown, which gives nothing back, and answers the request with a
 * protocol error, so that nobody waits for it.
 */
public final class UnreadableResponseException extends RuntimeException {

    private final transient Object id;

    /**
     * For the request with this id.
     *
     * @param id as the request had it: a string or a whole number
     * @param message what went wrong, told to whoever made the request; it must not quote the response
     */
    public UnreadableResponseException(Object id, String message) {
        super(message, null, false, false);
        this.id = id;
    }

    /** The id of the request that is not answered otherwise. */
    public Object id() {
        return id;
    }
}
