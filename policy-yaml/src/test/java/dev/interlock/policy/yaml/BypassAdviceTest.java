package dev.interlock.policy.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Conditions that hold are left alone; {@link WrongPoliciesTest} has those that don't. */
class BypassAdviceTest {

    private static final Path LINES = Path.of("src/test/resources/right-lines.txt");
    private static final Pattern RIGHT = Pattern.compile("(require|deny_if) (\\{.*})");

    record Line(String use, String condition) {
        @Override
        public String toString() {
            return use + " " + condition;
        }
    }

    static List<Line> right() throws IOException {
        return Files.readAllLines(LINES).stream()
                .map(RIGHT::matcher)
                .filter(Matcher::matches)
                .map(line -> new Line(line.group(1), line.group(2)))
                .toList();
    }

    private static List<Diagnostic> warnings(Line line) {
        String document = "version: \"1\"\ntools:\n  t:\n    " + line.use() + ":\n      - " + line.condition() + "\n";
        ReadResult result = PolicyYaml.read(document, "policy.yaml");
        assertThat(result.isValid()).as(result.diagnostics().toString()).isTrue();
        return result.diagnostics().stream()
                .filter(diagnostic -> !diagnostic.code().equals("intercept-ignores"))
                .toList();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("right")
    void aRightLineIsLeftAlone(Line line) {
        assertThat(warnings(line)).isEmpty();
    }

    @Test
    void thereAreFiftySuchLines() throws IOException {
        assertThat(right()).hasSizeGreaterThanOrEqualTo(50).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            value = {
                // pattern, begins, ends, half anchored
                "^a true false false",
                "a$ false true false",
                "^a$ true true false",
                "\\Aa\\z true true false",
                "a false false false",
                "^a|b$ false false true",
                "^(a|b)$ true true false",
                "^(?:^a|^b) true false false",
                "(^a|b$) false false true",
                "(^a$|^b$) true true false",
                "^a|^b$ true false false",
                "a|b$ false false true",
                "(^a|b)? false false false",
                "(^a)?b$ false true false",
                "(^a)+b true false false",
                "(^a){0,1}b false false false",
                "(^a){1}b true false false",
                "(?m)^a$ false false false",
                "(?m:^)a$ false true false",
                "(?i)^a$ true true false",
                "(?-m)^a$ true true false",
                "\\b^a$\\b true true false",
                "\\^a\\$ false false false",
                "[^a]$ false true false",
                "^[]$|]$ true true false",
                "^[[:alpha:]|$]a true false false",
                "\\Q^a$ false false false",
                "^\\Qa|b\\E$ true true false",
                "^\\p{L}|a$ false false true",
                "(?P<x>^a)b$ true true false",
                "a{2$ false true false",
            })
    void theShapeOfAPatternIsKnown(String pattern, boolean begins, boolean ends, boolean half) {
        dev.interlock.policy.text.Regex.compile(pattern);
        PatternShape shape = PatternShape.of(pattern);
        assertThat(shape.begins()).isEqualTo(begins);
        assertThat(shape.ends()).isEqualTo(ends);
        assertThat(shape.isHalfAnchored()).isEqualTo(half);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            value = {
                // pattern, characters, whether one wildcard matches all of them
                "a.b ; true",
                "a\\.b ; false",
                "[^;&] ; false",
                "[^;&] | true",
                "[\\w-]+ . false",
                "[\\w.-]+ . true",
                "\\S+ / true",
                "\\w+ / false",
                "\\pL / false",
                "\\PL / true",
                "\\Q.\\E ; false",
                "[[:punct:]] ; true",
            })
    void wildcardsAreKnown(String pattern, String characters, boolean matches) {
        assertThat(PatternShape.of(pattern).hasWildcardFor(characters)).isEqualTo(matches);
    }

    @Test
    void aLineBreakIsNoticedWhereTheDotOrTheBlankTakesIt() {
        assertThat(PatternShape.of("a.b").hasWildcardFor("\n")).isFalse();
        assertThat(PatternShape.of("(?s)a.b").hasWildcardFor("\n")).isTrue();
        assertThat(PatternShape.of("(?s:a).b").hasWildcardFor("\n")).isFalse();
        assertThat(PatternShape.of("a\\sb").hasWildcardFor("\n")).isTrue();
        assertThat(PatternShape.of("a[^;]b").hasWildcardFor("\n")).isTrue();
        assertThat(PatternShape.of("[a-z ]").hasWildcardFor("a ")).isTrue();
        assertThat(PatternShape.of("[a-z] +").hasWildcardFor("a ")).isFalse();
    }

    /** Parts of which patterns are put together, valid and not. */
    private static final List<String> PARTS = List.of(
            "^",
            "$",
            "\\A",
            "\\z",
            "\\b",
            "a",
            "b",
            ".",
            "[^a]",
            "[]b]",
            "[[:alpha:]-]",
            "\\d",
            "\\pL",
            "\\P{Lu}",
            "\\Qa|$",
            "\\E",
            "\\x{61}",
            "(",
            "(?:",
            "(?i)",
            "(?m)",
            "(?s-m:",
            "(?P<n>",
            ")",
            ")",
            "|",
            "*",
            "+?",
            "?",
            "{0,2}",
            "{2}",
            "{",
            "}",
            "]",
            "-");

    @Test
    void anAnchorThatIsFoundHoldsForEveryMatch() {
        Random random = new Random(7);
        List<String> texts = List.of("", "a", "b", "ab", "ba", "aba", "a\nb", "b\na\n", "\n", "aab1", "|$a", "-]b");
        int compiled = 0;
        for (int i = 0; i < 20_000; i++) {
            StringBuilder built = new StringBuilder();
            for (int parts = random.nextInt(1, 8); parts > 0; parts--) {
                built.append(PARTS.get(random.nextInt(PARTS.size())));
            }
            String pattern = built.toString();
            com.google.re2j.Pattern valid;
            try {
                valid = com.google.re2j.Pattern.compile(pattern);
            } catch (com.google.re2j.PatternSyntaxException e) {
                continue;
            }
            compiled++;
            PatternShape shape = PatternShape.of(pattern);
            for (String text : texts) {
                com.google.re2j.Matcher matcher = valid.matcher(text);
                while (matcher.find()) {
                    assertThat(!shape.begins() || matcher.start() == 0)
                            .as("%s in %s", pattern, text)
                            .isTrue();
                    assertThat(!shape.ends() || matcher.end() == text.length())
                            .as("%s in %s", pattern, text)
                            .isTrue();
                }
            }
        }
        assertThat(compiled).isGreaterThan(2_000);
    }

    /** Repeated groups of a pattern in Java would recurse once for each repetition, and overflow the stack. */
    @ParameterizedTest
    @ValueSource(strings = {"?", ")", "$", "@", "a.", ".", "(", "/", "\\\\", "http", "@a.", "select ", "-"})
    void aTextOfAnyLengthIsLookedAt(String part) {
        String text = "http" + part.repeat(10_000) + "!";
        StringBuilder document = new StringBuilder("version: \"1\"\ntools:\n  t:\n    deny_if:\n");
        for (String operator : List.of("starts_with", "ends_with", "contains", "eq")) {
            for (String name : List.of("url", "to", "path", "sql", "query", "command", "x")) {
                document.append("      - {path: args.%s, op: %s, value: \"%s\"}%n".formatted(name, operator, text));
            }
        }
        ReadResult result = PolicyYaml.read(document.toString(), "policy.yaml");
        assertThat(result.isValid()).isTrue();
    }
}
