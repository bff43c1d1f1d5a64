package dev.interlock.policy.text;

import com.google.re2j.Matcher;

/** Replaces what a pattern matches. */
public final class PatternRedactor implements Redactor {

    /**
     * How often each character of a text may be read on average, and how often in addition, besides the spare reads of
     * the whole {@link Redactor.Effort}. A search reads beyond the match that it finds if the match could have been
     * longer. A pattern that does so again and again, such as {@code a(.*b)?} in a text of {@code a}, would take
     * quadratic time.
     */
    private static final long READS_PER_CHARACTER = 16;

    private static final long READS_PER_TEXT = 64;

    private final Regex regex;
    private final String with;

    /**
     * Creates a redactor.
     *
     * @param with what takes the place of each match, as it is written
     */
    public PatternRedactor(Regex regex, String with) {
        this.regex = regex;
        this.with = with;
    }

    @Override
    public String redact(String text, Effort work) {
        if (!regex.mayFind(text)) {
            return text;
        }
        work.plan((long) regex.size() * text.length());
        long allowed = READS_PER_CHARACTER * text.length() + READS_PER_TEXT;
        CountedText counted = new CountedText(text, allowed + work.spareReads());
        Matcher matcher = regex.matcher(counted);
        StringBuilder out = null;
        int kept = 0;
        while (matcher.find()) {
            int start = matcher.start();
            int end = matcher.end();
            if (start == end) {
                continue; // Nothing is there to be replaced.
            }
            if (out == null) {
                out = new StringBuilder(text.length());
            }
            out.append(text, kept, start).append(with);
            kept = end;
            work.matched();
        }
        work.leaveReads(counted.left);
        return out == null ? text : out.append(text, kept, text.length()).toString();
    }

    /** A text that may only be read so often. */
    private static final class CountedText implements CharSequence {
        private final String text;
        private long left;

        CountedText(String text, long most) {
            this.text = text;
            this.left = most;
        }

        @Override
        public int length() {
            return text.length();
        }

        @Override
        public char charAt(int index) {
            if (--left < 0) {
                throw new TooMuchWork();
            }
            return text.charAt(index);
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return text.subSequence(start, end);
        }

        @Override
        public String toString() {
            return text;
        }
    }
}
