package dev.interlock.policy.limit;

/** Thrown if a store that counts limits could not be asked how they stand, or did not answer in time. */
public final class UnavailableException extends RuntimeException {

    /**
     * Creates an exception.
     *
     * @param message what was asked of which store
     */
    public UnavailableException(String message) {
        super(message);
    }
}
