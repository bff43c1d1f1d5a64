package dev.interlock.policy;

import dev.interlock.policy.text.HostName;
import dev.interlock.policy.text.VisibleText;
import java.text.Normalizer;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One mail address.
 *
 * <p>Far less is read than RFC 5322 allows: what two mail programs could take for different addresses, or one for several,
 * is none. Immutable.
 */
public final class MailAddress {

    private static final int MAX_LENGTH = 1_000;
    private static final int MAX_LOCAL = 64;

    /** What separates, groups, comments or quotes somewhere in a mail header. */
    private static final String SPECIAL = "@<>,;:()\\";

    private static final String LOCAL_BESIDES_LETTERS = "#$&'+-/=?^_{|}~.";

    private final String local;
    private final String domain;

    private MailAddress(String local, String domain) {
        this.local = local;
        this.domain = domain;
    }

    /**
     * Reads a text that is exactly one mail address: {@code ana@example.com}, {@code Ana <ana@example.com>}, or {@code
     * "Ana B." <ana@example.com>}.
     *
     * @return null if it is none, or more than one, or could be read otherwise
     */
    public static @Nullable MailAddress parse(String text) {
        if (text.length() > MAX_LENGTH || text.contains("=?")) {
            return null;
        }
        String trimmed = trim(text);
        int open = trimmed.indexOf('<');
        if (open < 0) {
            return ofAddress(trimmed);
        }
        return trimmed.endsWith(">") && isDisplayName(trim(trimmed.substring(0, open)))
                ? ofAddress(trimmed.substring(open + 1, trimmed.length() - 1))
                : null;
    }

    private static String trim(String text) {
        int start = 0;
        int end = text.length();
        while (start < end && text.charAt(start) == ' ') {
            start++;
        }
        while (end > start && text.charAt(end - 1) == ' ') {
            end--;
        }
        return text.substring(start, end);
    }

    private static @Nullable MailAddress ofAddress(String text) {
        int at = text.indexOf('@');
        if (at < 0 || !isLocal(text.substring(0, at))) {
            return null;
        }
        String domain = domain(text.substring(at + 1));
        return domain == null ? null : new MailAddress(text.substring(0, at).toLowerCase(Locale.ROOT), domain);
    }

    /** The one way to write a domain that gets mail; null if it is none, or an address. */
    static @Nullable String domain(String text) {
        String domain = text.startsWith("[") ? null : HostName.canonical(text);
        return domain == null || HostName.isAddress(domain) ? null : domain;
    }

    private static boolean isLocal(String text) {
        if (text.isEmpty() || text.length() > MAX_LOCAL || text.contains("..")) {
            return false;
        }
        char last = text.charAt(text.length() - 1);
        // A first '-', '|' or '/' is an option, a program or a file to some programs that deliver mail.
        if (".-'|/".indexOf(text.charAt(0)) >= 0 || last == '.' || last == '\'') {
            return false;
        }
        return text.chars()
                .allMatch(c -> (c >= 'a' && c <= 'z')
                        || (c >= 'A' && c <= 'Z')
                        || (c >= '0' && c <= '9')
                        || LOCAL_BESIDES_LETTERS.indexOf(c) >= 0);
    }

    /** Plain words, or these in one pair of double quotes. */
    private static boolean isDisplayName(String text) {
        String name = text.length() > 1 && text.startsWith("\"") && text.endsWith("\"")
                ? text.substring(1, text.length() - 1)
                : text;
        return isPlain(name) && isPlain(Normalizer.normalize(name, Normalizer.Form.NFKC));
    }

    private static boolean isPlain(String name) {
        return name.codePoints().noneMatch(c -> SPECIAL.indexOf(c) >= 0 || c == '"' || VisibleText.isControl(c));
    }

    /** The domain, {@linkplain HostName#canonical canonical}. */
    public String domain() {
        return domain;
    }

    /** The address in its one spelling: without a display name, in lower case. */
    @Override
    public String toString() {
        return local + "@" + domain;
    }
}
