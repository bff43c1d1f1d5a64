package dev.interlock.policy.engine;

import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.text.Skeleton;
import dev.interlock.policy.text.VisibleText;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Distinguishes the methods of MCP from names that only look like them. A peer may ignore case, blanks, or the way in
 * which the parts of a name are separated. A policy does not ignore them. So a name that some peer might take for
 * another method is not a valid method.
 */
public final class MethodNames {

    /** The longest allowed method name, in characters. */
    public static final int MAX_LENGTH = 128;

    static final String TOOLS_CALL = "tools/call";

    /** Without these there is no session to apply a policy to, or no call can be cancelled. */
    static final Set<String> LIFECYCLE =
            Set.of("initialize", "ping", "server/discover", "notifications/initialized", "notifications/cancelled");

    /** What passes while calls are suspended, besides the lifecycle: what only lists, and what ends a call. */
    private static final Set<String> HARMLESS = Set.of(
            "prompts/list",
            "resources/list",
            "resources/templates/list",
            "roots/list",
            "tasks/cancel",
            "tasks/list",
            "tools/list");

    /** All methods of the specification from 2024-11-05 to 2026-07-28, and of its extension for tasks. */
    private static final Set<String> KNOWN = Set.of(
            TOOLS_CALL,
            "completion/complete",
            "elicitation/create",
            "initialize",
            "logging/setLevel",
            "notifications/cancelled",
            "notifications/elicitation/complete",
            "notifications/initialized",
            "notifications/message",
            "notifications/progress",
            "notifications/prompts/list_changed",
            "notifications/resources/list_changed",
            "notifications/resources/updated",
            "notifications/roots/list_changed",
            "notifications/subscriptions/acknowledged",
            "notifications/tasks",
            "notifications/tasks/created",
            "notifications/tasks/status",
            "notifications/tools/list_changed",
            "ping",
            "prompts/get",
            "prompts/list",
            "resources/list",
            "resources/read",
            "resources/subscribe",
            "resources/templates/list",
            "resources/unsubscribe",
            "roots/list",
            "sampling/createMessage",
            "server/discover",
            "subscriptions/listen",
            "tasks/cancel",
            "tasks/get",
            "tasks/list",
            "tasks/result",
            "tasks/update",
            "tools/list");

    private static final Map<String, String> KNOWN_BY_SKELETON = bySkeleton(KNOWN);

    /** Characters that look like a slash, except slashes of another width. */
    private static final String SLASHES = "\\\u2044\u2215\u2571\u27CB\u29F8";

    /**
     * Characters that end a path, or encode another character in it, for a peer that reads a method like an address.
     */
    private static final String ADDRESS = "%#;";

    private MethodNames() {}

    /** Whether this is exactly a method of the specification, in any version. */
    static boolean isKnown(String method) {
        return KNOWN.contains(method);
    }

    /** Whether a suspension denies the request. Notifications are not requests, so they pass. */
    static boolean isSuspended(String method) {
        return !LIFECYCLE.contains(method)
                && !HARMLESS.contains(method)
                && !(isKnown(method) && method.startsWith("notifications/"));
    }

    /**
     * Returns what is wrong with a method's name under every policy, as the end of a sentence, or null if nothing is. A
     * name is wrong if it is blank, is too long, contains a blank, control or invisible character, is written like an
     * address, or looks like a method of the specification but differs from it.
     */
    public static @Nullable String defect(String method) {
        if (isKnown(method)) {
            return null;
        }
        String defect = method.indexOf('?') >= 0 ? "has a '?'" : unsound(method);
        if (defect != null) {
            return defect;
        }
        String known = KNOWN_BY_SKELETON.get(skeleton(method));
        return known == null ? null : lookAlike(known);
    }

    /**
     * Returns what is wrong with a glob of methods, or null if nothing is. A glob is wrong if it contains characters
     * that no method has, or if it matches only names that look like a method of the specification but differ from it.
     */
    public static @Nullable String defect(NamePattern glob) {
        String defect = unsound(glob.text());
        if (defect != null) {
            return defect;
        }
        Shape shape = Shape.of(glob);
        return KNOWN.stream().noneMatch(glob::matches) && KNOWN.stream().anyMatch(shape::looksLike)
                ? "looks like a glob of MCP's methods but covers none of them"
                : null;
    }

    static String lookAlike(String name) {
        return "looks like '" + name + "' but is not that name";
    }

    /** Whether a name is {@code tools/call} or looks like it. */
    static boolean isToolsCall(String method) {
        return method.length() <= MAX_LENGTH
                && TOOLS_CALL.equals(KNOWN_BY_SKELETON.get(skeleton(method.codePoints()
                        .filter(c -> !isBlank(c))
                        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                        .toString())));
    }

    private static @Nullable String unsound(String name) {
        if (name.length() > MAX_LENGTH) {
            // First, because the other checks take longer for a longer name.
            return "is longer than " + MAX_LENGTH + " characters";
        }
        if (name.isBlank()) {
            return "is blank";
        }
        if (name.codePoints().anyMatch(MethodNames::isBlank)) {
            return "has a blank, control or invisible character";
        }
        return name.contains("..") || name.chars().anyMatch(c -> ADDRESS.indexOf(c) >= 0)
                ? "has a '%', '#', ';' or '..'"
                : null;
    }

    /** The replacement character stands for something that could not be read, so it may hide any character. */
    private static boolean isBlank(int c) {
        return c == ' ' || c == 0xFFFD || VisibleText.isInvisible(c);
    }

    /**
     * The form that all names that look like {@code name} share. {@code name} must not be longer than
     * {@link #MAX_LENGTH}.
     */
    static String skeleton(String name) {
        String text = parts(Skeleton.of(name), c -> !Character.isLetterOrDigit(c) && c != '_');
        int begin = text.startsWith("/") ? 1 : 0;
        int end = text.length() > begin && text.endsWith("/") ? text.length() - 1 : text.length();
        return text.substring(begin, end);
    }

    /** The same for a glob, in which dots and dashes separate families of methods. */
    private static String slashes(String glob) {
        return parts(glob, c -> c == '/' || SLASHES.indexOf(c) >= 0);
    }

    /** The text with one slash between the parts of a name, and without marks above or below a letter. */
    private static String parts(String text, IntPredicate separates) {
        StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            i += Character.charCount(c);
            if (VisibleText.isMark(c)) {
                continue;
            }
            if (!separates.test(c)) {
                out.appendCodePoint(c);
            } else if (out.isEmpty() || out.charAt(out.length() - 1) != '/') {
                out.append('/');
            }
        }
        return out.toString();
    }

    private static Map<String, String> bySkeleton(Set<String> names) {
        Map<String, String> bySkeleton = new HashMap<>();
        names.forEach(name -> bySkeleton.put(skeleton(name), name));
        return bySkeleton;
    }

    /**
     * What a glob matches, ignoring how it is written. Two ASCII texts are compared only without case, like names of
     * tools: not every 'l' stands for an 'i'.
     *
     * @param folded without case
     * @param skeleton also without the differences between letters of different scripts that look alike
     */
    record Shape(NamePattern folded, NamePattern skeleton, boolean ascii) {

        static Shape of(NamePattern glob) {
            return new Shape(
                    new NamePattern(folded(glob.text())),
                    new NamePattern(slashes(Skeleton.of(glob.text()))),
                    isAscii(glob.text()));
        }

        boolean looksLike(String method) {
            return (ascii && isAscii(method))
                    ? folded.matches(folded(method))
                    : skeleton.matches(slashes(Skeleton.of(method)));
        }

        private static String folded(String text) {
            return slashes(text.toLowerCase(Locale.ROOT));
        }

        private static boolean isAscii(String text) {
            return text.chars().allMatch(c -> c < 0x80);
        }
    }
}
