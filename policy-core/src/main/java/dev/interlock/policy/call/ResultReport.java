package dev.interlock.policy.call;

/**
 * What became of a result, in numbers and without anything of its content.
 *
 * @param fate what was done
 * @param recorded what rules would have done that only record; passed if there are none, or they would have done
 *     nothing
 * @param redactions how many places in its texts were replaced
 * @param recordedRedactions how many places rules would have replaced that only record
 * @param missingBytes how many bytes of UTF-8 a cut took from its texts
 * @param dropped how many images and other parts that are no text a cut left out
 */
public record ResultReport(
        ResultFate fate,
        ResultFate recorded,
        long redactions,
        long recordedRedactions,
        long missingBytes,
        int dropped) {

    /** A result that passed, and that no rule would have changed. */
    public static final ResultReport PASSED = new ResultReport(ResultFate.PASSED, ResultFate.PASSED, 0, 0, 0, 0);

    /** A result that is withheld for this reason alone. */
    public static final ResultReport WITHHELD = new ResultReport(ResultFate.WITHHELD, ResultFate.PASSED, 0, 0, 0, 0);

    /** A result that would be withheld if that were not only recorded. */
    public static final ResultReport WOULD_BE_WITHHELD =
            new ResultReport(ResultFate.PASSED, ResultFate.WITHHELD, 0, 0, 0, 0);
}
