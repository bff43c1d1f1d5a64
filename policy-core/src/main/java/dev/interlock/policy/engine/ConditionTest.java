package dev.interlock.policy.engine;

import dev.interlock.policy.Condition;
import dev.interlock.policy.TimeWindow;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.Value;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A compiled condition: where to look, and what to test there.
 *
 * <p>Nearly all conditions compare a member of the arguments with a string, a few strings or a number. This class keeps
 * everything for those comparisons itself, because an indirection through other objects costs more than the comparison.
 */
final class ConditionTest {

    /** How to compare a value that is found by name. Everything else is left to the predicate. */
    private enum Shortcut {
        NONE,
        TEXT,
        TEXTS,
        ORDER
    }

    private static final String[] NO_TEXTS = {};

    private final Condition condition;

    /** The window of a condition on the time; otherwise null. */
    private final @Nullable TimeWindow window;

    private final PathReader reader;

    /** Null if the condition compares two values of the call, or asks the host. */
    private final @Nullable Predicate predicate;

    /** Null if the condition doesn't compare two values of the call. */
    private final @Nullable Relation relation;

    /** Reads what the value is compared with. Null if that is a value of the policy. */
    private final @Nullable PathReader operandReader;

    /** The name of the host's predicate that the condition asks, or null. */
    private final @Nullable String asked;

    /**
     * The first member of the path. Null if the path doesn't start at the arguments or means the elements of a list.
     */
    private final PathReader.@Nullable MemberStep first;

    private final PathReader.MemberStep[] rest;
    private final Shortcut shortcut;
    private final String text;
    private final String[] texts;

    /** A condition that compares with a value of the policy. */
    ConditionTest(Condition condition, PathReader reader, Predicate predicate) {
        this(condition, reader, predicate, null, null);
    }

    /** A condition that compares two values of the call. */
    ConditionTest(Condition condition, PathReader reader, Relation relation, PathReader operandReader) {
        this(condition, reader, null, relation, operandReader);
    }

    /** A condition that asks a predicate of the host's. */
    static ConditionTest asking(Condition condition, PathReader reader, @Nullable PathReader operandReader) {
        return new ConditionTest(condition, reader, null, null, operandReader);
    }

    private ConditionTest(
            Condition condition,
            PathReader reader,
            @Nullable Predicate predicate,
            @Nullable Relation relation,
            @Nullable PathReader operandReader) {
        this.condition = condition;
        this.window = condition.path().isTime() ? condition.operand().window() : null;
        this.reader = reader;
        this.predicate = predicate;
        this.relation = relation;
        this.operandReader = operandReader;
        this.asked = condition.operand().predicate();
        this.first = asked == null ? reader.firstArgument() : null;
        this.rest = reader.afterFirst();
        String operand = predicate == null ? null : predicate.text();
        String[] operands = predicate == null ? null : predicate.texts();
        this.text = operand == null ? "" : operand;
        this.texts = operands == null ? NO_TEXTS : operands;
        this.shortcut = operand != null
                ? Shortcut.TEXT
                : operands != null
                        ? Shortcut.TEXTS
                        : predicate instanceof Predicate.Ordered ? Shortcut.ORDER : Shortcut.NONE;
    }

    Condition condition() {
        return condition;
    }

    Truth test(ToolCall call, CounterSnapshot counters) {
        if (window != null) {
            return Truth.of(window.includes(call.time()));
        }
        if (predicate != null) {
            return reader.test(predicate, call, counters);
        }
        if (asked != null) {
            Predicate.Asked questions = questions(asked, call, counters);
            return questions == null ? Truth.INVALID : reader.test(questions, call, counters);
        }
        Value operand = certain(operand(call, counters));
        if (operand == null) {
            return Truth.INVALID;
        }
        if (reader.isSingle()) {
            return compare(reader.read(call, counters), operand);
        }
        Predicate bound = Objects.requireNonNull(relation).with(operand);
        return bound == null ? Truth.INVALID : reader.test(bound, call, counters);
    }

    /** Whether the condition asks a predicate of the host's. */
    boolean asksHost() {
        return asked != null;
    }

    /** Whether the condition is invalid because a predicate of the host's has not answered. */
    boolean isUnanswered(ToolCall call, CounterSnapshot counters) {
        Predicate.Asked questions = asked == null ? null : questions(asked, call, counters);
        return questions != null && reader.test(questions, call, counters) == Truth.INVALID && questions.isUnanswered();
    }

    /** What the condition asks a predicate of the host's; null if what it compares with is not there. */
    private Predicate.@Nullable Asked questions(String name, ToolCall call, CounterSnapshot counters) {
        Value operand = operandReader == null ? condition.operand().value() : certain(operand(call, counters));
        return operand == null ? null : new Predicate.Asked(name, operand, counters.answers());
    }

    /** The operand, or null if nothing can be compared with it. */
    private static @Nullable Value certain(@Nullable Value operand) {
        return operand == Value.Nil.NULL || PathReader.isUnclear(operand) ? null : operand;
    }

    private Truth compare(@Nullable Value value, Value operand) {
        return PathReader.isUnclear(value)
                ? Truth.INVALID
                : Objects.requireNonNull(relation).compare(value, operand);
    }

    /**
     * What the value is compared with, if that is a value of the call. Null if there is none; {@link
     * PathReader#UNCLEAR} if it is ambiguous.
     */
    @Nullable
    Value operand(ToolCall call, CounterSnapshot counters) {
        return Objects.requireNonNull(operandReader).read(call, counters);
    }

    /** How long until the condition holds, if it is one on the time and that is known; otherwise null. */
    @Nullable
    Duration wait(ToolCall call) {
        return window == null ? null : window.wait(call.time()).orElse(null);
    }

    /** The argument that the condition reads or looks into. Null if the condition must be tested by {@link #test}. */
    PathReader.@Nullable MemberStep argument() {
        return first;
    }

    /** Whether the condition is definitely true for its {@link #argument}, as read from the arguments of the call. */
    boolean holds(@Nullable Value argument, ToolCall call, CounterSnapshot counters) {
        Value value = argument;
        for (int i = 0; i < rest.length && value != null && !PathReader.isUnclear(value); i++) {
            value = rest[i].from(value);
        }
        if (predicate == null) {
            Value operand = certain(operand(call, counters));
            return operand != null && compare(value, operand) == Truth.TRUE;
        }
        if (value == null) {
            return predicate.missing() == Truth.TRUE;
        }
        if (PathReader.isUnclear(value)) {
            return false;
        }
        if (value instanceof Value.Text found) {
            if (shortcut == Shortcut.TEXT) {
                return found.value().equals(text);
            }
            if (shortcut == Shortcut.TEXTS) {
                return isOneOf(texts, found.value());
            }
        } else if (shortcut == Shortcut.ORDER && value instanceof NumberValue number) {
            return ((Predicate.Ordered) predicate).holds(number);
        }
        return predicate.test(value) == Truth.TRUE;
    }

    private static boolean isOneOf(String[] texts, String found) {
        for (int i = 0; i < texts.length; i++) {
            if (found.equals(texts[i])) {
                return true;
            }
        }
        return false;
    }

    /** Whether one of the tests asks a predicate of the host's. */
    static boolean asksHost(ConditionTest[] tests) {
        for (ConditionTest test : tests) {
            if (test.asksHost()) {
                return true;
            }
        }
        return false;
    }

    /** Kleene's conjunction of all tests; true if there are none. */
    static Truth all(ConditionTest[] tests, ToolCall call, CounterSnapshot counters) {
        Truth result = Truth.TRUE;
        for (ConditionTest test : tests) {
            result = result.and(test.test(call, counters));
            if (result == Truth.FALSE) {
                return result;
            }
        }
        return result;
    }

    /** The value at the path. Null if there is none; {@link PathReader#UNCLEAR} if it is ambiguous. */
    @Nullable
    Value found(ToolCall call, CounterSnapshot counters) {
        return reader.read(call, counters);
    }
}
