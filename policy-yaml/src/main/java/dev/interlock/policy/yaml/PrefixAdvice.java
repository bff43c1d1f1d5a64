package dev.interlock.policy.yaml;

import dev.interlock.policy.Condition;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Path;
import dev.interlock.policy.value.Value;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Warns about conditions that compare a file path or URL by its prefix, or a mail address by its suffix. {@code
 * /app/src/../../etc/passwd} begins with {@code /app/src/}, {@code https://good.example@evil.example/} with {@code
 * https://good.example}, and {@code a@evil.example, b@good.example} ends with {@code @good.example}.
 */
final class PrefixAdvice {

    private static final List<String> PATH_NAMES = List.of("path", "file", "dir", "folder");
    private static final List<String> URL_NAMES = List.of("url", "uri", "link", "endpoint", "href", "webhook");

    private PrefixAdvice() {}

    /** Warns if the condition can be bypassed. */
    static void check(Condition condition, Node node, NodePath at, DiagnosticCollector findings) {
        if (!(condition.operand().value() instanceof Value.Text text)) {
            return;
        }
        Operator operator = condition.operator();
        if (operator == Operator.REGEX || operator == Operator.NOT_REGEX) {
            String kind = regexKind(text.value(), condition.path());
            if (kind != null) {
                findings.warn("bypassable-regex", node, at, "this pattern only looks at how " + kind, advice(kind));
            }
        } else if (operator == Operator.STARTS_WITH) {
            String kind = prefixKind(text.value(), condition.path());
            if (kind != null) {
                findings.warn("bypassable-prefix", node, at, "this only looks at how " + kind, advice(kind));
            }
        } else if (operator == Operator.ENDS_WITH || operator == Operator.CONTAINS) {
            if (text.value().indexOf('@') >= 0
                    && PatternForms.MAIL_DOMAIN.matcher(text.value()).matches()) {
                findings.warn("bypassable-suffix", node, at, "this only looks at how " + MAIL, advice(MAIL));
            }
        }
    }

    private static final String URL = "a URL begins";
    private static final String PATH = "a path begins";

    private static final String MAIL = "a mail address ends";

    private static String advice(String kind) {
        if (kind.equals(MAIL)) {
            return "use mail_in, which reads one address: a list of several, or a line break, gets past a suffix";
        }
        return kind.equals(URL)
                ? "use host_in, which compares the real host, or url_in, which compares the path, too:"
                        + " user-info and look-alike hosts get past a prefix"
                : "use within_path, which resolves '..' first: '/../' gets past a prefix";
    }

    private static @Nullable String regexKind(String pattern, Path path) {
        if (PatternForms.URL_START.matcher(pattern).lookingAt()) {
            return isClosed(pattern) ? null : URL;
        }
        if (PatternForms.MAIL_END.matcher(pattern).find()) {
            return isClosed(pattern) && PatternForms.START.matcher(pattern).lookingAt() ? null : MAIL;
        }
        boolean isPath = PatternForms.PATH_START.matcher(pattern).matches()
                || (names(path, PATH_NAMES)
                        && PatternForms.RELATIVE_START.matcher(pattern).matches());
        return isPath && !isClosed(pattern) ? PATH : null;
    }

    /** Whether the pattern describes the whole text, and leaves no room for {@code ../} or another host. */
    private static boolean isClosed(String pattern) {
        boolean anchored = (pattern.endsWith("$") && !pattern.endsWith("\\$")) || pattern.endsWith("\\z");
        return anchored && !PatternForms.LOOSE.matcher(pattern).find();
    }

    private static @Nullable String prefixKind(String prefix, Path path) {
        String lower = prefix.toLowerCase(Locale.ROOT);
        if (lower.startsWith("http://") || lower.startsWith("https://")) {
            return URL;
        }
        boolean absolute = lower.startsWith("/") || lower.startsWith("~/") || lower.startsWith("file:");
        if (absolute && names(path, URL_NAMES)) {
            return null;
        }
        return (absolute && lower.length() > 1) || (names(path, PATH_NAMES) && lower.contains("/")) ? PATH : null;
    }

    private static boolean names(Path path, List<String> words) {
        if (!(path.steps().get(path.steps().size() - 1) instanceof Path.Step.Member member)) {
            return false;
        }
        String name = member.name().toLowerCase(Locale.ROOT);
        return words.stream().anyMatch(name::contains);
    }

    /** The forms that patterns are checked for. Compiled when the first pattern is read. */
    private static final class PatternForms {
        /** A pattern that begins by spelling out a URL. */
        static final Pattern URL_START = Pattern.compile("(?:\\(\\?i\\))?(?:\\^|\\\\A)\\(*(?:\\?:)?\\(*https?");

        /** A pattern that begins by spelling out an absolute path. */
        static final Pattern PATH_START = Pattern.compile(
                "(?:\\(\\?i\\))?(?:\\^|\\\\A)\\(*(?:\\?:)?\\(*(?:file:)?"
                        + "(?:\\\\?/|~\\\\?/|[A-Za-z]:(?:\\\\\\\\|\\\\?/)|\\\\\\\\\\\\\\\\).*",
                Pattern.DOTALL);

        /** A pattern that begins by spelling out a relative path. */
        static final Pattern RELATIVE_START = Pattern.compile("(?:\\^|\\\\A)[\\w.\\\\-]*/.*", Pattern.DOTALL);

        /** The end of a mail address. */
        static final Pattern MAIL_DOMAIN = Pattern.compile("[^@\\s]*@[\\w-]+(?:\\.[\\w-]+)+");

        /** A pattern that ends by spelling out the end of a mail address. */
        static final Pattern MAIL_END = Pattern.compile("@\\(*(?:\\?:)?[\\w\\\\.|()?*+-]+(?:\\$|\\\\z)\\)*$");

        static final Pattern START = Pattern.compile("(?:\\(\\?[a-z]+\\))?(?:\\^|\\\\A)");

        /** Something that can match {@code ../}: a dot, a negated class, {@code \S}, or an open end. */
        static final Pattern LOOSE = Pattern.compile("(?<!\\\\)\\.[*+?{]|\\[\\^|\\\\[SDW]", Pattern.DOTALL);

        private PatternForms() {}
    }
}
