package dev.interlock.policy.naive;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a plain shell command is, by one expression: only as much of it as the generated cases need. */
final class NaiveCommand {

    private static final Pattern PART =
            Pattern.compile("'(?<single>[^']*)'|\"(?<double>(?:[^\"\\\\$`]|\\\\.)*)\"|\\\\(?<escaped>.)"
                    + "|(?<plain>[\\p{Alnum}\\p{L}._/:,=@%+^!#-])|(?<blank> )");

    private static final List<String> RESERVED = List.of("if", "time", "while", "!");

    private NaiveCommand() {}

    static Outcome isOneOf(String text, List<String> patterns) {
        List<String> words = words(text);
        return words.isEmpty()
                ? Outcome.INVALID
                : Outcome.of(patterns.stream().anyMatch(pattern -> matches(List.of(pattern.split(" +")), words)));
    }

    /** None if it is not plain. */
    private static List<String> words(String text) {
        if (text.matches("(?s).*\\p{Cntrl}.*") || text.matches(" *[^ '\"\\\\]*=.*") || text.matches(".* =.*")) {
            return List.of();
        }
        List<String> words = new ArrayList<>(List.of(""));
        Matcher part = PART.matcher(text);
        boolean open = false;
        int end = 0;
        while (part.lookingAt()) {
            if (part.group("blank") != null) {
                if (open) {
                    words.add("");
                }
                open = false;
            } else if (!open && "#".equals(part.group("plain"))) {
                break;
            } else {
                String read = part.group("double") != null
                        ? part.group("double").replaceAll("\\\\([\\\\\"$`])", "$1")
                        : part.group("single") != null
                                ? part.group("single")
                                : part.group("escaped") != null ? part.group("escaped") : part.group("plain");
                words.set(words.size() - 1, words.get(words.size() - 1) + read);
                open = true;
            }
            end = part.end();
            part.region(end, text.length());
        }
        if (!open) {
            words.remove(words.size() - 1);
        }
        boolean reserved = !words.isEmpty()
                && RESERVED.contains(words.get(0))
                && text.strip().startsWith(words.get(0));
        return end < text.length() || reserved ? List.of() : words;
    }

    private static boolean matches(List<String> pattern, List<String> words) {
        boolean options = !pattern.get(pattern.size() - 1).equals("!-");
        List<String> expected = options ? pattern : pattern.subList(0, pattern.size() - 1);
        String expression = "";
        for (String word : expected) {
            expression += switch (word) {
                case "**" -> options ? "(\n.*)*" : "(\n(?!-).*)*";
                case "*" -> options ? "\n.*" : "\n(?!-).*";
                default -> "\n\\Q" + word.replace("*", "\\E((?<![.])[.](?![.])|[\\p{Alnum}_/-])*\\Q") + "\\E";
            };
        }
        return ("\n" + String.join("\n", words)).matches(expression);
    }
}
