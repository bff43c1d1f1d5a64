package dev.interlock.policy.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** What is found directly is what RE2/J finds. */
class DirectMatcherProperties {

    private static final List<String> ATOMS = List.of(
            "a",
            "b",
            "ab",
            "-",
            "\\.",
            "\\-",
            "/",
            "1",
            "_",
            " ",
            "[a-b]",
            "[ab1]",
            "[0-9]",
            "[a-z0-9_-]",
            "[A-Z]",
            "[\\w.-]",
            "\\d",
            "\\w",
            "\\s",
            "[b-]",
            "\\$",
            "[.]",
            "[+*]");

    private static final List<String> REPETITIONS =
            List.of("", "", "", "*", "+", "?", "{1}", "{2}", "{1,2}", "{0,1}", "{2,}", "{0}", "{0,0}");

    private static final List<String> TEXT_PARTS = List.of(
            "a",
            "b",
            "ab",
            "B",
            "-",
            ".",
            "/",
            "1",
            "0",
            "_",
            " ",
            "\n",
            "\r",
            "\u2028",
            "\u0130",
            "\u017f",
            "\u212a",
            "\ud83d\ude00",
            "\ud83d",
            "\ude00",
            "$",
            "+",
            "\u0000",
            "\u0660");

    private static boolean finds(DirectMatcher direct, String text) {
        return direct.find(text);
    }

    @Provide
    Arbitrary<String> texts() {
        return Arbitraries.of(TEXT_PARTS).list().ofMaxSize(8).map(parts -> String.join("", parts));
    }

    /** Patterns of the shapes in question, and some that are almost. */
    @Provide
    Arbitrary<String> shapes() {
        Arbitrary<String> start = Arbitraries.of("", "^", "\\A");
        Arbitrary<String> end = Arbitraries.of("", "$", "\\z");
        Arbitrary<String> sequence = Combinators.combine(Arbitraries.of(ATOMS), Arbitraries.of(REPETITIONS))
                .as(String::concat)
                .list()
                .ofMaxSize(4)
                .map(parts -> String.join("", parts));
        Arbitrary<String> alternatives = Arbitraries.of("a", "b", "ab", "ba", "a\\.", "-", "1", "")
                .list()
                .ofMinSize(1)
                .ofMaxSize(10)
                .map(texts -> String.join("|", texts));
        Arbitrary<String> around = Arbitraries.of("", "", "a", "-", "b\\.", "a*", "1?", "|");
        Arbitrary<String> groups = Combinators.combine(
                        around, Arbitraries.of("(", "(?:", "(?i:", ""), alternatives, around)
                .as((before, open, inside, after) -> open.isEmpty() ? inside : before + open + inside + ")" + after);
        return Combinators.combine(start, Arbitraries.oneOf(sequence, groups), end)
                .as((before, body, after) -> before + body + after);
    }

    /** Anything that is made of the characters that mean something. */
    @Provide
    Arbitrary<String> anyPatterns() {
        return Arbitraries.of(
                        "a",
                        "b",
                        "1",
                        "-",
                        ".",
                        "[",
                        "]",
                        "(",
                        ")",
                        "(?:",
                        "|",
                        "^",
                        "$",
                        "*",
                        "+",
                        "?",
                        "{",
                        "}",
                        "{1,2}",
                        ",",
                        "\\",
                        "\\d",
                        "\\Q",
                        "\\E",
                        "\\b",
                        "(?i)",
                        "(?m)",
                        "(?s)",
                        "[^",
                        "[:alpha:]",
                        "&&",
                        " ",
                        "\u00e9")
                .list()
                .ofMaxSize(7)
                .map(parts -> String.join("", parts));
    }

    private static void compare(String pattern, List<String> texts) {
        Pattern re2;
        try {
            re2 = Pattern.compile(pattern);
        } catch (PatternSyntaxException e) {
            Assume.that(false);
            return;
        }
        DirectMatcher direct = DirectMatcher.of(pattern);
        Assume.that(direct != null);
        for (String text : texts) {
            assertThat(direct.find(text))
                    .as("%s in '%s'", pattern, text)
                    .isEqualTo(re2.matcher(text).find());
        }
    }

    @Property(tries = 5000)
    void patternsOfTheKnownShapesFindWhatRe2Finds(
            @ForAll("shapes") String pattern, @ForAll("manyTexts") List<String> texts) {
        compare(pattern, texts);
    }

    @Property(tries = 3000, maxDiscardRatio = 100)
    void anyPatternThatIsReadDirectlyFindsWhatRe2Finds(
            @ForAll("anyPatterns") String pattern, @ForAll("manyTexts") List<String> texts) {
        compare(pattern, texts);
    }

    @Provide
    Arbitrary<List<String>> manyTexts() {
        return texts().list().ofSize(12);
    }

    @Example
    void theCommonShapesAreReadDirectly() {
        assertThat(List.of(
                        "^abc$",
                        "abc",
                        "^/app/src/",
                        "\\.csv$",
                        "^(EUR|USD|GBP)$",
                        "^/app/(src|test)/",
                        "^(?:get|list)_",
                        "rm -rf|mkfs",
                        "^[a-z0-9_-]+$",
                        "^[A-Z]{3}$",
                        "^ord-[0-9]{6,10}$",
                        "^[a-z.]+@example\\.com$",
                        "[0-9]{4}",
                        "\\s$"))
                .allSatisfy(pattern -> assertThat(DirectMatcher.of(pattern)).isNotNull());
    }

    @Example
    void whatCannotBeReadForSureIsLeftToRe2() {
        assertThat(List.of(
                        "^a|b$",
                        "(?i)abc",
                        "a.c",
                        "^[^/]+$",
                        "^[a-z]+[a-f]$",
                        "\\bword\\b",
                        "é",
                        "^a+?$",
                        "^(a|b)+$",
                        "a{,2}",
                        "(?m)^a$",
                        "\\pL"))
                .allSatisfy(pattern -> assertThat(DirectMatcher.of(pattern)).isNull());
    }

    @Example
    void aTextBeforeANewlineAtTheEndIsNotAtTheEnd() {
        assertThat(finds(DirectMatcher.of("^abc$"), "abc\n")).isFalse();
        assertThat(finds(DirectMatcher.of("[a-c]$"), "abc\n")).isFalse();
    }
}
