package dev.interlock.policy.text;

/**
 * Replaces what Interlock itself knows how to find: see the page on the policy language for what each preset finds.
 *
 * <p>Each finder begins and ends a match so that the characters beside it can't be read as part of it, and none matches
 * a bracket. So after several presets have replaced what they find with {@code [redacted]}, in any order, none of them
 * finds anything more.
 */
public final class PresetRedactor implements Redactor {

    /** Finds matches in a text, from left to right, in time proportional to the distance. */
    interface Finder {

        /** No match. */
        long NONE = -1;

        /**
         * The next match at or after {@code from}, which is 0 or the end of a match: see {@link #match}. {@link #NONE}
         * if there is none.
         */
        long next(String text, int from);

        static long match(int start, int end) {
            return (long) start << 32 | end;
        }

        static int start(long match) {
            return (int) (match >> 32);
        }

        static int end(long match) {
            return (int) match;
        }
    }

    private final Finder finder;
    private final String with;

    private PresetRedactor(Finder finder, String with) {
        this.finder = finder;
        this.with = with;
    }

    /** Replaces keys and tokens of well-known forms. */
    public static Redactor secrets(String with) {
        return new PresetRedactor(new SecretFinder(), with);
    }

    /** Replaces addresses of mailboxes. */
    public static Redactor emails(String with) {
        return new PresetRedactor(new EmailFinder(), with);
    }

    /** Replaces numbers of payment cards. */
    public static Redactor cardNumbers(String with) {
        return new PresetRedactor(new CardFinder(), with);
    }

    /** Replaces international bank account numbers. */
    public static Redactor ibans(String with) {
        return new PresetRedactor(new IbanFinder(), with);
    }

    @Override
    public String redact(String text, Effort work) {
        work.plan(text.length());
        long match = finder.next(text, 0);
        if (match == Finder.NONE) {
            return text;
        }
        StringBuilder out = new StringBuilder(text.length());
        int kept = 0;
        while (match != Finder.NONE) {
            out.append(text, kept, Finder.start(match)).append(with);
            kept = Finder.end(match);
            work.matched();
            match = finder.next(text, kept);
        }
        return out.append(text, kept, text.length()).toString();
    }
}
