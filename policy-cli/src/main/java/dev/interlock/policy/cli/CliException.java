package dev.interlock.policy.cli;

/** A command can't do what it was asked; the message is all that a person is told, and the exit code is 2. */
final class CliException extends RuntimeException {

    CliException(String message) {
        super(message, null, false, false);
    }

    String text() {
        return String.valueOf(getMessage());
    }
}
