package dev.interlock.policy.yaml;

import java.util.Set;
import java.util.regex.Pattern;

/**
 * What a plain scalar is. YAML 1.2's core schema decides, with one exception: a scalar that YAML 1.1, and so many other
 * tools that read the same file, would read as another boolean or number is {@link #AMBIGUOUS}. Where the difference
 * matters, the author must be explicit.
 */
enum ScalarKind {
    NULL("null"),
    TRUE("a boolean"),
    FALSE("a boolean"),
    INTEGER("a number"),
    DECIMAL("a number"),
    NOT_FINITE("not a finite number"),
    /** Read differently by YAML 1.1 and 1.2: {@code yes}, {@code 0777}, {@code 1:30}, {@code 1_000}. */
    AMBIGUOUS("ambiguous"),
    /** A date, which is a type in YAML 1.1 but not in 1.2. */
    DATE("a date"),
    TEXT("a string");

    private static final Set<String> BOOLEANS_OF_OLD =
            Set.of("y", "Y", "yes", "Yes", "YES", "n", "N", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF");

    /** The longest of the words with a meaning. */
    private static final int LONGEST_WORD = 5;

    /** No pattern is tried on longer texts, since Java's matcher recurses on repeated groups. */
    private static final int LONGEST_NUMBER = 2_000;

    private final String description;

    ScalarKind(String description) {
        this.description = description;
    }

    String describe() {
        return description;
    }

    boolean isNumber() {
        return this == INTEGER || this == DECIMAL;
    }

    static boolean isNull(String text) {
        return text.length() <= 4
                && switch (text) {
                    case "", "~", "null", "Null", "NULL" -> true;
                    default -> false;
                };
    }

    static ScalarKind of(String text) {
        if (text.isEmpty()) {
            return NULL;
        }
        char first = text.charAt(0);
        if ((first >= '0' && first <= '9') || first == '-' || first == '+' || first == '.') {
            return number(text);
        }
        return text.length() <= LONGEST_WORD ? word(text) : TEXT;
    }

    /** Matches nearly all numbers in practice. */
    private static boolean isPlainDigits(String text) {
        char first = text.charAt(0);
        if (first < '1' || first > '9') {
            return text.equals("0");
        }
        for (int i = 1; i < text.length(); i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return false;
            }
        }
        return true;
    }

    private static ScalarKind word(String text) {
        return switch (text) {
            case "~", "null", "Null", "NULL" -> NULL;
            case "true", "True", "TRUE" -> TRUE;
            case "false", "False", "FALSE" -> FALSE;
            default -> BOOLEANS_OF_OLD.contains(text) ? AMBIGUOUS : TEXT;
        };
    }

    private static ScalarKind number(String text) {
        if (text.length() > LONGEST_NUMBER) {
            return text.chars().allMatch(c -> (c >= '0' && c <= '9') || "+-.eE".indexOf(c) >= 0) ? DECIMAL : TEXT;
        }
        if (isPlainDigits(text)) {
            return INTEGER;
        }
        if (ScalarForms.OCTAL_OF_OLD.matcher(text).matches()) {
            return AMBIGUOUS;
        }
        if (ScalarForms.INTEGER_NUMBER.matcher(text).matches()
                || ScalarForms.HEX.matcher(text).matches()) {
            return INTEGER;
        }
        if (ScalarForms.DECIMAL_NUMBER.matcher(text).matches()) {
            return DECIMAL;
        }
        if (ScalarForms.NUMBER_OF_OLD.matcher(text).matches()) {
            return AMBIGUOUS;
        }
        if (ScalarForms.NOT_FINITE_NUMBER.matcher(text).matches()) {
            return NOT_FINITE;
        }
        return ScalarForms.DATE_OF_OLD.matcher(text).matches() ? DATE : TEXT;
    }

    /**
     * The forms of numbers and dates. Hardly any policy needs more than plain digits, so they are compiled on demand.
     */
    private static final class ScalarForms {
        /** A sign, digits, at most one point, an exponent: a number in both versions, unless it begins with zero. */
        static final Pattern DECIMAL_NUMBER =
                Pattern.compile("[-+]?(?:\\.[0-9]+|[0-9]+(?:\\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?");

        static final Pattern INTEGER_NUMBER = Pattern.compile("[-+]?[0-9]+");
        static final Pattern OCTAL_OF_OLD = Pattern.compile("[-+]?0[0-9_]+");
        static final Pattern HEX = Pattern.compile("0x[0-9a-fA-F]+");

        /** Signed or underscored hexadecimal, binary, octal as of 1.2, underscores, and base 60. */
        static final Pattern NUMBER_OF_OLD = Pattern.compile("[-+]?0x[0-9a-fA-F_]+"
                + "|[-+]?0b[01_]+"
                + "|[-+]?0o[0-7_]+"
                + "|[-+]?[0-9][0-9_]*(?:\\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?"
                + "|[-+]?\\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?"
                + "|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\\.[0-9_]*)?");

        static final Pattern NOT_FINITE_NUMBER = Pattern.compile("[-+]?\\.(?:inf|Inf|INF)|\\.(?:nan|NaN|NAN)");

        static final Pattern DATE_OF_OLD = Pattern.compile("[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
                + "(?:(?:[Tt]|[ \\t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\\.[0-9]*)?(?:[ \\t]*"
                + "(?:Z|[-+][0-9]{1,2}(?::?[0-9]{2})?))?)?");

        private ScalarForms() {}
    }
}
