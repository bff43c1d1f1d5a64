package dev.interlock.policy.naive;

import dev.interlock.policy.value.ObjectValue;
import java.text.Normalizer;
import java.util.Locale;
import java.util.Set;

/** Which names cannot be the name of a tool. */
final class NaiveNames {

    /** Letters that look like Latin ones, and those in the same order. */
    private static final String LOOKS_LIKE = "\u0430\u0435\u043e\u0440\u0441\u0445\u0443\u0456\u03bf\u03b10i1|";

    private static final String LATIN = "aeopcxyloaolll";

    private NaiveNames() {}

    static boolean isBad(String name, Set<String> listed, Set<String> globs) {
        return name.isBlank()
                || name.length() > 128
                || name.codePoints().anyMatch(NaiveNames::isInvisible)
                || (!listed.contains(name)
                        && (listed.stream().anyMatch(other -> skeleton(other).equals(skeleton(name)))
                                || globs.stream().anyMatch(glob -> isDisguisedFrom(glob, name))));
    }

    /** Whether a glob would match the name if it were written plainly, but doesn't. */
    private static boolean isDisguisedFrom(String glob, String name) {
        return NaivePattern.matches(skeleton(glob), skeleton(name)) && !NaivePattern.matches(glob, name);
    }

    /** Whether no reader could take another member for the one of that name, even where that one is absent. */
    static boolean isClear(ObjectValue object, String name) {
        return object.names().stream().noneMatch(other -> !other.equals(name) && isOneNameToSome(other, name));
    }

    private static boolean isOneNameToSome(String one, String other) {
        return (isVisibleAscii(one) && isVisibleAscii(other))
                ? one.equalsIgnoreCase(other)
                : skeleton(seen(one)).equals(skeleton(seen(other)));
    }

    private static boolean isVisibleAscii(String name) {
        return name.chars().allMatch(c -> c > ' ' && c < 0x7F);
    }

    private static String seen(String name) {
        StringBuilder seen = new StringBuilder();
        name.codePoints().filter(c -> c != ' ' && !isInvisible(c)).forEach(seen::appendCodePoint);
        return seen.toString();
    }

    private static boolean isInvisible(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.UNASSIGNED,
                    Character.PRIVATE_USE,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SPACE_SEPARATOR -> true;
            default -> false;
        };
    }

    private static String skeleton(String name) {
        StringBuilder plain = new StringBuilder();
        for (char c : Normalizer.normalize(name, Normalizer.Form.NFKC)
                .toUpperCase(Locale.ROOT)
                .toLowerCase(Locale.ROOT)
                .toCharArray()) {
            int at = LOOKS_LIKE.indexOf(c);
            plain.append(at < 0 ? c : LATIN.charAt(at));
        }
        return plain.toString();
    }
}
