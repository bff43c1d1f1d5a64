package dev.interlock.policy.cli;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The tests that pages of the guide name, as {@code Class.method}. */
final class NamedTests {

    private static final Pattern NAMED = Pattern.compile("\\b([A-Z]\\w*)\\.([a-z]\\w*)\\b");
    private static final Pattern PARENT = Pattern.compile("class \\w+\\s+extends\\s+(\\w+)");

    private final Sources tests;

    /** @param tests the sources that the tests are looked for in */
    NamedTests(Sources tests) {
        this.tests = tests;
    }

    static boolean areIn(String text) {
        return NAMED.matcher(text).find();
    }

    /** What stands in a text in place of tests that are there. */
    List<String> missing(String text) {
        List<String> missing = new ArrayList<>();
        Matcher named = NAMED.matcher(text);
        while (named.find()) {
            if (!has(named.group(1), named.group(2), new HashSet<>())) {
                missing.add(named.group());
            }
        }
        return missing;
    }

    private boolean has(String type, String method, Set<String> seen) {
        Optional<String> source = tests.of(type);
        if (source.isEmpty() || !seen.add(type)) {
            return false;
        }
        if (Pattern.compile("\\b(?:void|boolean|Stream<DynamicTest>)\\s+" + method + "\\(")
                .matcher(source.get())
                .find()) {
            return true;
        }
        Matcher parent = PARENT.matcher(source.get());
        while (parent.find()) {
            if (has(parent.group(1), method, seen)) {
                return true;
            }
        }
        return false;
    }

    /** The rows of all tables of a page with this header. */
    static List<String> rows(String page, String header) {
        List<String> rows = new ArrayList<>();
        for (int table = page.indexOf(header); table >= 0; table = page.indexOf(header, table + 1)) {
            page.substring(table)
                    .lines()
                    .skip(2)
                    .takeWhile(line -> line.startsWith("|"))
                    .forEach(rows::add);
        }
        return rows;
    }
}
