package dev.interlock.policy.tool.rating;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Derives the regular forms of an English verb. If the spelling depends on stress (<i>dropping</i>, but
 * <i>visiting</i>), both forms are derived: an unused form does no harm in a table.
 */
final class Inflection {

    /** The role of a form in a name or a sentence. */
    enum WordForm {
        /** {@code delete}: an order. */
        BASE,
        /** {@code deletes}: says what happens, but may be a plural. */
        THIRD,
        /** {@code deleting}. */
        GERUND,
        /** {@code deleted}: the state of something. */
        PARTICIPLE,
        /** {@code deletion}: the act. */
        NOUN
    }

    private Inflection() {}

    /** The verb's forms, including the base form. */
    static Map<String, WordForm> of(String base) {
        Map<String, WordForm> forms = new LinkedHashMap<>();
        forms.put(base, WordForm.BASE);
        forms.put(third(base), WordForm.THIRD);
        for (String stem : stems(base)) {
            forms.putIfAbsent(stem + "ing", WordForm.GERUND);
            forms.putIfAbsent(stem + "ed", WordForm.PARTICIPLE);
        }
        if (base.endsWith("y") && !vowelAt(base, base.length() - 2)) {
            forms.put(base.substring(0, base.length() - 1) + "ied", WordForm.PARTICIPLE);
            forms.put(base + "ing", WordForm.GERUND);
        }
        if (base.endsWith("te")) {
            forms.putIfAbsent(base.substring(0, base.length() - 1) + "ion", WordForm.NOUN);
            forms.putIfAbsent(base.substring(0, base.length() - 1) + "ions", WordForm.NOUN);
        }
        return forms;
    }

    private static String third(String base) {
        if (base.endsWith("y") && !vowelAt(base, base.length() - 2)) {
            return base.substring(0, base.length() - 1) + "ies";
        }
        boolean hissing = base.endsWith("s")
                || base.endsWith("x")
                || base.endsWith("z")
                || base.endsWith("ch")
                || base.endsWith("sh")
                || base.endsWith("o");
        return base + (hissing ? "es" : "s");
    }

    private static String[] stems(String base) {
        int last = base.length() - 1;
        if (base.endsWith("ee")) {
            return new String[] {base, base.substring(0, last)};
        }
        if (base.endsWith("e")) {
            return new String[] {base.substring(0, last)};
        }
        boolean doubles = last >= 1 && !vowelAt(base, last) && vowelAt(base, last - 1);
        return doubles ? new String[] {base, base + base.charAt(last)} : new String[] {base};
    }

    private static boolean vowelAt(String word, int index) {
        return index >= 0 && "aeiou".indexOf(word.charAt(index)) >= 0;
    }
}
