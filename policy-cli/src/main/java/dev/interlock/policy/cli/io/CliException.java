package dev.interlock.policy.cli.io;

/** A command can't do what it was asked to. The message is all that the user sees, and the exit code is 2. */
public final class CliException extends RuntimeException {

    public CliException(String message) {
        super(message, null, false, false);
    }

    public String text() {
        return String.valueOf(getMessage());
    }
}
