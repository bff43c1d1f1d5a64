package dev.interlock.policy.text;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds international bank account numbers (ISO 13616): two capital letters of a country in the registry, two digits,
 * and capital letters and digits up to the country's length, without separators or in groups of four with one space
 * between, whose check digits are right (ISO 7064, modulo 97).
 */
final class IbanFinder implements PresetRedactor.Finder {

    /** The lengths of the IBAN registry. */
    private static final Map<String, Integer> LENGTHS = lengths("AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29"
            + " BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18"
            + " GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25"
            + " MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33"
            + " SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30");

    private static Map<String, Integer> lengths(String registry) {
        Map<String, Integer> lengths = new HashMap<>();
        for (String item : registry.split(" ", -1)) {
            lengths.put(item.substring(0, 2), Integer.valueOf(item.substring(2)));
        }
        return Map.copyOf(lengths);
    }

    @Override
    public long next(String text, int from) {
        int last = text.length() - 15;
        for (int i = from; i <= last; i++) {
            if (AsciiWord.isCapital(text.charAt(i))
                    && AsciiWord.isCapital(text.charAt(i + 1))
                    && AsciiWord.isDigit(text.charAt(i + 2))
                    && AsciiWord.isDigit(text.charAt(i + 3))
                    && AsciiWord.mayBegin(text, i)) {
                int end = end(text, i);
                if (end >= 0) {
                    return PresetRedactor.Finder.match(i, end);
                }
            }
        }
        return NONE;
    }

    private static int end(String text, int start) {
        @Nullable Integer length = LENGTHS.get(text.substring(start, start + 2));
        if (length == null) {
            return -1;
        }
        int whole = end(text, start, length, false);
        return whole < 0 ? end(text, start, length, true) : whole;
    }

    private static int end(String text, int start, int length, boolean grouped) {
        StringBuilder number = new StringBuilder(length);
        int at = start;
        for (int i = 0; i < length; i++, at++) {
            if (grouped && i > 0 && i % 4 == 0) {
                if (at >= text.length() || text.charAt(at) != ' ') {
                    return -1;
                }
                at++;
            }
            char c = at < text.length() ? text.charAt(at) : 0;
            if (!AsciiWord.isCapital(c) && !AsciiWord.isDigit(c)) {
                return -1;
            }
            number.append(c);
        }
        return AsciiWord.mayEnd(text, at) && checks(number) ? at : -1;
    }

    private static boolean checks(CharSequence number) {
        int remainder = 0;
        for (int i = 0; i < number.length(); i++) {
            char c = number.charAt((i + 4) % number.length());
            remainder =
                    AsciiWord.isDigit(c) ? (remainder * 10 + (c - '0')) % 97 : (remainder * 100 + (c - 'A' + 10)) % 97;
        }
        return remainder == 1;
    }
}
