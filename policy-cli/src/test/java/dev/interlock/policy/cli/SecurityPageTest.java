package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The tests that the security page names for each attack are there. */
class SecurityPageTest {

    private static final String HEADER = "| attack | what holds | SDK client | SDK server | LangChain4j | proxy |";

    private final NamedTests tests = new NamedTests();

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

    @Test
    void eachTestThatThePageNamesIsThere() {
        List<String> rows = rows(Sources.text(Sources.ROOT.resolve("docs/security.md")));

        assertThat(rows).hasSizeGreaterThan(30).allSatisfy(row -> {
            assertThat(row.replace("\\|", "").chars().filter(c -> c == '|'))
                    .as(row)
                    .hasSize(7);
            assertThat(NamedTests.in(row)).as("a test in: %s", row).isTrue();
            assertThat(tests.missing(row))
                    .as("tests that are named and not there")
                    .isEmpty();
        });
    }

    @Test
    void aTestThatIsNotThereIsNoticed() {
        assertThat(tests.missing("| `SecurityPageTest.aTestThatIsNotThereIsNoticed` |"))
                .isEmpty();
        assertThat(tests.missing("| `SecurityPageTest.renamed` `NoSuchTest.atAll` |"))
                .containsExactly("SecurityPageTest.renamed", "NoSuchTest.atAll");
    }
}
