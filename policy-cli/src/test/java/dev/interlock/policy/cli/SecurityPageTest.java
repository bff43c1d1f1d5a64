package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** The tests that the security page names for each attack are there. */
class SecurityPageTest {

    private static final String HEADER = "| attack | what holds | SDK client | SDK server | LangChain4j | proxy |";

    private final NamedTests tests = new NamedTests(Sources.in("src/test/java"));

    @Test
    void eachTestThatThePageNamesIsThere() {
        List<String> rows = NamedTests.rows(Sources.text(Sources.ROOT.resolve("docs/security.md")), HEADER);

        assertThat(rows).hasSizeGreaterThan(30).allSatisfy(row -> {
            assertThat(row.replace("\\|", "").chars().filter(c -> c == '|'))
                    .as(row)
                    .hasSize(7);
            assertThat(NamedTests.areIn(row)).as("a test in: %s", row).isTrue();
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
