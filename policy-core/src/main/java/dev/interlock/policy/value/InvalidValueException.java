package dev.interlock.policy.value;

/** Thrown if a value can't be frozen. The message says why without quoting the value, which may be secret. */
public final class InvalidValueException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    /** @param message what is wrong, naming types and bounds but no content */
    public InvalidValueException(String message) {
        super(message);
    }
}
