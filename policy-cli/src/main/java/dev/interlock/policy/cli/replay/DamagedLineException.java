package dev.interlock.policy.cli.replay;

/** A line of a recording can't be used. The message says why. */
final class DamagedLineException extends RuntimeException {

    DamagedLineException(String message) {
        super(message, null, false, false);
    }
}
