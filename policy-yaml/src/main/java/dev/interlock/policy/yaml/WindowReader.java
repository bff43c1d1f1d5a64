package dev.interlock.policy.yaml;

import dev.interlock.policy.Window;
import dev.interlock.policy.text.Suggestion;
import dev.interlock.policy.value.NumberValue;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads windows and durations. */
final class WindowReader {

    /** The calendar units, for messages and suggestions. */
    static final List<String> UNITS = List.of("minute", "hour", "day", "week", "month");

    private static final Pattern LENGTH = Pattern.compile("([0-9]{1,9})([smhd])");
    private static final Pattern PARTS = Pattern.compile("(?:[0-9]{1,9}[smhd]){1,4}");
    private static final int NANO_PLACES = 9;

    private final ReadContext context;

    WindowReader(ReadContext context) {
        this.context = context;
    }

    /** A calendar unit, or a length in seconds or with a unit. */
    @Nullable
    Window window(Node node, NodePath at) {
        if (node instanceof Node.Scalar scalar && scalar.plain() && !scalar.isNull() && looksNumeric(scalar)) {
            NumberValue seconds = context.scalars.number(node, at, "window");
            return seconds == null ? null : length(seconds.toBigDecimal(), node, at);
        }
        String text = context.scalars.text(node, at, "window");
        if (text == null) {
            return null;
        }
        Window.Calendar unit = Window.Calendar.of(text).orElse(null);
        if (unit != null) {
            return unit;
        }
        Matcher matcher = LENGTH.matcher(text);
        if (!matcher.matches()) {
            String nearest = Suggestion.hint(singular(text), UNITS);
            context.findings.error(
                    "bad-window",
                    node,
                    at,
                    Display.quoted(text) + " is not a window",
                    nearest == null
                            ? "write minute, hour, day, week or month, or a length such as 90s, 15m, 2h or 7d"
                            : nearest);
            return null;
        }
        return length(
                BigDecimal.valueOf(seconds(matcher.group(1), matcher.group(2).charAt(0))), node, at);
    }

    private static String singular(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        return switch (lower) {
            case "daily" -> "day";
            case "hourly" -> "hour";
            case "weekly" -> "week";
            case "monthly" -> "month";
            case "min" -> "minute";
            default -> lower;
        };
    }

    private static boolean looksNumeric(Node.Scalar scalar) {
        return switch (scalar.kind()) {
            case INTEGER, DECIMAL, NOT_FINITE, AMBIGUOUS -> true;
            default -> false;
        };
    }

    private @Nullable Window length(BigDecimal seconds, Node node, NodePath at) {
        BigDecimal most = BigDecimal.valueOf(Window.Length.MAX.toSeconds());
        if (seconds.compareTo(BigDecimal.ONE) < 0
                || seconds.compareTo(most) > 0
                || seconds.stripTrailingZeros().scale() > 0) {
            context.findings.error(
                    "bad-window",
                    node,
                    at,
                    "a window must be a whole number of seconds between 1 s and 366 days, not " + Scalars.shown(node));
            return null;
        }
        return new Window.Length(Duration.ofSeconds(seconds.longValueExact()));
    }

    /** A duration: seconds, or with units, {@code 1h30m}. */
    @Nullable
    Duration duration(Node node, NodePath at, String what) {
        BigDecimal seconds;
        if (node instanceof Node.Scalar scalar && scalar.plain() && !scalar.isNull() && looksNumeric(scalar)) {
            NumberValue number = context.scalars.number(node, at, what);
            if (number == null) {
                return null;
            }
            seconds = number.toBigDecimal();
        } else {
            String text = context.scalars.text(node, at, what);
            if (text == null) {
                return null;
            }
            if (!PARTS.matcher(text).matches()) {
                context.findings.error(
                        "bad-duration",
                        node,
                        at,
                        Display.quoted(text) + " is not a duration",
                        "write seconds, or a length such as 90s, 15m, 2h or 1h30m");
                return null;
            }
            long total = 0;
            Matcher part = LENGTH.matcher(text);
            while (part.find()) {
                total += seconds(part.group(1), part.group(2).charAt(0));
            }
            seconds = BigDecimal.valueOf(total);
        }
        BigDecimal most = BigDecimal.valueOf(Window.Length.MAX.toSeconds());
        if (seconds.signum() <= 0
                || seconds.compareTo(most) > 0
                || seconds.stripTrailingZeros().scale() > NANO_PLACES) {
            context.findings.error(
                    "bad-duration",
                    node,
                    at,
                    what + " must be more than 0 and at most 366 days, not " + Scalars.shown(node));
            return null;
        }
        return Duration.ofSeconds(
                seconds.longValue(),
                seconds.remainder(BigDecimal.ONE).movePointRight(NANO_PLACES).longValueExact());
    }

    private static long seconds(String digits, char unit) {
        long n = Long.parseLong(digits);
        return switch (unit) {
            case 's' -> n;
            case 'm' -> n * 60;
            case 'h' -> n * 3_600;
            default -> n * 86_400;
        };
    }
}
