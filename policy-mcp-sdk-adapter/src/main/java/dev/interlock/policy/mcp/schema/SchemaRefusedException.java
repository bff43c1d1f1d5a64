package dev.interlock.policy.mcp.schema;

/** A schema that is too dangerous to give to a validator. */
final class SchemaRefusedException extends Exception {

    /** @param reason why, as a clause about the schema; the agent sees it */
    SchemaRefusedException(String reason) {
        super(reason, null, false, false);
    }

    String reason() {
        return String.valueOf(getMessage());
    }
}
