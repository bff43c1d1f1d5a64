package dev.interlock.policy;

import dev.interlock.policy.text.HostName;
import dev.interlock.policy.text.VisibleText;
import java.text.Normalizer;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One mail address.
 *
 * <p>This class accepts far less than RFC 5322 allows. If two mail programs could read a text as different addresses,
 * or one program as several, the text is not an address here. Immutable.
 */
public final class MailAddress {

    private static final int MAX_LENGTH = 1_000;
    private static final int MAX_LOCAL = 64;

    /** Characters that separate, group, comment or quote somewhere in a mail header. */
    private static final String SPECIAL = "@<>,;:()\\";

    private static final String LOCAL_BESIDES_LETTERS = "#$&'+-/=?^_{|}~.";

    private final String local;
    private final String domain;

    private MailAddress(String local, String domain) {
        this.local = local;
        this.domain = domain;
    }

    /**
     * Reads a text that is exactly one mail address: {@code ana@example.com}, {@code Ana <ana@example.com>}, or
     * {@code "Ana B." <ana@example.com>}.
     *
     * @return null if the text is not an address, is more than one, or could be read differently
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

    /** The canonical form of a domain that receives mail; null if the text is not a domain or is an IP address. */
    static @Nullable String domain(String text) {
        String domain = text.startsWith("[") ? null : HostName.canonical(text);
        return domain == null || HostName.isAddress(domain) ? null : domain;
    }

    private static boolean isLocal(String text) {
        if (text.isEmpty() || text.length() > MAX_LOCAL || text.contains("..")) {
            return false;
        }
        char last = text.charAt(text.length() - 1);
        // Some programs that deliver mail take a first '-', '|' or '/' for an option, a program or a file.
        if (".-'|/".indexOf(text.charAt(0)) >= 0 || last == '.' || last == '\'') {
            return false;
        }
        return text.chars()
                .allMatch(c -> (c >= 'a' && c <= 'z')
                        || (c >= 'A' && c <= 'Z')
                        || (c >= '0' && c <= '9')
                        || LOCAL_BESIDES_LETTERS.indexOf(c) >= 0);
    }

    /** Whether this is plain words, or plain words in one pair of double quotes. */
    private static boolean isDisplayName(String text) {
        String name = text.length() > 1 && text.startsWith("\"") && text.endsWith("\"")
                ? text.substring(1, text.length() - 1)
                : text;
        return isPlain(name) && isPlain(Normalizer.normalize(name, Normalizer.Form.NFKC));
    }

    private static boolean isPlain(String name) {
        return name.codePoints().noneMatch(c -> SPECIAL.indexOf(c) >= 0 || c == '"' || VisibleText.isControl(c));
    }

    /** Returns the domain, {@linkplain HostName#canonical canonical}. */
    public String domain() {
        return domain;
    }

    /** Returns the address in its canonical form: without a display name, in lower case. */
    @Override
    public String toString() {
        return local + "@" + domain;
    }
}
