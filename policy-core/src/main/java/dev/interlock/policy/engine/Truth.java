package dev.interlock.policy.engine;

/**
 * The result of a comparison. {@code INVALID} means that the comparison can't be made; it never lets a call through.
 */
enum Truth {
    TRUE,
    FALSE,
    INVALID;

    static Truth of(boolean value) {
        return value ? TRUE : FALSE;
    }

    /** Kleene's conjunction: definitely false wins, then invalid. */
    Truth and(Truth other) {
        if (this == FALSE || other == FALSE) {
            return FALSE;
        }
        return this == INVALID || other == INVALID ? INVALID : TRUE;
    }

    /** Kleene's disjunction: definitely true wins, then invalid. */
    Truth or(Truth other) {
        if (this == TRUE || other == TRUE) {
            return TRUE;
        }
        return this == INVALID || other == INVALID ? INVALID : FALSE;
    }

    Truth not() {
        return switch (this) {
            case TRUE -> FALSE;
            case FALSE -> TRUE;
            case INVALID -> INVALID;
        };
    }
}
