package dev.interlock.policy.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Documents that are meant to do harm are refused, in bounded memory. */
class HostileDocumentsTest {

    private static final int MIB = 1 << 20;

    /** What reading may allocate, all garbage included: the largest documents come to about a third of it. */
    private static final long MOST_ALLOCATED = 2_000L * MIB;

    @ParameterizedTest(name = "{0}")
    @MethodSource("documents")
    void isRefused(String name, String document, String code) {
        // Allocation is counted for each thread, so it must be this one that reads.
        long before = allocated();
        ReadResult reading = PolicyYaml.read(document, "hostile.yaml");
        assertThat(allocated() - before).as("bytes allocated").isLessThan(MOST_ALLOCATED);
        assertThat(reading.isValid()).isFalse();
        assertThat(reading.errors()).extracting(Diagnostic::code).contains(code);
        assertThat(reading.diagnostics()).hasSizeLessThanOrEqualTo(DiagnosticCollector.MOST + 1);
        assertThat(reading.diagnostics())
                .allSatisfy(diagnostic ->
                        assertThat(diagnostic.toString()).hasSizeLessThan(3_000).doesNotContainPattern("[\\p{Cntrl}]"));
    }

    static Stream<Arguments> documents() {
        return Stream.of(
                Arguments.of("a million open brackets", "[".repeat(MIB), "too-deep"),
                Arguments.of("a million open braces", "{".repeat(MIB), "too-deep"),
                Arguments.of("a million dashes", "- ".repeat(MIB), "too-deep"),
                Arguments.of("a million question marks", "? ".repeat(MIB), "too-deep"),
                Arguments.of("a staircase of keys", staircase(2_000), "too-deep"),
                Arguments.of("brackets in a value", "x-a: " + "[".repeat(70) + "]".repeat(70), "too-deep"),
                Arguments.of("ten megabytes", "# " + "x".repeat(10 * MIB), "too-large"),
                Arguments.of("two million wide characters", "# " + "\u20AC".repeat(2 * MIB), "too-large"),
                Arguments.of("a billion laughs", laughs("[", "]", ""), "too-many-aliases"),
                Arguments.of("a billion laughs in maps", laughs("{", "}", "k%d: "), "too-many-aliases"),
                Arguments.of("a billion merges", merges(), "too-many-aliases"),
                Arguments.of("one long text again and again", longTexts(), "too-many-aliases"),
                Arguments.of("aliases that nest too deep", nestedAliases(), "too-deep"),
                Arguments.of("a list that contains itself", "tools: &a [*a]", "recursive-alias"),
                Arguments.of("a key that contains itself", "? &a [*a]\n: x", "recursive-alias"),
                Arguments.of("a NUL", "version: \"1\"\0\n", "bad-character"),
                Arguments.of("a million NULs", "\0".repeat(MIB), "bad-character"),
                Arguments.of("half a surrogate pair", "description: \uD800\n", "bad-character"),
                Arguments.of(
                        "a class named by a tag", "description: !!javax.script.ScriptEngineManager []", "custom-tag"),
                Arguments.of("a tag with a broken escape", "!4..%0", "custom-tag"),
                Arguments.of("a tag with a broken percent sign", "!<%zz> a", "syntax"),
                Arguments.of("a four-megabyte number", cond("lt", "9".repeat(4_000_000)), "bad-number"),
                Arguments.of(
                        "a four-megabyte number in base 60", cond("lt", "1" + ":1".repeat(1_900_000)), "bad-operand"),
                Arguments.of("an exponent of a billion", cond("lt", "1e999999999"), "bad-number"),
                Arguments.of("an exponent past an int", cond("lt", "1e99999999999"), "bad-number"),
                Arguments.of("a regex of a million letters", cond("regex", "a".repeat(MIB)), "bad-regex"),
                Arguments.of(
                        "a regex of a hundred thousand groups",
                        cond("regex", "'" + "(".repeat(100_000) + "'"),
                        "bad-regex"),
                Arguments.of("some costly regexes", costlyRegexes(), "nothing-to-check"),
                Arguments.of(
                        "two hundred thousand mistakes", "hide: [" + "[],".repeat(200_000) + "]", "too-many-problems"),
                Arguments.of("twenty thousand unknown keys", unknownKeys(), "too-many-problems"),
                Arguments.of("ten thousand unknown counters", unknownCounters(), "too-many-problems"),
                Arguments.of("a megabyte of a key", "x".repeat(MIB) + ": 1", "syntax"),
                Arguments.of("a megabyte of a quoted key", "{\"" + "x".repeat(MIB) + "\": 1}", "syntax"),
                Arguments.of("a long tool name over many rules", longName(), "bad-name"),
                Arguments.of("a million documents", "---\n".repeat(MIB), "multiple-documents"),
                Arguments.of("two hundred thousand anchors", "[" + "&a x,".repeat(200_000) + "]", "wrong-type"),
                Arguments.of("a million tabs", "a: b" + "\t".repeat(MIB) + "c:", "syntax"),
                Arguments.of("four million line ends", "\n".repeat(4 * MIB), "empty-document"),
                Arguments.of("a hundred thousand keys", keys(), "unknown-key"));
    }

    @Test
    void bytesThatAreNotUtf8ArePointedOut() {
        byte[] bytes = "version: \"1\"\ndescription: caf\u00e9\n".getBytes(StandardCharsets.ISO_8859_1);
        assertThat(PolicyYaml.read(bytes, "latin1.yaml").diagnostics())
                .singleElement()
                .hasToString("latin1.yaml:2:17: error bad-encoding: the byte 0xe9 is not UTF-8;"
                        + " save the document as UTF-8");
    }

    @Test
    void utf16IsRecognized() {
        byte[] bytes = "version: \"1\"\n".getBytes(StandardCharsets.UTF_16);
        assertThat(PolicyYaml.read(bytes, "wide.yaml").diagnostics())
                .singleElement()
                .hasToString("wide.yaml:1:1: error bad-encoding: the document is UTF-16; save it as UTF-8");
    }

    @Test
    void overlongAndTruncatedBytesAreRefused() {
        byte[][] all = {
            {(byte) 0xc0, (byte) 0xaf},
            {(byte) 0xe2, (byte) 0x82},
            {(byte) 0xed, (byte) 0xa0, (byte) 0x80},
            {(byte) 0xff}
        };
        for (byte[] bytes : all) {
            assertThat(PolicyYaml.read(bytes, "x").errors())
                    .extracting(Diagnostic::code)
                    .containsExactly("bad-encoding");
        }
    }

    @Test
    void aByteOrderMarkIsOverlookedAtTheBeginningOnly() {
        assertThat(PolicyYaml.read("\uFEFFversion: \"1\"\n", "x").diagnostics()).isEmpty();
        assertThat(PolicyYaml.read("version: \"1\"\n\uFEFF", "x").errors())
                .extracting(Diagnostic::code)
                .containsExactly("bad-character");
    }

    @Test
    void aFileOfTenGigabytesIsNotRead(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("huge.yaml");
        try (RandomAccessFile huge = new RandomAccessFile(file.toFile(), "rw")) {
            huge.setLength(10L << 30);
        }
        ReadResult reading = PolicyYaml.read(file);
        assertThat(reading.errors()).extracting(Diagnostic::code).containsExactly("too-large");
    }

    @Test
    void whatCannotBeOpenedIsADiagnostic(@TempDir Path directory) {
        assertThat(PolicyYaml.read(directory.resolve("none.yaml")).errors())
                .singleElement()
                .hasToString(directory.resolve("none.yaml") + ":1:1: error unreadable: there is no such file");
        assertThat(PolicyYaml.read(directory).errors())
                .extracting(Diagnostic::code)
                .containsExactly("unreadable");
    }

    @Test
    void manyAliasesOfSomethingSmallAreFine() {
        StringBuilder document = new StringBuilder(
                "version: \"1\"\nx-limited: &limited {rules: [{name: r, rate_limit: 5/hour}]}\ntools:\n");
        IntStream.range(0, 10_000)
                .forEach(i -> document.append("  tool_").append(i).append(": *limited\n"));
        assertThat(PolicyYaml.read(document.toString(), "x").errors()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"x{1000}, 249", "\\p{L}, 4000", "(a|b|c)*x, 25000"})
    void patternsThatAreTooLargeInAllAreRefusedWhereTheyAre(String pattern, int fit) {
        assertThat(PolicyYaml.read(patterns(pattern, fit), "p").errors()).isEmpty();
        assertThat(PolicyYaml.read(patterns(pattern, 2 * fit), "p").errors())
                .singleElement()
                .satisfies(error -> {
                    assertThat(error.code()).isEqualTo("bad-regex");
                    assertThat(error.message()).contains("too large in all");
                    assertThat(error.line()).isGreaterThanOrEqualTo(fit + 5);
                    assertThat(error.column()).isEqualTo(42);
                });
    }

    @Test
    void sixtyFourLevelsAreFine() {
        String document = "version: \"1\"\nx-deep: " + "[".repeat(63) + "]".repeat(63) + "\n";
        assertThat(PolicyYaml.read(document, "x").diagnostics()).isEmpty();
    }

    private static String cond(String operator, String value) {
        return "version: \"1\"\ntools:\n  t:\n    rules:\n      - name: r\n        conditions:\n"
                + "          - path: args.a\n            op: " + operator + "\n            value: " + value + "\n";
    }

    private static String staircase(int steps) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < steps; i++) {
            out.append(" ".repeat(i)).append("a:\n");
        }
        return out.toString();
    }

    private static String laughs(String open, String close, String key) {
        StringBuilder out = new StringBuilder("x-0: &a0 " + open + key.formatted(0) + "lol" + close + "\n");
        for (int i = 1; i < 30; i++) {
            out.append("x-").append(i).append(": &a").append(i).append(' ').append(open);
            for (int j = 0; j < 10; j++) {
                out.append(j == 0 ? "" : ", ")
                        .append(key.formatted(j))
                        .append("*a")
                        .append(i - 1);
            }
            out.append(close).append('\n');
        }
        return out.toString();
    }

    private static String merges() {
        StringBuilder out = new StringBuilder("x-0: &a0 {");
        for (int i = 0; i < 2_000; i++) {
            out.append("k").append(i).append(": v, ");
        }
        out.append("}\n");
        for (int i = 0; i < 10_000; i++) {
            out.append("x-m").append(i).append(": {<<: *a0}\n");
        }
        return out.toString();
    }

    private static String longTexts() {
        return "x-a: &a " + "x".repeat(MIB) + "\nhide: [" + "*a, ".repeat(100_000) + "]\n";
    }

    private static String nestedAliases() {
        StringBuilder out = new StringBuilder("x-0: &a0 [[[[[[[[[[]]]]]]]]]]\n");
        for (int i = 1; i < 8; i++) {
            out.append("x-" + i + ": &a" + i + " [[[[[[[[[[*a" + (i - 1) + "]]]]]]]]]]\n");
        }
        return out.toString();
    }

    private static String costlyRegexes() {
        StringBuilder out = new StringBuilder("version: \"1\"\ntools:\n  t:\n    require:\n");
        for (int i = 0; i < 50; i++) {
            out.append("      - {path: args.a, op: regex, value: ")
                    .append("a".repeat(4_000))
                    .append("}\n");
        }
        return out.append("    rules: [{name: r}]\n").toString();
    }

    @ParameterizedTest
    @ValueSource(strings = {"path: args.x, ", "path: 5, ", ""})
    void patternsThatAreRefusedCountAsWell(String path) {
        String document = patterns("(?:abcdefghijklmnopqrstu){1000}", 500).replace("path: args.x, ", path);

        assertThat(PolicyYaml.read(document, "p").errors())
                .filteredOn(error -> error.code().equals("bad-regex"))
                .hasSize(11)
                .last()
                .satisfies(error -> assertThat(error.message()).contains("too large in all"));
    }

    /** That many conditions with the same pattern, one in a line, the first in line 5. */
    private static String patterns(String pattern, int times) {
        return "version: \"1\"\ntools:\n  t:\n    require:\n"
                + ("      - {path: args.x, op: regex, value: '" + pattern + "'}\n").repeat(times);
    }

    private static String unknownKeys() {
        StringBuilder out = new StringBuilder("version: \"1\"\n");
        for (int i = 0; i < 20_000; i++) {
            out.append("defualt").append(i).append(": deny\n");
        }
        return out.toString();
    }

    private static String unknownCounters() {
        StringBuilder out = new StringBuilder("version: \"1\"\ntools:\n  t:\n    require:\n");
        for (int i = 0; i < 10_000; i++) {
            out.append("      - {path: state.t.c").append(i).append(", op: lt, value: 5}\n");
        }
        out.append("    limits:\n");
        for (int i = 0; i < 5_000; i++) {
            out.append("      - {counter: d").append(i).append(", window: day, max: 5}\n");
        }
        return out.toString();
    }

    private static String longName() {
        return "version: \"1\"\ntools:\n  ? " + "x".repeat(MIB) + "\n  : {rules: [" + "{action: deny},".repeat(150_000)
                + "]}\n";
    }

    private static String keys() {
        StringBuilder out = new StringBuilder("{");
        for (int i = 0; i < 100_000; i++) {
            out.append("k").append(i).append(": 1,");
        }
        return out.append("}").toString();
    }

    private static long allocated() {
        return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }
}
