package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** The page on integrations says of no combination that it works without naming a test that is there. */
class IntegrationsPageTest {

    private static final String HEADER = "| protocol | transport | side | host | what holds | tests |";

    private final NamedTests tests = new NamedTests(Sources.in(
            "src/test/java", "google-adk/src/test/java", "spring-ai/src/test/java", "spring-ai-agent/src/test/java"));

    @Test
    void eachRowNamesATestThatIsThereOrSaysThatItWasNotTried() {
        List<String> rows = NamedTests.rows(Sources.text(Sources.ROOT.resolve("docs/integrations.md")), HEADER);

        assertThat(rows).hasSizeGreaterThan(20).allSatisfy(row -> {
            List<String> cells = List.of(row.split("\\|", -1));
            assertThat(cells).as(row).hasSize(8);
            String named = cells.get(6);
            assertThat(NamedTests.areIn(named)).as(row).isEqualTo(!cells.get(5).contains("not tried"));
            assertThat(tests.missing(named))
                    .as("tests that are named and not there")
                    .isEmpty();
        });
    }
}
