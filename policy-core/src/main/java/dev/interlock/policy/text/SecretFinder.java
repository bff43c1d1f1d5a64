package dev.interlock.policy.text;

import java.util.ArrayList;
import java.util.List;

/**
 * Finds keys and tokens that begin with a prefix of their issuer's, JSON Web Tokens, and private keys in PEM form. A
 * token is found only as a whole word: no letter, digit or underscore stands before it or after it.
 */
final class SecretFinder implements PresetRedactor.Finder {

    /**
     * A form of token.
     *
     * @param prefix how it begins
     * @param dash whether it may have hyphens and underscores after that, and not only letters and digits
     * @param least the fewest characters after the prefix
     * @param most the most
     */
    private record Form(String prefix, boolean dash, int least, int most) {}

    private static final int ANY = Integer.MAX_VALUE;

    private static final List<Form> FORMS = List.of(
            new Form("AKIA", false, 16, 16),
            new Form("ASIA", false, 16, 16),
            new Form("ghp_", false, 36, 251),
            new Form("gho_", false, 36, 251),
            new Form("ghu_", false, 36, 251),
            new Form("ghs_", false, 36, 251),
            new Form("ghr_", false, 36, 251),
            new Form("github_pat_", true, 82, 82),
            new Form("glpat-", true, 20, ANY),
            new Form("xoxb-", true, 20, ANY),
            new Form("xoxp-", true, 20, ANY),
            new Form("xoxa-", true, 20, ANY),
            new Form("xoxr-", true, 20, ANY),
            new Form("xoxs-", true, 20, ANY),
            new Form("sk_live_", false, 16, ANY),
            new Form("sk_test_", false, 16, ANY),
            new Form("rk_live_", false, 16, ANY),
            new Form("rk_test_", false, 16, ANY),
            new Form("AIza", true, 35, 35),
            new Form("sk-ant-", true, 32, ANY),
            new Form("sk-proj-", true, 32, ANY),
            new Form("sk-svcacct-", true, 32, ANY),
            new Form("sk-", false, 48, 48),
            new Form("npm_", false, 36, 36),
            new Form("pypi-AgEIcHlwaS5vcmc", true, 50, ANY));

    /** The forms by the first character of their prefixes. */
    private static final Form[][] BY_FIRST = byFirst();

    private static final String BEGIN = "-----BEGIN ";
    private static final String PRIVATE = "PRIVATE KEY-----";
    private static final String END = "-----END ";

    /** The fewest characters of the header and of the payload of a JSON Web Token. */
    private static final int MIN_PART = 12;

    /** The most characters of the kind of key, as in {@code RSA PRIVATE KEY}. */
    private static final int MAX_KIND = 40;

    private static Form[][] byFirst() {
        Form[][] forms = new Form[128][];
        for (int c = 0; c < forms.length; c++) {
            List<Form> found = new ArrayList<>();
            for (Form form : FORMS) {
                if (form.prefix.charAt(0) == c) {
                    found.add(form);
                }
            }
            forms[c] = found.toArray(new Form[0]);
        }
        return forms;
    }

    @Override
    public long next(String text, int from) {
        int noWebTokenBefore = from;
        for (int i = from; i < text.length(); i++) {
            char c = text.charAt(i);
            int end = -1;
            if (c == '-') {
                end = endOfKey(text, i);
            } else if (c == 'e') {
                if (i >= noWebTokenBefore && text.startsWith("eyJ", i) && AsciiWord.mayBegin(text, i)) {
                    int header = endOfRun(text, i, true, Integer.MAX_VALUE);
                    end = endOfWebToken(text, i, header);
                    // What begins later in the same header is shorter, and goes on in the same way.
                    noWebTokenBefore = header;
                }
            } else if (c < BY_FIRST.length && BY_FIRST[c].length > 0 && AsciiWord.mayBegin(text, i)) {
                end = endOfToken(text, i, BY_FIRST[c]);
            }
            if (end >= 0) {
                return PresetRedactor.Finder.match(i, end);
            }
        }
        return NONE;
    }

    private static int endOfToken(String text, int start, Form[] forms) {
        for (Form form : forms) {
            if (text.startsWith(form.prefix, start)) {
                int begin = start + form.prefix.length();
                int end = endOfRun(text, begin, form.dash, form.most);
                if (end - begin >= form.least && end - begin <= form.most && AsciiWord.mayEnd(text, end)) {
                    return end;
                }
            }
        }
        return -1;
    }

    /** The end of the characters that a token may have; one more than {@code most}, if there are more. */
    private static int endOfRun(String text, int begin, boolean dash, int most) {
        int last = most < text.length() - begin ? begin + most + 1 : text.length();
        int end = begin;
        while (end < last
                && (AsciiWord.isAlphanumeric(text.charAt(end))
                        || (dash && (text.charAt(end) == '-' || text.charAt(end) == '_')))) {
            end++;
        }
        return end;
    }

    /** Three parts in base64url with dots between, of which the first two are objects in JSON. */
    private static int endOfWebToken(String text, int start, int header) {
        if (header - start < MIN_PART || !text.startsWith(".eyJ", header)) {
            return -1;
        }
        int payload = endOfRun(text, header + 1, true, Integer.MAX_VALUE);
        if (payload - header <= MIN_PART || !text.startsWith(".", payload)) {
            return -1;
        }
        return endOfRun(text, payload + 1, true, Integer.MAX_VALUE);
    }

    /** From the line that begins a private key to the one that ends it, or to the end of the text. */
    private static int endOfKey(String text, int start) {
        if (!text.startsWith(BEGIN, start)) {
            return -1;
        }
        int kind = start + BEGIN.length();
        int most = Math.min(text.length(), kind + MAX_KIND);
        while (kind < most && !text.startsWith(PRIVATE, kind) && isOfKind(text.charAt(kind))) {
            kind++;
        }
        if (!text.startsWith(PRIVATE, kind)) {
            return -1;
        }
        int end = text.indexOf(END, kind);
        int key = end < 0 ? -1 : text.indexOf("-----", end + END.length());
        return key < 0 ? text.length() : key + 5;
    }

    private static boolean isOfKind(char c) {
        return AsciiWord.isCapital(c) || AsciiWord.isDigit(c) || c == ' ';
    }
}
