package dev.interlock.policy.text;

/**
 * Replaces what it finds in texts. A text in which it finds nothing stays the same object. The time that it takes is
 * proportional to the size of the text. Immutable and thread-safe.
 */
public sealed interface Redactor permits PresetRedactor, PatternRedactor {

    /**
     * Replaces every match in a text: the leftmost first, and the next one only after its end.
     *
     * @param work where matches and effort are added up
     * @return the text with the replacements; the same object if there is no match
     * @throws TooMuchWork if there is more to search than {@code work} has room for
     */
    String redact(String text, Effort work);

    /** What redacting one result has come to so far. Not thread-safe. */
    final class Effort {

        /**
         * The most steps, of some nanoseconds each, for all the texts of a result: one for each character and each
         * instruction of the pattern that is searched for. A result of 10 MB has room for a dozen usual patterns.
         */
        public static final long MAX_STEPS = 4_000_000_000L;

        private long steps;
        private long matches;

        /**
         * How often characters may still be read beyond what each text allows. All texts share it: with so much for
         * each, a result of many small texts could take hundreds of times as long as one large text.
         */
        private long spareReads = 100_000;

        /** Adds steps before they are taken. */
        void plan(long more) {
            steps += more;
            if (steps > MAX_STEPS) {
                throw new TooMuchWork();
            }
        }

        void matched() {
            matches++;
        }

        long spareReads() {
            return spareReads;
        }

        /** What a text has left of the spare reads and its own; it may save none of its own for others. */
        void leaveReads(long left) {
            spareReads = Math.min(spareReads, left);
        }

        /** Returns how many matches were replaced. */
        public long matches() {
            return matches;
        }
    }

    /** A text can't be searched in reasonable time. */
    final class TooMuchWork extends RuntimeException {
        private static final long serialVersionUID = 1L;

        TooMuchWork() {
            super("searching the texts takes more steps than are allowed", null, false, false);
        }
    }
}
