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
 * Tells the methods of MCP from names that only pass for one. A peer may mind neither case, nor blanks, nor how the parts of
 * a name are kept apart; a policy does, and so a name that some peer would take for another one is no method at all.
 */
public final class MethodNames {

    /** How long a method's name may be, in characters. */
    public static final int MAX_LENGTH = 128;

    static final String TOOLS_CALL = "tools/call";

    /** Without these there is no session in which a policy could be applied, or no call could be taken back. */
    static final Set<String> LIFECYCLE =
            Set.of("initialize", "ping", "server/discover", "notifications/initialized", "notifications/cancelled");

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

    /** What passes for a slash, besides those that are one in another width. */
    private static final String SLASHES = "\\\u2044\u2215\u2571\u27CB\u29F8";

    /** What ends a path, or stands for another character in it, to those who read a method as they read an address. */
    private static final String ADDRESS = "%#;";

    private MethodNames() {}

    /** Whether it is a method of the specification, of whichever version, exactly. */
    static boolean isKnown(String method) {
        return KNOWN.contains(method);
    }

    /**
     * What is wrong with a method's name whatever a policy says, as the end of a sentence, or null if nothing is: it is
     * blank, too long, has a blank, control or invisible character anywhere, is written like an address, or looks like a
     * method of the specification without being it.
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
     * What is wrong with a glob of methods, or null if nothing is: it has characters that no method has, or is written so
     * that it covers nothing but what only looks like a method of the specification.
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

    /** Whether a name passes for {@code tools/call}, or is it. */
    static boolean isToolsCall(String method) {
        return method.length() <= MAX_LENGTH
                && TOOLS_CALL.equals(KNOWN_BY_SKELETON.get(skeleton(method.codePoints()
                        .filter(c -> !isBlank(c))
                        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                        .toString())));
    }

    private static @Nullable String unsound(String name) {
        if (name.length() > MAX_LENGTH) {
            // Before anything that takes longer the longer it is.
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

    /** The replacement character stands for what could not be read, which may be anything. */
    private static boolean isBlank(int c) {
        return c == ' ' || c == 0xFFFD || VisibleText.isInvisible(c);
    }

    /** What all names have in common that pass for {@code name}. It must not be longer than {@link #MAX_LENGTH}. */
    static String skeleton(String name) {
        String text = parts(Skeleton.of(name), c -> !Character.isLetterOrDigit(c) && c != '_');
        int begin = text.startsWith("/") ? 1 : 0;
        int end = text.length() > begin && text.endsWith("/") ? text.length() - 1 : text.length();
        return text.substring(begin, end);
    }

    /** The same for a glob, in which dots and dashes tell families of methods apart. */
    private static String slashes(String glob) {
        return parts(glob, c -> c == '/' || SLASHES.indexOf(c) >= 0);
    }

    /** With one slash between the parts of a name, and without marks that stand above or below a letter. */
    private static String parts(String text, IntPredicate separates) {
        StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            i += Character.charCount(c);
            int type = Character.getType(c);
            if (type == Character.NON_SPACING_MARK || type == Character.ENCLOSING_MARK) {
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
     * What a glob covers but for the way in which it is written. Two texts of ASCII are compared but for case, as names of
     * tools are: not every 'l' stands for an 'i'.
     *
     * @param folded without case
     * @param skeleton without what tells letters of other scripts apart, too
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
