package dev.interlock.policy.engine;

import dev.interlock.policy.Path;
import dev.interlock.policy.engine.PathReader.MemberStep;
import dev.interlock.policy.session.SessionMemory;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The values that stand at a mark's path, as canonical texts. A value that is missing, null, a list or a map is none.
 */
final class MarkValues {

    private final List<Optional<MemberStep>> steps;
    private final Set<String> texts = new LinkedHashSet<>();

    /** Whether every value could be told, and they are not too long and not too many for one mark. */
    private boolean usable = true;

    private MarkValues(List<Optional<MemberStep>> steps) {
        this.steps = steps;
    }

    /** Compiles the steps of a path; one that means the elements of a list is empty. */
    static List<Optional<MemberStep>> steps(List<Path.Step> steps) {
        return steps.stream()
                .map(step -> step instanceof Path.Step.Member member
                        ? Optional.of(MemberStep.of(member))
                        : Optional.<MemberStep>empty())
                .toList();
    }

    /**
     * Reads values.
     *
     * @param start where the steps begin
     * @param steps the steps, as {@link #steps} compiles them
     */
    static MarkValues at(@Nullable Value start, List<Optional<MemberStep>> steps) {
        MarkValues values = new MarkValues(steps);
        values.collect(start, 0);
        return values;
    }

    /** Values that can't be told. */
    static MarkValues unusable() {
        MarkValues values = new MarkValues(List.of());
        values.usable = false;
        return values;
    }

    private void collect(@Nullable Value value, int step) {
        if (!usable || value == null || value == Value.Nil.NULL) {
            return;
        }
        if (PathReader.isUnclear(value)) {
            usable = false;
        } else if (step == steps.size()) {
            add(value);
        } else if (steps.get(step).isPresent()) {
            collect(steps.get(step).orElseThrow().from(value), step + 1);
        } else if (value instanceof Value.Array array) {
            for (Value item : array.items()) {
                collect(item, step + 1);
            }
        } else {
            usable = false; // What should be a list and isn't could hide values.
        }
    }

    private void add(Value value) {
        if (value instanceof Value.Array || value instanceof ObjectValue) {
            return;
        }
        String text = text(value);
        if (text == null
                || (text.length() > SessionMemory.LONGEST_VALUE
                        && text.codePointCount(0, text.length()) > SessionMemory.LONGEST_VALUE)) {
            usable = false;
            return;
        }
        texts.add(text);
        usable = texts.size() <= SessionMemory.MOST_VALUES;
    }

    /** The canonical text of a scalar; null for a number that is written in too many digits. */
    private static @Nullable String text(Value value) {
        if (value instanceof Value.Text text) {
            return text.value();
        }
        if (value instanceof NumberValue number) {
            return number.plainText(SessionMemory.LONGEST_VALUE);
        }
        return value == Value.Bool.TRUE ? "true" : "false";
    }

    boolean isUsable() {
        return usable;
    }

    /** The values, each once, in order; some of them if they are not usable. */
    Set<String> texts() {
        return texts;
    }
}
