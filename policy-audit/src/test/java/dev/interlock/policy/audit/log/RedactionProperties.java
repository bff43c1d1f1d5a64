package dev.interlock.policy.audit.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Laws of what the log hides. */
class RedactionProperties {

    private static final String SECRET = "hunter2";
    private static final String EVERY = "[*]";
    private static final List<String> STEPS = List.of("user", "card", "0", "Ana", EVERY);

    /** Whatever shape an agent gives what stands at a hidden path or above it. */
    @Property(tries = 2_000)
    void aHiddenValueIsNeverInTheLog(
            @ForAll("steps") List<String> first, @ForAll("steps") List<String> second, @ForAll Random random) {
        Map<String, Object> arguments = new LinkedHashMap<>();
        arguments.put("other", "seen");
        arguments.put("root", spelt(first, false, random));

        assertThat(logged(Redaction.allBut(path(first), path(second)), arguments))
                .doesNotContain(SECRET)
                .contains("seen");
    }

    @Property(tries = 500)
    void whatHasTheShapeOfAHiddenPathLosesNothingBeside(@ForAll("steps") List<String> steps) {
        Object value = SECRET;
        for (int i = steps.size() - 1; i >= 0; i--) {
            value = steps.get(i).equals(EVERY)
                    ? List.of(value)
                    : steps.get(i).equals("0") ? List.of(value, "beside") : Map.of(steps.get(i), value, "b", "beside");
        }
        long beside = steps.stream().filter(step -> !step.equals(EVERY)).count();

        assertThat(logged(Redaction.allBut(path(steps)), Map.of("root", value)))
                .doesNotContain(SECRET)
                .satisfies(log -> assertThat(log.split("beside", -1)).hasSize((int) beside + 1));
    }

    @Provide
    Arbitrary<List<String>> steps() {
        return Arbitraries.of(STEPS).list().ofMinSize(0).ofMaxSize(4);
    }

    private static String path(List<String> steps) {
        StringBuilder path = new StringBuilder("args.root");
        steps.forEach(step -> path.append(step.equals(EVERY) ? "" : ".").append(step));
        return path.toString();
    }

    /**
     * A value that some server may take for one with the secret at the end of these steps.
     *
     * @param shifted whether a list was added, left out or replaced above. A second such change can undo the first, so
     *     that the value has the shape of the path and holds the secret at another one
     */
    private static Object spelt(List<String> steps, boolean shifted, Random random) {
        if (steps.isEmpty()) {
            return random.nextBoolean() ? SECRET : Map.of("a", List.of(SECRET));
        }
        String step = steps.get(0);
        boolean counted = step.equals(EVERY) || step.equals("0");
        int spelling = random.nextInt(8);
        boolean shifts = spelling < 2 || spelling == 3 || (spelling == 4 && counted);
        Object below = spelt(steps.subList(1, steps.size()), shifted || shifts, random);
        Object exact = counted ? List.of(below) : Map.of(step, below);
        if (shifted && shifts) {
            return exact;
        }
        return switch (spelling) {
            case 0 -> List.of(exact);
            case 1 -> List.of(List.of(exact));
            case 2 -> Value.freeze(exact).json();
            case 3 -> step.equals(EVERY) ? below : List.of(below);
            case 4 -> Map.of(step.equals(EVERY) ? "0" : step.toUpperCase(java.util.Locale.ROOT), below);
            default -> exact;
        };
    }

    private static String logged(Redaction redaction, Map<String, ?> arguments) {
        ObjectValue kept = redaction.of((ObjectValue) Value.freeze(arguments));
        return kept == null ? "" : kept.json();
    }
}
