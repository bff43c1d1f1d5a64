package dev.interlock.policy.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Algorithm;
import dev.interlock.policy.Operator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Holds the guide to what the reader really does. A block that is marked {@code yaml} or {@code json policy} must read,
 * and one that is marked {@code yaml invalid} must not.
 */
class DocumentationTest {

    private static final Path ROOT = Path.of("..");
    private static final Path REFERENCE = ROOT.resolve("docs/policy-language.md");
    private static final Path MISTAKES = ROOT.resolve("docs/mistakes.md");

    private static final Pattern BLOCK =
            Pattern.compile("^```(yaml|yaml invalid|json policy)\\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL);

    record Block(Path page, int line, boolean valid, String text) {
        @Override
        public String toString() {
            return page.getFileName() + ":" + line + (valid ? "" : " (invalid)");
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("blocks")
    void everyPolicyInTheGuideReadsAsItIsMeantTo(Block block) {
        ReadResult reading = PolicyYaml.read(block.text(), block.toString());
        assertThat(reading.isValid()).as(reading.diagnostics().toString()).isEqualTo(block.valid());
        reading.policy()
                .ifPresent(policy -> assertThat(PolicyYaml.read(PolicyYaml.write(policy), "written")
                                .orThrow())
                        .isEqualTo(policy));
    }

    @Test
    void theGuideHasPolicies() throws IOException {
        assertThat(blocks().filter(Block::valid)).hasSizeGreaterThan(12);
        assertThat(blocks().filter(block -> !block.valid())).isNotEmpty();
    }

    @Test
    void theReferenceNamesEveryOperatorAndAlgorithm() throws IOException {
        String page = Files.readString(REFERENCE);
        assertThat(Operator.values()).allSatisfy(operator -> assertThat(page).contains("`" + operator.text() + "`"));
        assertThat(Algorithm.values()).allSatisfy(algorithm -> assertThat(page).contains("`" + algorithm.text() + "`"));
    }

    @Test
    void theReferenceNamesEveryKeyAndCode() throws IOException {
        String page = Files.readString(REFERENCE);
        for (Keys keys : List.of(
                Keys.DOCUMENT,
                Keys.ENTRY,
                Keys.RULE,
                Keys.CONDITION,
                Keys.TIME_WINDOW,
                Keys.DIRECTORIES,
                Keys.BLOCK,
                Keys.RATE_LIMIT,
                Keys.STATE,
                Keys.SPEND,
                Keys.LIMIT,
                Keys.VALIDATE)) {
            assertThat(keys.names()).allSatisfy(key -> assertThat(page).containsPattern("\\b" + key + "\\b"));
        }
        assertThat(codes()).allSatisfy(code -> assertThat(page).contains("`" + code + "`"));
    }

    @Test
    void everyWarningIsInTheReferenceAndInTheTableOfMistakes() throws IOException {
        String row = Files.readString(REFERENCE)
                .lines()
                .filter(line -> line.endsWith("| warnings |"))
                .findFirst()
                .orElseThrow();
        Set<String> named = new TreeSet<>();
        Matcher code = Pattern.compile("`([a-z-]+)`").matcher(row);
        while (code.find()) {
            named.add(code.group(1));
        }
        assertThat(named)
                .containsExactlyElementsOf(warnings().stream()
                        .filter(warning -> !SOMETIMES_WARNINGS.contains(warning))
                        .toList());
        List<String> said = MistakesTest.mistakes().stream()
                .flatMap(mistake -> mistake.said().lines())
                .toList();
        assertThat(warnings())
                .allSatisfy(warning -> assertThat(said).anyMatch(line -> line.contains(": warning " + warning + ": ")));
    }

    /** Codes of errors that are warnings where they do no harm. The reference says so below the table. */
    private static final Set<String> SOMETIMES_WARNINGS = Set.of("blank", "duplicate-name", "bad-path", "unknown-mark");

    /** Every code that the reader warns with. */
    static Set<String> warnings() throws IOException {
        return codes(Pattern.compile("warn\\(\\s*\"([a-z-]+)\""), 15);
    }

    /**
     * The page is written from the table that {@link MistakesTest} holds. To write it anew, run this test with {@code
     * -Dinterlock.docs=write}.
     */
    @Test
    void thePageOfMistakesIsTheTableOfTheTests() throws IOException {
        String page = mistakesPage();
        if ("write".equals(System.getProperty("interlock.docs"))) {
            Files.writeString(MISTAKES, page);
        }
        assertThat(MISTAKES).content().isEqualTo(page);
    }

    /** Sources whose codes are about other documents than policies, and have pages of their own. */
    private static final Set<String> OTHER_DOCUMENTS = Set.of("ToolLockFile.java");

    /** Every code that the reader's sources have. */
    private static Set<String> codes() throws IOException {
        return codes(
                Pattern.compile("(?:error|warn|note|report|stop)\\(\\s*\"([a-z-]+)\""
                        + "|\"(bad-regex|bad-operand|too-many-problems|intercept-ignores)\""),
                40);
    }

    private static Set<String> codes(Pattern code, int least) throws IOException {
        Set<String> codes = new TreeSet<>();
        try (Stream<Path> sources = Files.list(Path.of("src/main/java/dev/interlock/policy/yaml"))) {
            for (Path source : sources.toList()) {
                if (OTHER_DOCUMENTS.contains(source.getFileName().toString())) {
                    continue;
                }
                Matcher matcher = code.matcher(Files.readString(source));
                while (matcher.find()) {
                    codes.add(matcher.group(1) == null ? matcher.group(2) : matcher.group(1));
                }
            }
        }
        assertThat(codes).hasSizeGreaterThan(least);
        return codes;
    }

    private static String mistakesPage() throws IOException {
        StringBuilder page = new StringBuilder("""
                # Mistakes

                What the reader says about documents that are wrong, or that are right but may not mean what they seem to. The
                lines come without the file's name, which stands before each of them. In the documents of most rows the rules are
                those of `create_charge`.

                This page is written by a test, from the table that holds the reader to these texts
                (`policy-yaml/src/test/resources/mistakes.txt`).

                | mistake | in the document | what is said |
                |---|---|---|
                """);
        for (MistakesTest.Mistake mistake : MistakesTest.mistakes()) {
            page.append("| ")
                    .append(cell(mistake.title()))
                    .append(" | ")
                    .append(excerpt(mistake))
                    .append(" | ")
                    .append(mistake.said().lines().map(DocumentationTest::cell).collect(Collectors.joining("<br>")))
                    .append(" |\n");
        }
        return page.toString();
    }

    /** The lines that the diagnostics point at. */
    private static String excerpt(MistakesTest.Mistake mistake) {
        List<String> lines = mistake.document().lines().toList();
        Set<Integer> pointed = new TreeSet<>();
        mistake.said().lines().forEach(said -> pointed.add(Integer.parseInt(said.substring(0, said.indexOf(':')))));
        List<String> shown = new ArrayList<>();
        for (int line : pointed) {
            String text = line <= lines.size() ? lines.get(line - 1).strip() : "";
            if (!text.isEmpty()) {
                shown.add("`" + (text.length() > 100 ? text.substring(0, 100) + "…" : text).replace("|", "\\|") + "`");
            }
        }
        return String.join("<br>", shown);
    }

    /** Text that means nothing else in a table of a page. */
    private static String cell(String text) {
        String escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
        return escaped.replaceAll("([\\\\|*_\\[\\]`])", "\\\\$1");
    }

    static Stream<Block> blocks() throws IOException {
        List<Path> pages = new ArrayList<>();
        try (Stream<Path> docs = Files.list(ROOT.resolve("docs"))) {
            docs.filter(page -> page.toString().endsWith(".md")).sorted().forEach(pages::add);
        }
        Path readme = ROOT.resolve("README.md");
        if (Files.exists(readme)) {
            pages.add(readme);
        }
        List<Block> blocks = new ArrayList<>();
        for (Path page : pages) {
            String text = Files.readString(page);
            Matcher matcher = BLOCK.matcher(text);
            while (matcher.find()) {
                int line = (int) text.substring(0, matcher.start()).lines().count() + 2;
                blocks.add(new Block(page, line, !matcher.group(1).endsWith("invalid"), matcher.group(2)));
            }
        }
        return blocks.stream();
    }
}
