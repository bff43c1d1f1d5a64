package dev.interlock.policy.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Label;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;

/** Whatever is read, what comes back is a policy or diagnostics, and never an exception. */
class FuzzProperties {

    private static final Pattern LINE = Pattern.compile("fuzz:[0-9]+:[0-9]+: (error|warning|note) [a-z-]+: [^\\n]+");

    @Property
    @Label("any bytes are read or refused")
    void anyBytes(@ForAll byte[] bytes) {
        check(PolicyYaml.read(bytes, "fuzz"));
    }

    @Property
    @Label("any text of YAML's own characters is read or refused")
    void anyMarkup(@ForAll("markup") String text) {
        check(PolicyYaml.read(text, "fuzz"));
    }

    @Property(tries = 400, shrinking = ShrinkingMode.OFF)
    @Label("a policy with some characters changed is read or refused")
    void mutatedText(@ForAll("policies") String text, @ForAll Random random) {
        check(PolicyYaml.read(mutate(text, random), "fuzz"));
    }

    @Property(tries = 400, shrinking = ShrinkingMode.OFF)
    @Label("a policy with some bytes changed is read or refused")
    void mutatedBytes(@ForAll("policies") String text, @ForAll Random random) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        for (int i = random.nextInt(5); i >= 0 && bytes.length > 0; i--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        check(PolicyYaml.read(bytes, "fuzz"));
    }

    @Property(tries = 400, shrinking = ShrinkingMode.OFF)
    @Label("what reads after a change can be written and reads equal")
    void whatReadsCanBeWritten(@ForAll("policies") String text, @ForAll Random random) {
        PolicyYaml.read(mutate(text, random), "fuzz").policy().ifPresent(policy -> {
            String written = PolicyYaml.write(policy);
            assertThat(PolicyYaml.read(written, "written").orThrow())
                    .as(written)
                    .isEqualTo(policy);
        });
    }

    private static void check(ReadResult reading) {
        assertThat(reading.isValid()).isEqualTo(reading.errors().isEmpty());
        assertThat(reading.diagnostics()).allSatisfy(diagnostic -> {
            assertThat(diagnostic.toString()).matches(LINE);
            assertThat(diagnostic.line()).isPositive();
            assertThat(diagnostic.column()).isPositive();
        });
    }

    /** Swaps, drops, doubles and inserts pieces, at a few places. */
    private static String mutate(String text, Random random) {
        StringBuilder out = new StringBuilder(text);
        for (int i = random.nextInt(4); i >= 0 && out.length() > 1; i--) {
            int at = random.nextInt(out.length());
            int end = Math.min(out.length(), at + 1 + random.nextInt(8));
            switch (random.nextInt(4)) {
                case 0 -> out.delete(at, end);
                case 1 -> out.insert(at, out.substring(at, end));
                case 2 -> out.insert(at, PIECES.get(random.nextInt(PIECES.size())));
                default -> out.setCharAt(at, (char) random.nextInt(random.nextBoolean() ? 128 : 65_536));
            }
        }
        return out.toString();
    }

    private static final List<String> PIECES = List.of(
            "null",
            "~",
            "[]",
            "{}",
            "- ",
            ": ",
            "\n",
            "\t",
            "&a ",
            "*a",
            "<<: *a",
            "!x ",
            "yes",
            "0777",
            "-1",
            "1e999",
            "\"",
            "'",
            "|\n",
            "x-",
            "*",
            "[*]",
            "state.t.c",
            "%",
            "---\n",
            "{max: 1, window: 1}",
            "regex",
            "\\");

    @Provide
    Arbitrary<String> markup() {
        return Combinators.combine(
                        Arbitraries.of(PIECES),
                        Arbitraries.of("version: \"1\"\n", "tools:", "rules", " ", "a", "conditions: ", "deny", ","))
                .as((piece, word) -> piece + word)
                .list()
                .ofMaxSize(12)
                .map(parts -> String.join("", parts));
    }

    @Provide
    Arbitrary<String> policies() throws IOException {
        List<String> recorded = Files.readAllLines(Path.of("src/test/resources/vectors/validate.jsonl")).stream()
                .map(VectorTest::policyOf)
                .toList();
        return Arbitraries.oneOf(
                Arbitraries.of(recorded),
                PolicyArbitraries.plain().policies().map(PolicyYaml::write),
                PolicyArbitraries.odd().policies().map(PolicyYaml::write));
    }
}
