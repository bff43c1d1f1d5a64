package dev.interlock.policy.mcp;

/** A schema that no validator is let loose on. */
final class SchemaRefusedException extends Exception {

    /** @param reason why, told to the agent: a clause about the schema */
    SchemaRefusedException(String reason) {
        super(reason, null, false, false);
    }

    String reason() {
        return String.valueOf(getMessage());
    }
}
