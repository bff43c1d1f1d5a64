package dev.interlock.policy.engine;

import dev.interlock.policy.Path;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A path, compiled: where it starts, and its steps as a chain. */
final class PathReader {

    private final Source source;
    /** What is left of the path after the source; null where the source is all. */
    private final @Nullable Step first;

    PathReader(Source source, List<Path.Step> steps) {
        this.source = source;
        this.first = chain(steps, 0);
    }

    /** A path into the arguments. */
    static PathReader argument(Path path) {
        return new PathReader((call, counters) -> call.arguments().root(), path.steps());
    }

    /** What {@code predicate} says of what is found; with {@code [*]}, of every element. */
    Truth test(Predicate predicate, ToolCall call, CounterValues counters) {
        return test(predicate, source.read(call, counters), first);
    }

    private static Truth test(Predicate predicate, @Nullable Value start, @Nullable Step from) {
        Value value = start;
        for (Step step = from; step != null; step = step.next) {
            if (value == null || value == Value.Nil.NULL) {
                return predicate.missing();
            }
            if (step.member == null) {
                return testEvery(predicate, value, step.next);
            }
            value = step.member.from(value);
        }
        return value == null ? predicate.missing() : predicate.test(value);
    }

    private static Truth testEvery(Predicate predicate, Value value, @Nullable Step rest) {
        if (!(value instanceof Value.Array array)) {
            return Truth.INVALID;
        }
        Truth result = Truth.TRUE;
        for (Value item : array.items()) {
            result = result.and(test(predicate, item, rest));
        }
        return result;
    }

    /** The value at the path, or null if nothing is there; with {@code [*]}, the list whose elements are meant. */
    @Nullable
    Value read(ToolCall call, CounterValues counters) {
        Value value = source.read(call, counters);
        for (Step step = first; step != null && step.member != null && value != null; step = step.next) {
            value = step.member.from(value);
        }
        return value;
    }

    private static @Nullable Step chain(List<Path.Step> steps, int from) {
        if (from == steps.size()) {
            return null;
        }
        Member member = steps.get(from) instanceof Path.Step.Member m ? Member.of(m) : null;
        return new Step(member, chain(steps, from + 1));
    }

    /** Where a path starts; null where nothing is. */
    interface Source {
        @Nullable
        Value read(ToolCall call, CounterValues counters);
    }

    /** One step: into a member or, where {@code member} is null, to every element. */
    private record Step(@Nullable Member member, @Nullable Step next) {}

    /** A member's name and, if it could be one, the number of an element; -1 if it couldn't. */
    private record Member(String name, int index) {

        static Member of(Path.Step.Member step) {
            return new Member(step.name(), step.quoted() ? -1 : index(step.name()));
        }

        @Nullable
        Value from(Value container) {
            if (container instanceof ObjectValue object) {
                return object.get(name);
            }
            if (index >= 0
                    && container instanceof Value.Array array
                    && index < array.items().size()) {
                return array.items().get(index);
            }
            return null;
        }

        /** Only the shortest decimal form is a number: {@code 0}, not {@code 00}. */
        private static int index(String name) {
            boolean digits = name.length() <= 9 && name.chars().allMatch(c -> c >= '0' && c <= '9');
            return digits && (name.length() == 1 || name.charAt(0) != '0') ? Integer.parseInt(name) : -1;
        }
    }
}
