package dev.interlock.policy.engine;

import dev.interlock.policy.text.VisibleText;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The characters of a path: which of them some program replaces, and what percent signs encode. */
final class PathText {

    /** Characters that shells and glob libraries replace. */
    private static final String REPLACED = "*?[{$`";

    /** Further characters that a Windows program replaces, as wildcards from DOS. */
    private static final String REPLACED_ON_WINDOWS = "\"<>|";

    /** Characters that become a slash or a backslash when a Windows program converts them to an older character set. */
    private static final String CONVERTED = "\u00A5\u20A9\u20E5\u2044\u2215\u2216\u29F5\u29F8\u29F9\u0337\u0338";

    /** Characters that Unicode composition turns into an ASCII character, although nothing is composed. */
    private static final String SECOND_FORMS = "\u037E\u1FEF\u212A";

    /** A path whose percent signs are encoded more often than this is never meant as a path. */
    private static final int MAX_DECODINGS = 4;

    private PathText() {}

    /** The index of the first character that some program replaces or that ends a path early; -1 if there is none. */
    static int firstReplaced(String text, boolean windows) {
        boolean forms = !isAscii(text) && !Normalizer.isNormalized(text, Normalizer.Form.NFKC);
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            boolean replaced = VisibleText.isControlCode(c)
                    || REPLACED.indexOf(c) >= 0
                    || (windows && REPLACED_ON_WINDOWS.indexOf(c) >= 0)
                    || (c == '(' && i > 0 && "@+!".indexOf(text.charAt(i - 1)) >= 0)
                    || (c == '%' && isVariable(text, i))
                    || (c == '\\' && !windows && isEscape(text, i))
                    || (c >= 0x80 && (isConverted(c) || (forms && hasForm(c, windows))));
            if (replaced) {
                return i;
            }
            i += Character.charCount(c);
        }
        return -1;
    }

    /** Whether a character that is not ASCII becomes a separator or an escape in some program. */
    static boolean maySeparate(int c) {
        return c >= 0x80 && (isConverted(c) || hasForm(c, false));
    }

    /** Some systems map characters that names can't contain to private-use characters. */
    private static boolean isConverted(int c) {
        return CONVERTED.indexOf(c) >= 0 || (c >= 0xF000 && c <= 0xF0FF);
    }

    /** Whether the character's compatibility form contains a character that separates, escapes or is replaced. */
    private static boolean hasForm(int c, boolean windows) {
        String form = Normalizer.normalize(Character.toString(c), Normalizer.Form.NFKC);
        for (int i = 0; i < form.length(); i++) {
            char each = form.charAt(i);
            if ("/\\%".indexOf(each) >= 0
                    || CONVERTED.indexOf(each) >= 0
                    || (windows && (each == '*' || each == '?' || REPLACED_ON_WINDOWS.indexOf(each) >= 0))) {
                return true;
            }
        }
        return false;
    }

    /** Whether this is {@code %NAME%}, a Windows variable, or {@code %u002e}, an escape of Windows servers. */
    private static boolean isVariable(String text, int percent) {
        int i = percent + 1;
        if (i < text.length() && (text.charAt(i) == 'u' || text.charAt(i) == 'U') && hasHex(text, i + 1, 4)) {
            return true;
        }
        while (i < text.length() && isWord(text.charAt(i))) {
            i++;
        }
        return i > percent + 1 && !hasHex(text, percent + 1, 2) && i < text.length() && text.charAt(i) == '%';
    }

    /**
     * Whether this is a backslash with {@code u002e} or {@code x2e}, the way programming languages escape characters.
     */
    private static boolean isEscape(String text, int backslash) {
        if (backslash + 1 >= text.length()) {
            return false;
        }
        char kind = text.charAt(backslash + 1);
        return (kind == 'u' && hasHex(text, backslash + 2, 4)) || (kind == 'x' && hasHex(text, backslash + 2, 2));
    }

    private static boolean isWord(char c) {
        return c < 0x80 && (Character.isLetterOrDigit(c) || c == '_' || c == '(' || c == ')');
    }

    private static boolean hasHex(String text, int from, int count) {
        if (from + count > text.length()) {
            return false;
        }
        for (int i = from; i < from + count; i++) {
            if (text.charAt(i) >= 0x80 || Character.digit(text.charAt(i), 16) < 0) {
                return false;
            }
        }
        return true;
    }

    static boolean isAscii(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= 0x80) {
                return false;
            }
        }
        return true;
    }

    /**
     * The text with letters and accents composed where they make one character. Some systems return names decomposed.
     *
     * @return null if that would turn another character into ASCII
     */
    static @Nullable String joined(String text) {
        if (isAscii(text)) {
            return text;
        }
        for (int i = 0; i < text.length(); i++) {
            if (SECOND_FORMS.indexOf(text.charAt(i)) >= 0) {
                return null;
            }
        }
        return Normalizer.normalize(text, Normalizer.Form.NFC);
    }

    /**
     * Percent-decodes once, as UTF-8.
     *
     * @return null if the bytes are not UTF-8 in its shortest form, which readers treat differently, or if a program
     *     that normalizes Unicode first would find other percent signs
     */
    static @Nullable String decode(String text) {
        if (text.indexOf('%') < 0) {
            return text;
        }
        String decoded = decodeBytes(text);
        if (decoded == null || isAscii(text)) {
            return decoded;
        }
        String normalized = decodeBytes(visible(text));
        return normalized != null && visible(normalized).equals(visible(decoded)) ? decoded : null;
    }

    /**
     * Decodes a text until no escape is left.
     *
     * @param readable whether every program reads the characters of a text alike; asked before each step
     * @return null if some program reads another text
     */
    static @Nullable String decodeFully(String text, Predicate<String> readable) {
        String reading = text;
        for (int i = 0; reading != null && i <= MAX_DECODINGS; i++) {
            if (!readable.test(reading)) {
                return null;
            }
            String decoded = decode(reading);
            if (decoded == null || decoded.equals(reading)) {
                return decoded;
            }
            reading = TextBound.isExceededBy(decoded) ? null : joined(decoded);
        }
        return null;
    }

    private static String visible(String text) {
        StringBuilder visible = new StringBuilder(text.length());
        Normalizer.normalize(text, Normalizer.Form.NFKC)
                .codePoints()
                .filter(c -> !VisibleText.isInvisible(c))
                .forEach(visible::appendCodePoint);
        return visible.toString();
    }

    private static @Nullable String decodeBytes(String text) {
        byte[] raw = text.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(raw.length);
        for (int i = 0; i < raw.length; i++) {
            int high = raw[i] == '%' && i + 2 < raw.length ? Character.digit(raw[i + 1], 16) : -1;
            int low = high >= 0 ? Character.digit(raw[i + 2], 16) : -1;
            if (low >= 0) {
                bytes.put((byte) (high * 16 + low));
                i += 2;
            } else {
                bytes.put(raw[i]);
            }
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }
}
