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
    /** A string begins so. */
    STARTS_WITH,
    /** A string ends so. */
    ENDS_WITH,
    /** Present and not null; with {@code false}: missing or null. */
    EXISTS,
    /** A file path that, resolved, lies inside one of some directories. */
    WITHIN_PATH,
    /** An http(s) URL whose real host is listed. */
    HOST_IN,
    /** A text that is exactly one mail address, of which the domain or the whole is listed. */
    MAIL_IN,
    /** At most so many characters of a string, or elements of a list. */
    MAX_LENGTH;

    /** As policies write it: {@code eq}, {@code not_in}, … */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The operator that policies write as {@code text}, if there is one. */
    public static Optional<Operator> of(String text) {
        for (Operator operator : values()) {
            if (operator.text().equals(text)) {
                return Optional.of(operator);
            }
        }
        return Optional.empty();
    }

    /** What is wrong with {@code operand} as this operator's value, and what was expected; empty if nothing is. */
    public Optional<String> problemWith(Value operand) {
        return Operands.problem(this, operand);
    }

    /** Whether it orders numbers. */
    public boolean isOrdering() {
        return this == LT || this == LTE || this == GT || this == GTE;
    }
}
