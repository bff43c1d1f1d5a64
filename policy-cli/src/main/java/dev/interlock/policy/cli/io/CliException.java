package dev.interlock.policy.cli.io;

/** A command can't do what it was asked; the message is all that a person is told, and the exit code is 2. */
public final class CliException extends RuntimeException {

    public CliException(String message) {
        super(message, null, false, false);
    }

    public String text() {
        return String.valueOf(getMessage());
    }
}
