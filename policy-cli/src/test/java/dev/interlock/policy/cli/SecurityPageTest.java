package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The tests that the security page names for each attack are there. */
class SecurityPageTest {

    private static final String HEADER = "| attack | what holds | SDK client | SDK server | LangChain4j | proxy |";
    private static final Pattern NAMED = Pattern.compile("\\b([A-Z]\\w*)\\.([a-z]\\w*)\\b");
    private static final Pattern PARENT = Pattern.compile("class \\w+\\s+extends\\s+(\\w+)");

    private final Sources tests = Sources.in("src/test/java");

    /** The rows of all tables of attacks. */
    private static List<String> rows(String page) {
        List<String> rows = new ArrayList<>();
        for (int table = page.indexOf(HEADER); table >= 0; table = page.indexOf(HEADER, table + 1)) {
            page.substring(table)
                    .lines()
                    .skip(2)
                    .takeWhile(line -> line.startsWith("|"))
                    .forEach(rows::add);
        }
        return rows;
    }

    /** What stands in a row in place of tests that are there. */
    private List<String> missing(String row) {
        List<String> missing = new ArrayList<>();
        Matcher named = NAMED.matcher(row);
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

    @Test
    void eachTestThatThePageNamesIsThere() {
        List<String> rows = rows(Sources.text(Sources.ROOT.resolve("docs/security.md")));

        assertThat(rows).hasSizeGreaterThan(30).allSatisfy(row -> {
            assertThat(row.replace("\\|", "").chars().filter(c -> c == '|'))
                    .as(row)
                    .hasSize(7);
            assertThat(NAMED.matcher(row).find()).as("a test in: %s", row).isTrue();
            assertThat(missing(row)).as("tests that are named and not there").isEmpty();
        });
    }

    @Test
    void aTestThatIsNotThereIsNoticed() {
        assertThat(missing("| `SecurityPageTest.aTestThatIsNotThereIsNoticed` |"))
                .isEmpty();
        assertThat(missing("| `SecurityPageTest.renamed` `NoSuchTest.atAll` |"))
                .containsExactly("SecurityPageTest.renamed", "NoSuchTest.atAll");
    }
}
