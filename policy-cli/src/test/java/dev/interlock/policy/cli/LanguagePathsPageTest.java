package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Operator;
import dev.interlock.policy.cli.policy.SchemaCommand;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The page of the language's paths names a test, or says why there is none, for each feature on each path. */
class LanguagePathsPageTest {

    private static final String HEADER = "| feature | keys |";

    /** Their values are the caller's own words, or words of another key. */
    private static final Set<String> NAMED_BY_OTHERS = Set.of("methods", "categories", "risks");

    private final NamedTests tests = new NamedTests(Sources.in("src/test/java"));
    private final List<String[]> rows = rows();

    /** The table, with its header, in cells. */
    private static List<String[]> rows() {
        String page = Sources.text(Sources.ROOT.resolve("docs/language-paths.md"));
        return page.substring(page.indexOf(HEADER))
                .lines()
                .takeWhile(line -> line.startsWith("|"))
                .filter(line -> !line.startsWith("|---"))
                .map(line -> line.substring(1, line.length() - 2).split(" \\|", -1))
                .toList();
    }

    @Test
    void eachFeatureHasATestOnEachPathOrAReasonWhyThereIsNone() {
        int columns = rows.get(0).length;

        assertThat(columns).isGreaterThan(10);
        assertThat(rows.subList(1, rows.size())).hasSizeGreaterThan(20).allSatisfy(row -> {
            assertThat(row).as("row %s", row[0]).hasSize(columns);
            for (String cell : Arrays.asList(row).subList(2, columns)) {
                assertThat(NamedTests.areIn(cell) || cell.startsWith(" no: "))
                        .as("a test or a reason, in row %s: %s", row[0], cell)
                        .isTrue();
                assertThat(tests.missing(cell))
                        .as("tests that are named and not there")
                        .isEmpty();
            }
        });
    }

    @Test
    void everyKeyAndOperatorOfTheLanguageIsInTheTable() throws Exception {
        Set<String> words = new TreeSet<>();
        addKeys(new JsonMapper().readTree(SchemaCommand.text()), words);
        Arrays.stream(Operator.values()).map(Operator::text).forEach(words::add);
        String keys = String.join(" ", rows.stream().map(row -> row[1]).toList());

        assertThat(words)
                .hasSizeGreaterThan(50)
                .allSatisfy(word -> assertThat(keys).contains("`" + word + "`"));
    }

    private static void addKeys(JsonNode schema, Set<String> keys) {
        schema.properties().forEach(member -> {
            if (member.getKey().equals("properties")) {
                member.getValue().properties().forEach(property -> {
                    keys.add(property.getKey());
                    if (!NAMED_BY_OTHERS.contains(property.getKey())) {
                        addKeys(property.getValue(), keys);
                    }
                });
            } else {
                addKeys(member.getValue(), keys);
            }
        });
        if (schema.isArray()) {
            schema.forEach(item -> addKeys(item, keys));
        }
    }
}
