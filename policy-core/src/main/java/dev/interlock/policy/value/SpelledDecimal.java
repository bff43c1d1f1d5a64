package dev.interlock.policy.value;

import java.math.BigDecimal;
import java.util.regex.Pattern;

/**
 * A decimal number that a JSON text spells in another way than {@link BigDecimal} does, such as {@code 1e400},
 * {@code 1E5}, {@code -0.0} or {@code -0}. It differs from a plain {@link BigDecimal} in one thing: {@link #toString}
 * returns the spelling, which is the text that JSON writers send. So a message can be passed on with its numbers as
 * they were written, while decisions use their values.
 *
 * <p>Immutable. Equality and order are those of {@link BigDecimal}, and ignore the spelling.
 */
public final class SpelledDecimal extends BigDecimal {

    private static final long serialVersionUID = 1;

    /** The grammar of RFC 8259. JSON writers don't check the text of a number, so nothing else may be kept as one. */
    private static final Pattern JSON_NUMBER =
            Pattern.compile("-?(?:0|[1-9][0-9]*+)(?:\\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+");

    private final String spelling;

    private SpelledDecimal(BigDecimal value, String spelling) {
        super(value.unscaledValue(), value.scale());
        this.spelling = spelling;
    }

    /**
     * Returns the number that a JSON text spells. It is a plain {@link BigDecimal} if that has the same text. Reading
     * takes more than linear time in the digits, so the caller bounds the length.
     *
     * @throws NumberFormatException if the text is not a number of JSON, or its exponent has more than 32 bits
     */
    public static BigDecimal of(String spelling) {
        if (!JSON_NUMBER.matcher(spelling).matches()) {
            throw new NumberFormatException("this is not a JSON number");
        }
        BigDecimal value = new BigDecimal(spelling);
        return isUsual(value, spelling) ? value : new SpelledDecimal(value, spelling);
    }

    /** Returns whether the text is also that of the value. Seldom writes it out, since a value keeps its text. */
    private static boolean isUsual(BigDecimal value, String spelling) {
        if (spelling.indexOf('e') >= 0 || spelling.indexOf('E') >= 0) {
            return value.toString().equals(spelling);
        }
        boolean negativeZero = value.signum() == 0 && spelling.charAt(0) == '-';
        // A BigDecimal writes a number with an exponent if that is below -6.
        return !negativeZero && value.precision() - value.scale() - 1 >= -6;
    }

    /** Returns the text that the number has in JSON. */
    @Override
    public String toString() {
        return spelling;
    }
}
