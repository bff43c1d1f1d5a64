package dev.interlock.policy.yaml;

import dev.interlock.policy.text.Suggestion;
import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import dev.interlock.policy.value.ValueLimits;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads single values. If a node isn't of the required type, each method reports that and returns null. */
final class Scalars {

    /** Longer than any accepted number, including sign, point and exponent. */
    private static final int LONGEST_NUMBER = ValueLimits.MAX_DIGITS + 20;

    private final DiagnosticCollector findings;

    Scalars(DiagnosticCollector findings) {
        this.findings = findings;
    }

    /** A string; a number or boolean where a string is required is taken as written. */
    @Nullable
    String text(Node node, NodePath at, String what) {
        if (!(node instanceof Node.Scalar scalar)) {
            wrongType(node, at, what, "a string");
            return null;
        }
        if (scalar.isNull()) {
            missingValue(scalar, at, what, "a string");
            return null;
        }
        return scalar.text();
    }

    /** A string that isn't blank. */
    @Nullable
    String nonBlank(Node node, NodePath at, String what) {
        String text = text(node, at, what);
        if (text != null && text.isBlank()) {
            findings.error("blank", node, at, what + " is blank", "write something, or leave it out");
            return null;
        }
        return text;
    }

    /** A message for a denied caller; a blank one is reported and left out. */
    @Nullable
    String message(Node node, NodePath at, String what) {
        String text = text(node, at, what);
        if (text != null && text.isBlank()) {
            findings.warn("blank", node, at, what + " is blank", "a message of ours stands in for it");
            return null;
        }
        return text;
    }

    /** One of a few words. */
    @Nullable
    String word(Node node, NodePath at, String what, Collection<String> words) {
        String text = text(node, at, what);
        if (text == null || words.contains(text)) {
            return text;
        }
        String nearest = Suggestion.hint(text, words);
        findings.error(
                "bad-value",
                node,
                at,
                what + " can't be " + Display.quoted(text),
                nearest == null ? "it is " + alternatives(words) : nearest);
        return null;
    }

    /** {@code true} or {@code false}. */
    @Nullable
    Boolean bool(Node node, NodePath at, String what) {
        if (!(node instanceof Node.Scalar scalar)) {
            wrongType(node, at, what, "true or false");
            return null;
        }
        return switch (scalar.kind()) {
            case TRUE -> true;
            case FALSE -> false;
            case AMBIGUOUS -> {
                ambiguous(scalar, at, "write true or false");
                yield null;
            }
            default -> {
                wrongType(node, at, what, "true or false");
                yield null;
            }
        };
    }

    /** A finite number, exactly. */
    @Nullable
    NumberValue number(Node node, NodePath at, String what) {
        if (!(node instanceof Node.Scalar scalar)) {
            wrongType(node, at, what, "a number");
            return null;
        }
        return switch (scalar.kind()) {
            case INTEGER, DECIMAL -> number(scalar, at);
            case AMBIGUOUS -> {
                ambiguous(scalar, at, "write the number in plain decimal");
                yield null;
            }
            case NOT_FINITE -> {
                notFinite(scalar, at);
                yield null;
            }
            default -> {
                wrongType(node, at, what, "a number");
                yield null;
            }
        };
    }

    /** A whole number between two bounds. */
    @Nullable
    Long whole(Node node, NodePath at, String what, long least, long most) {
        NumberValue number = number(node, at, what);
        if (number == null) {
            return null;
        }
        if (!number.typeName().equals("integer")) {
            findings.error("bad-number", node, at, what + " must be a whole number, not " + shown(node));
            return null;
        }
        if (number.compareTo(NumberValue.of(least)) < 0 || number.compareTo(NumberValue.of(most)) > 0) {
            findings.error(
                    "bad-number",
                    node,
                    at,
                    what + " must be between " + least + " and " + most + ", not " + shown(node));
            return null;
        }
        return number.toBigDecimal().longValueExact();
    }

    /** Any value. */
    @Nullable
    Value value(Node node, NodePath at) {
        if (node instanceof Node.Sequence sequence) {
            List<Value> items = new ArrayList<>(sequence.items().size());
            boolean whole = true;
            for (int i = 0; i < sequence.items().size(); i++) {
                Value item = value(sequence.items().get(i), at.item(i));
                whole &= item != null;
                if (item != null) {
                    items.add(item);
                }
            }
            return whole ? new Value.Array(items) : null;
        }
        if (node instanceof Node.Mapping mapping) {
            Map<String, Value> members = new LinkedHashMap<>();
            boolean whole = true;
            for (Node.Pair pair : mapping.pairs()) {
                Value member = value(pair.value(), at.key(pair.name()));
                whole &= member != null;
                if (member != null) {
                    members.put(pair.name(), member);
                }
            }
            return whole ? ObjectValue.of(members) : null;
        }
        return scalarValue((Node.Scalar) node, at);
    }

    private @Nullable Value scalarValue(Node.Scalar scalar, NodePath at) {
        return switch (scalar.kind()) {
            case TRUE -> Value.Bool.TRUE;
            case FALSE -> Value.Bool.FALSE;
            case INTEGER, DECIMAL -> number(scalar, at);
            case TEXT -> new Value.Text(scalar.text());
            case NULL -> {
                if (scalar.text().isEmpty()) {
                    findings.error("null-value", scalar, at, "there is no value here", "write null if null is meant");
                    yield null;
                }
                yield Value.Nil.NULL;
            }
            case AMBIGUOUS -> {
                ambiguous(scalar, at);
                yield null;
            }
            case NOT_FINITE -> {
                notFinite(scalar, at);
                yield null;
            }
            case DATE -> {
                findings.error(
                        "ambiguous-scalar",
                        scalar,
                        at,
                        Display.quoted(scalar.text()) + " is a date in YAML 1.1 and a string in YAML 1.2",
                        "quote it: \"" + scalar.text() + "\"; Intercept would have compared with another text");
                yield null;
            }
        };
    }

    private @Nullable NumberValue number(Node.Scalar scalar, NodePath at) {
        String text = scalar.text();
        if (text.length() > LONGEST_NUMBER) {
            findings.error("bad-number", scalar, at, "a number has more than " + ValueLimits.MAX_DIGITS + " digits");
            return null;
        }
        try {
            if (text.startsWith("0x")) {
                return NumberValue.of(new BigInteger(text.substring(2), 16));
            }
            return text.length() <= 18 && scalar.kind() == ScalarKind.INTEGER
                    ? NumberValue.of(Long.parseLong(text))
                    : NumberValue.of(new BigDecimal(text));
        } catch (InvalidValueException e) {
            findings.error("bad-number", scalar, at, String.valueOf(e.getMessage()));
        } catch (NumberFormatException e) {
            // The pattern has been checked; the only failure left is an exponent beyond an int.
            findings.error("bad-number", scalar, at, "a number's exponent is beyond " + ValueLimits.MAX_EXPONENT);
        }
        return null;
    }

    void wrongType(Node node, NodePath at, String what, String expected) {
        if (findings.isFull()) {
            findings.countError();
            return;
        }
        if (node instanceof Node.Scalar scalar && scalar.isNull()) {
            missingValue(scalar, at, what, expected);
            return;
        }
        String hint = null;
        if (node instanceof Node.Scalar scalar
                && !scalar.plain()
                && ((expected.endsWith("number") && ScalarKind.of(scalar.text()).isNumber())
                        || (expected.equals("true or false") && isBool(scalar.text())))) {
            hint = "take the quotes away";
        }
        findings.error("wrong-type", node, at, what + " must be " + expected + ", not " + node.describe(), hint);
    }

    private static boolean isBool(String text) {
        ScalarKind kind = ScalarKind.of(text);
        return kind == ScalarKind.TRUE || kind == ScalarKind.FALSE;
    }

    private void missingValue(Node.Scalar scalar, NodePath at, String what, String expected) {
        findings.error(
                "null-value",
                scalar,
                at,
                what + " must be " + expected + ", and there is no value here",
                "leave the key out if nothing is meant");
    }

    private void ambiguous(Node.Scalar scalar, NodePath at, String hint) {
        findings.error(
                "ambiguous-scalar",
                scalar,
                at,
                Display.quoted(scalar.text()) + " is one thing in YAML 1.1 and another in YAML 1.2",
                hint);
    }

    /** Where any value is allowed, the author must make clear whether a string is meant. */
    private void ambiguous(Node.Scalar scalar, NodePath at) {
        String quoted = "\"" + Display.clean(scalar.text(), 40) + "\"";
        ambiguous(
                scalar,
                at,
                Character.isLetter(scalar.text().charAt(0))
                        ? "write true or false, or " + quoted + " if the word is meant"
                        : "write the number in plain decimal, or " + quoted + " if a string is meant");
    }

    private void notFinite(Node.Scalar scalar, NodePath at) {
        findings.error(
                "bad-number",
                scalar,
                at,
                Display.quoted(scalar.text()) + " is not a finite number",
                "quote it if a string is meant");
    }

    /** A value as written, for a message. */
    static String shown(Node node) {
        return node instanceof Node.Scalar scalar ? Display.clean(scalar.text(), 40) : node.describe();
    }

    static String alternatives(Collection<String> words) {
        List<String> all = List.copyOf(words);
        int last = all.size() - 1;
        return last == 0 ? all.get(0) : String.join(", ", all.subList(0, last)) + " or " + all.get(last);
    }
}
