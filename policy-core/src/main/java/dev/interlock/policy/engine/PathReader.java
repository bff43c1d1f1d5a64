package dev.interlock.policy.engine;

import dev.interlock.policy.Path;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.value.MemberName;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A compiled path: where it starts, the members to walk through, and the rest for the elements of a list. */
final class PathReader {

    /**
     * Stands for a value at a path that is ambiguous, because another member on the way could be mistaken for the named
     * one. Compared by identity.
     */
    static final Value UNCLEAR = new Value.Array(List.of());

    /** Whether a value is {@link #UNCLEAR}. */
    @SuppressWarnings("ReferenceEquality") // An empty list of the caller's is not it.
    static boolean isUnclear(@Nullable Value value) {
        return value == UNCLEAR;
    }

    /** Null for the arguments, where nearly all paths start. */
    private final @Nullable PathStart source;

    private final Steps steps;

    private PathReader(@Nullable PathStart source, List<Path.Step> steps) {
        this.source = source;
        this.steps = Steps.of(steps, 0);
    }

    /** A path into the arguments. */
    static PathReader argument(Path path) {
        return new PathReader(null, path.steps());
    }

    /** A path into what the source reads. */
    static PathReader of(PathStart source, List<Path.Step> steps) {
        return new PathReader(source, steps);
    }

    /**
     * The result of {@code predicate} for the value at the path; with {@code [*]}, for every element, and with
     * {@code [any]}, for at least one.
     */
    Truth test(Predicate predicate, ToolCall call, CounterSnapshot counters) {
        return test(predicate, start(call, counters), steps);
    }

    /** Whether the path leads to one value, and not to the elements of a list. */
    boolean isSingle() {
        return steps.rest == null;
    }

    /** The first member, if the path consists only of members of the arguments; otherwise null. */
    @Nullable
    MemberStep firstArgument() {
        return source == null && steps.rest == null ? steps.members[0] : null;
    }

    /** The members after the first. */
    MemberStep[] afterFirst() {
        return steps.members.length < 2
                ? new MemberStep[0]
                : Arrays.copyOfRange(steps.members, 1, steps.members.length);
    }

    private @Nullable Value start(ToolCall call, CounterSnapshot counters) {
        return source == null ? call.arguments().root() : source.read(call, counters);
    }

    private static Truth test(Predicate predicate, @Nullable Value start, Steps steps) {
        Value value = walk(start, steps.members);
        if (value == null) {
            return predicate.missing();
        }
        if (isUnclear(value)) {
            return Truth.INVALID;
        }
        if (steps.rest == null) {
            return predicate.test(value);
        }
        if (!(value instanceof Value.Array array)) {
            return Truth.INVALID;
        }
        return steps.any ? testAny(predicate, array, steps.rest) : testEvery(predicate, array, steps.rest);
    }

    private static Truth testAny(Predicate predicate, Value.Array array, Steps rest) {
        Truth result = Truth.FALSE;
        for (Value item : array.items()) {
            result = result.or(test(predicate, item, rest));
            if (result == Truth.TRUE) {
                return result;
            }
        }
        return result;
    }

    /** If one element can't be compared, the result is invalid whatever the other elements are. */
    private static Truth testEvery(Predicate predicate, Value.Array array, Steps rest) {
        Truth result = Truth.TRUE;
        boolean invalid = false;
        for (Value item : array.items()) {
            Truth one = test(predicate, item, rest);
            invalid |= one == Truth.INVALID;
            result = result.and(one);
        }
        return invalid ? Truth.INVALID : result;
    }

    /**
     * The value at the path. Null if there is none; {@link #UNCLEAR} if it is ambiguous. With {@code [*]} or
     * {@code [any]}, the list whose elements are meant.
     */
    @Nullable
    Value read(ToolCall call, CounterSnapshot counters) {
        return walk(start(call, counters), steps.members);
    }

    /** The same from another value than the call's. Paths with {@code [*]} must not be read so. */
    @Nullable
    Value from(Value other) {
        return walk(other, steps.members);
    }

    private static @Nullable Value walk(@Nullable Value start, MemberStep[] members) {
        Value value = start;
        for (int i = 0; i < members.length && value != null && !isUnclear(value); i++) {
            value = members[i].from(value);
        }
        return value;
    }

    /** Where a path starts. Returns null if there is nothing. */
    interface PathStart {
        @Nullable
        Value read(ToolCall call, CounterSnapshot counters);
    }

    /** The steps up to the end or to the elements of a list, and the steps to apply to these elements. */
    private static final class Steps {
        private static final MemberStep[] NO_MEMBERS = {};

        final MemberStep[] members;
        final @Nullable Steps rest;

        /** Whether one of the elements is enough. Otherwise every one counts. */
        final boolean any;

        private Steps(MemberStep[] members, @Nullable Steps rest, boolean any) {
            this.members = members;
            this.rest = rest;
            this.any = any;
        }

        static Steps of(List<Path.Step> steps, int from) {
            List<MemberStep> members = new ArrayList<>();
            for (int i = from; i < steps.size(); i++) {
                if (!(steps.get(i) instanceof Path.Step.Member member)) {
                    boolean any = steps.get(i) instanceof Path.Step.Any;
                    return new Steps(members.toArray(NO_MEMBERS), of(steps, i + 1), any);
                }
                members.add(MemberStep.of(member));
            }
            return new Steps(members.toArray(NO_MEMBERS), null, false);
        }
    }

    /** A member's name and, if the name can be the number of an element, that number; otherwise -1. */
    record MemberStep(MemberName name, int index) {

        static MemberStep of(Path.Step.Member step) {
            return new MemberStep(MemberName.of(step.name()), step.quoted() ? -1 : index(step.name()));
        }

        /** The member's value. Null if there is none; {@link #UNCLEAR} if it is ambiguous. */
        @Nullable
        Value from(Value container) {
            if (container instanceof ObjectValue object) {
                return object.read(name, UNCLEAR);
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
            if (name.isEmpty() || name.length() > 9 || (name.length() > 1 && name.charAt(0) == '0')) {
                return -1;
            }
            for (int i = 0; i < name.length(); i++) {
                if (name.charAt(i) < '0' || name.charAt(i) > '9') {
                    return -1;
                }
            }
            return Integer.parseInt(name);
        }
    }
}
