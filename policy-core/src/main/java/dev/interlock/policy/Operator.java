package dev.interlock.policy;

import dev.interlock.policy.value.Value;
import java.util.Locale;
import java.util.Optional;

/** How a condition compares. */
public enum Operator {
    /** Equal. */
    EQ,
    /** Not equal. */
    NEQ,
    /** Equal to one of a list. */
    IN,
    /** Equal to none of a list. */
    NOT_IN,
    /** Less. */
    LT,
    /** Less or equal. */
    LTE,
    /** Greater. */
    GT,
    /** Greater or equal. */
    GTE,
    /** An RE2 pattern is found anywhere. */
    REGEX,
    /** An RE2 pattern is found nowhere. */
    NOT_REGEX,
    /** Substring of a string, or element of a list. */
    CONTAINS,
    /** Neither substring of a string nor element of a list. */
    NOT_CONTAINS,
    /** The string begins with the operand. */
    STARTS_WITH,
    /** The string ends with the operand. */
    ENDS_WITH,
    /** Present and not null; with {@code false}: missing or null. */
    EXISTS,
    /** The file path, resolved, lies inside one of the directories. */
    WITHIN_PATH,
    /** An http(s) URL whose actual host is listed. */
    HOST_IN,
    /** A text that is exactly one mail address, whose domain or whole address is listed. */
    MAIL_IN,
    /** An absolute URL that has the scheme, host and port of a listed one, and its path or one below it. */
    URL_IN,
    /** A text that is one plain POSIX shell command, whose words match one of a list. */
    COMMAND_IN,
    /** The call is made within a {@link TimeWindow}. Compares {@code call.time} alone. */
    DURING,
    /** At most this many characters of a string, or elements of a list. */
    MAX_LENGTH,
    /** A predicate of the host's says yes. Policies write {@code custom.<name>}; the {@link Operand} has the name. */
    CUSTOM;

    /** How the names of the host's predicates begin in policies. */
    public static final String CUSTOM_PREFIX = "custom.";

    /** Returns the operator as policies write it: {@code eq}, {@code not_in}, … */
    public String text() {
        return this == CUSTOM ? CUSTOM_PREFIX + "<name>" : name().toLowerCase(Locale.ROOT);
    }

    /** Returns the operator that policies write as {@code text}, if there is one; {@link #CUSTOM} has no one text. */
    public static Optional<Operator> of(String text) {
        for (Operator operator : values()) {
            if (operator != CUSTOM && operator.text().equals(text)) {
                return Optional.of(operator);
            }
        }
        return Optional.empty();
    }

    /**
     * Returns what is wrong with {@code operand} as this operator's value, and what was expected; empty if nothing is.
     */
    public Optional<String> problemWith(Value operand) {
        try {
            Operand.of(this, operand);
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }
}
