package dev.interlock.policy.yaml;

import dev.interlock.policy.Limit;
import dev.interlock.policy.Place;
import dev.interlock.policy.Window;
import dev.interlock.policy.text.Suggestion;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads {@code rate_limit: 5/hour}. */
final class ShorthandReader {

    private static final Pattern FORM = Pattern.compile("([0-9]+)/([a-z]+)");
    private static final int MOST_DIGITS = 13;

    private final ReadContext context;

    ShorthandReader(ReadContext context) {
        this.context = context;
    }

    @Nullable
    Limit read(Node node, NodePath at, EntryKey owner, Place place) {
        if (node instanceof Node.Sequence || (node instanceof Node.Scalar scalar && scalar.isNull())) {
            context.scalars.wrongType(node, at, "rate_limit", "<n>/<window> or a map");
            return null;
        }
        String text = ((Node.Scalar) node).text();
        Matcher matcher = FORM.matcher(text);
        Window.Calendar window =
                matcher.matches() ? Window.Calendar.of(matcher.group(2)).orElse(null) : null;
        if (window == null) {
            context.findings.error(
                    "bad-rate-limit", node, at, Display.quoted(text) + " is not a rate limit", hint(text));
            return null;
        }
        String digits = matcher.group(1);
        long max = digits.length() > MOST_DIGITS ? LimitReader.MAX_CALLS + 1 : Long.parseLong(digits);
        if (max < 1 || max > LimitReader.MAX_CALLS) {
            context.findings.error(
                    "bad-rate-limit",
                    node,
                    at,
                    "a rate limit must be between 1 and " + LimitReader.MAX_CALLS + ", not "
                            + Display.clean(digits, 40),
                    max < 1 ? "to deny every call, write action: deny" : null);
            return null;
        }
        if (window == Window.Calendar.WEEK || window == Window.Calendar.MONTH) {
            context.intercept.refuses();
        }
        Limit limit = Limit.calls(max, window, owner.defaultScope(), place);
        owner.counters().define(owner, limit.label(), node, at, context.findings);
        return limit;
    }

    private static String hint(String text) {
        String usual = "write it as 5/minute, 5/hour, 5/day, 5/week or 5/month";
        int slash = text.indexOf('/');
        if (slash < 0) {
            return usual;
        }
        String max = text.substring(0, slash);
        String window = text.substring(slash + 1);
        if (!text.equals(text.strip()) || max.endsWith(" ") || window.startsWith(" ")) {
            return "leave no space in it: 5/hour";
        }
        if (max.startsWith("+") && max.length() <= 12 && max.substring(1).matches("[0-9]+")) {
            return "take the '+' away; Intercept would have read it as " + max.substring(1) + "/" + window;
        }
        if (window.matches("[0-9]{1,9}[smhd]?") && max.matches("[0-9]{1,13}")) {
            return "the short form counts by the calendar; write {max: " + max + ", window: " + window + "}";
        }
        if (max.startsWith("-")) {
            return "to deny every call, write action: deny";
        }
        String nearest = max.matches("[0-9]{1,13}") ? Suggestion.to(window, WindowReader.UNITS) : null;
        return nearest == null ? usual : "did you mean '" + max + "/" + nearest + "'?";
    }
}
