package dev.interlock.policy.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Condition;
import dev.interlock.policy.Operator;
import dev.interlock.policy.value.Value;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;

/**
 * {@code within_path} against an oracle that walks: a path is a list of steps, and the oracle takes them one by one.
 * Each law writes the steps down in some spelling.
 */
class WithinPathProperties {

    private static final List<String> NAMES = List.of("app", "src", "a", "App", "b c", "\u00e9t\u00e9", ".x", "src2");

    /** Each takes a path, and gives another that some program takes for that path or for one somewhere else. */
    private static final List<UnaryOperator<String>> TRICKS = List.of(
            path -> path.replace("..", "%2e%2e"),
            path -> path.replace("..", "%252E."),
            path -> path.replace("..", "\uff0e\uff0e"),
            path -> path.replace("..", ".\u034f."),
            path -> path.replace("..", "..\ufe0f"),
            path -> path.replace("..", "..;x"),
            path -> path.replace("..", ".. "),
            path -> path.replace("..", "%u002e%u002e"),
            path -> path.substring(0, 1) + path.substring(1).replace("/", "%2f"),
            path -> path.substring(0, 1) + path.substring(1).replaceFirst("/", "%252f"),
            path -> path.substring(0, 1) + path.substring(1).replace("/", "\\"),
            path -> path.substring(0, 1) + path.substring(1).replaceFirst("/", "%5c"),
            path -> path.substring(0, 1) + path.substring(1).replaceFirst("/", "\u2215"),
            path -> path.substring(0, 1) + path.substring(1).replaceFirst("/", "\u00a5"),
            path -> path.substring(0, 1) + path.substring(1).replaceFirst("/", "\uff0f"),
            path -> path.replace("a", "%61"),
            path -> path.replace("a", "\uff41"),
            path -> path.replace("src", "sr\u200bc"),
            path -> path.replace("src", "s\u034frc"),
            path -> path.replace("src", "src."),
            path -> path.replace("src", "src "),
            path -> path.replace("src", "src:x"),
            path -> path.replace("src", "src;x"),
            path -> path.replace("src", "s*"),
            path -> path.replace("src", "s?c"),
            path -> path.replace("src", "[s]rc"),
            path -> path.replace("src", "{src,x}"),
            path -> path.replace("src", "$x"),
            path -> path.toUpperCase(Locale.ROOT),
            path -> Normalizer.normalize(path, Normalizer.Form.NFD),
            path -> "/" + path,
            path -> path.replaceFirst("^/", "/proc/self/root/"),
            path -> path.replaceFirst("^/", "/dev/fd/3/"),
            path -> path.replaceFirst("^/", "/x/../"),
            path -> "\\\\?" + path.replace('/', '\\'),
            path -> "C:" + path,
            path -> "file://" + path);

    @Property
    void aPathLiesWhereItsStepsLead(
            @ForAll("steps") List<String> steps, @ForAll("directories") List<String> directory) {
        assertThat(contain(text(directory), text(steps))).isEqualTo(walked(steps, directory));
    }

    @Property
    void onADriveTheSameHoldsWithEitherSeparatorAndInEitherCase(
            @ForAll("steps") List<String> steps,
            @ForAll("directories") List<String> directory,
            @ForAll("separators") List<String> separators,
            @ForAll boolean upper) {
        StringBuilder path = new StringBuilder("C:");
        for (int i = 0; i < steps.size(); i++) {
            path.append(separators.get(i % separators.size())).append(steps.get(i));
        }
        if (steps.isEmpty()) {
            path.append('\\');
        }
        String spelled = upper ? path.toString().toUpperCase(Locale.ROOT) : path.toString();
        Truth expected = walked(lower(steps), lower(directory));

        assertThat(contain("c:" + text(directory).replace('/', '\\'), spelled)).isEqualTo(expected);
        assertThat(contain("C:" + text(directory), spelled)).isEqualTo(expected);
    }

    @Property
    void aRelativePathLiesWhereItsStepsLeadFromTheBase(
            @ForAll("steps") List<String> steps,
            @ForAll("directories") List<String> base,
            @ForAll("directories") List<String> directory) {
        List<String> all = new ArrayList<>(base);
        all.addAll(steps);
        String path = String.join("/", steps);
        FilePaths paths = FilePaths.of(List.of(text(directory)), text(base));

        assertThat(paths.contain(path)).isEqualTo(steps.isEmpty() ? Truth.INVALID : walked(all, directory));
        assertThat(contain(text(directory), path)).isEqualTo(Truth.INVALID);
    }

    @Property
    void noTrickTurnsOutsideIntoInsideNorInsideIntoOutside(
            @ForAll("steps") List<String> steps,
            @ForAll("directories") List<String> directory,
            @ForAll("tricks") List<UnaryOperator<String>> tricks) {
        Truth plain = walked(steps, directory);
        String path = text(steps);
        for (UnaryOperator<String> trick : tricks) {
            path = trick.apply(path);
        }
        Truth spelled = contain(text(directory), path);

        if (plain == Truth.FALSE) {
            assertThat(spelled).as(path).isNotEqualTo(Truth.TRUE);
        }
        // Two tricks together can make a path of a file URL: one in a directory named "file:".
        if (plain == Truth.TRUE && !path.startsWith("/file:")) {
            assertThat(spelled).as(path).isNotEqualTo(Truth.FALSE);
        }
    }

    @Property
    void aListHoldsWhatAnyOfItHoldsAndForbidsWhatAnyOfItForbids(
            @ForAll("steps") List<String> steps,
            @ForAll("directories") List<String> one,
            @ForAll("directories") List<String> other,
            @ForAll("tricks") List<UnaryOperator<String>> tricks) {
        String path = text(steps);
        for (UnaryOperator<String> trick : tricks) {
            path = trick.apply(path);
        }
        Truth both = FilePaths.of(List.of(text(one), text(other)), null).contain(path);
        Truth a = contain(text(one), path);
        Truth b = contain(text(other), path);

        assertThat(both)
                .isEqualTo(
                        a == Truth.TRUE || b == Truth.TRUE
                                ? Truth.TRUE
                                : a == Truth.INVALID || b == Truth.INVALID ? Truth.INVALID : Truth.FALSE);
    }

    @Property
    void noTextAtAllBreaksIt(@ForAll String text, @ForAll("directories") List<String> directory) {
        Truth truth = contain(text(directory), text);
        if (!text.startsWith("/") && !text.startsWith("\\")) {
            assertThat(truth).isEqualTo(Truth.INVALID);
        }
        assertThat(Comparison.of(Condition.of("args.a", Operator.WITHIN_PATH, text(directory)))
                        .holds(new Value.Text(text.replaceAll("[\ud800-\udfff]", ""))))
                .isIn(true, false);
    }

    private static Truth contain(String directory, String path) {
        return FilePaths.of(List.of(directory), null).contain(path);
    }

    private static String text(List<String> steps) {
        return "/" + String.join("/", steps);
    }

    private static List<String> lower(List<String> steps) {
        return steps.stream().map(step -> step.toLowerCase(Locale.ROOT)).toList();
    }

    /** Walks; two names that differ in case only are one directory on some systems and two on others. */
    private static Truth walked(List<String> steps, List<String> directory) {
        List<String> place = new ArrayList<>();
        for (String step : steps) {
            if (step.equals("..")) {
                if (place.isEmpty()) {
                    return Truth.INVALID;
                }
                place.remove(place.size() - 1);
            } else if (!step.equals(".")) {
                place.add(step);
            }
        }
        if (place.size() >= directory.size()
                && place.subList(0, directory.size()).equals(directory)) {
            return Truth.TRUE;
        }
        List<String> folded = lower(place);
        return folded.size() >= directory.size()
                        && folded.subList(0, directory.size()).equals(lower(directory))
                ? Truth.INVALID
                : Truth.FALSE;
    }

    @Provide
    Arbitrary<List<String>> steps() {
        return Arbitraries.frequencyOf(
                        Tuple.of(5, Arbitraries.of(NAMES)),
                        Tuple.of(2, Arbitraries.just("..")),
                        Tuple.of(1, Arbitraries.just(".")))
                .list()
                .ofMaxSize(7);
    }

    @Provide
    Arbitrary<List<String>> directories() {
        return Arbitraries.of(
                List.of("app"), List.of("app", "src"), List.of("a", "\u00e9t\u00e9"), List.of("app", "src", "b c"));
    }

    @Provide
    Arbitrary<List<String>> separators() {
        return Combinators.combine(Arbitraries.of("/", "\\"), Arbitraries.of("/", "\\", "\\\\"))
                .as((first, second) -> List.of(first, second));
    }

    @Provide
    Arbitrary<List<UnaryOperator<String>>> tricks() {
        return Arbitraries.of(TRICKS).list().ofMinSize(1).ofMaxSize(3);
    }
}
