package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The tests that the security page names for each attack are there. */
class SecurityPageTest {

    private static final Path ROOT = Path.of("..");
    private static final String HEADER = "| attack | what holds | SDK client | SDK server | LangChain4j | proxy |";
    private static final Pattern NAMED = Pattern.compile("\\b([A-Z]\\w*)\\.([a-z]\\w*)\\b");
    private static final Pattern PARENT = Pattern.compile("class \\w+\\s+extends\\s+(\\w+)");

    /** The text of each test class, by its simple name; of several of one name, all. */
    private final Map<String, String> sources = sources();

    private static Map<String, String> sources() {
        try (Stream<Path> modules = Files.list(ROOT)) {
            return modules.map(module -> module.resolve("src/test/java"))
                    .filter(Files::isDirectory)
                    .flatMap(SecurityPageTest::files)
                    .filter(file -> file.toString().endsWith(".java"))
                    .collect(Collectors.toMap(
                            file -> file.getFileName().toString().replace(".java", ""),
                            SecurityPageTest::text,
                            String::concat));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Stream<Path> files(Path directory) {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

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
        String source = sources.get(type);
        if (source == null || !seen.add(type)) {
            return false;
        }
        if (Pattern.compile("\\b(?:void|boolean|Stream<DynamicTest>)\\s+" + method + "\\(")
                .matcher(source)
                .find()) {
            return true;
        }
        Matcher parent = PARENT.matcher(source);
        while (parent.find()) {
            if (has(parent.group(1), method, seen)) {
                return true;
            }
        }
        return false;
    }

    @Test
    void eachTestThatThePageNamesIsThere() throws IOException {
        List<String> rows = rows(Files.readString(ROOT.resolve("docs/security.md")));

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
