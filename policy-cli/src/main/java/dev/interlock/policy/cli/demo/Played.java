package dev.interlock.policy.cli.demo;

import dev.interlock.policy.call.Decision.Code;

/**
 * A call that was made, as the agent saw it.
 *
 * @param code why it was denied, as programs read it; {@code allowed} if it wasn't
 * @param rules the rules that it had to pass, or the one that denied it
 * @param reason what the agent was told, or in short what the rules demand
 * @param nanos how long the agent waited
 */
record Played(Script.Step step, String code, String rules, String reason, long nanos) {

    boolean isAllowed() {
        return code.equals(Code.ALLOWED.text());
    }

    /**
     * Whether the script expects this.
     *
     * @param remembers whether an earlier run may have used what the limit admits, and time may have given some back
     */
    boolean isAsExpected(boolean remembers) {
        return code.equals(step.expected().text())
                || (remembers && step.isLimited() && (isAllowed() || code.equals(Code.LIMIT.text())));
    }

    /** Whether a table may show both calls as one row. */
    boolean foldsWith(Played other) {
        return isAllowed() && other.isAllowed() && step.tool().equals(other.step.tool());
    }
}
