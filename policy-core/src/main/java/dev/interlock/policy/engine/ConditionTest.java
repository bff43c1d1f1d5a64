package dev.interlock.policy.engine;

import dev.interlock.policy.Condition;
import dev.interlock.policy.TimeWindow;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.Value;
import java.time.Duration;
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
    private final Predicate predicate;

    /** The first member of the path. Null if the path doesn't start at the arguments or contains {@code [*]}. */
    private final PathReader.@Nullable MemberStep first;

    private final PathReader.MemberStep[] rest;
    private final Shortcut shortcut;
    private final String text;
    private final String[] texts;

    ConditionTest(Condition condition, PathReader reader, Predicate predicate) {
        this.condition = condition;
        this.window = condition.path().isTime() ? condition.operand().window() : null;
        this.reader = reader;
        this.predicate = predicate;
        this.first = reader.firstArgument();
        this.rest = reader.afterFirst();
        String operand = predicate.text();
        String[] operands = predicate.texts();
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
        return reader.test(predicate, call, counters);
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

    /** Whether the condition is definitely true for its {@link #argument}, as read from the arguments. */
    boolean holds(@Nullable Value argument) {
        Value value = argument;
        for (int i = 0; i < rest.length && value != null && !PathReader.isUnclear(value); i++) {
            value = rest[i].from(value);
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
