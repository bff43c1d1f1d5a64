package dev.interlock.policy.yaml;

import dev.interlock.policy.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What a text means to the program that reads it, as far as a comparison of the plain text can be bypassed. */
enum TextSubject {
    COMMAND(
            "a command",
            "use command_in, which reads the whole command as a shell does: ';', '&&', '$(' or a line break begin"
                    + " another one",
            "name the commands that may run, with command_in under 'require'",
            "\n;&|`$<>("),
    SQL(
            "an SQL statement",
            "list the whole statements with 'in', or give the server a database user that may only read: ';', 'into',"
                    + " comments and functions do more",
            "list the whole statements that may run, with 'in' under 'require', or give the server a database user"
                    + " that may only read",
            ";('\""),
    URL(
            "a URL",
            "use host_in, which compares the real host, or url_in, which compares the path, too: user-info, queries"
                    + " and look-alike hosts get past a comparison of text",
            "use host_in or url_in, which read it first: escapes, user-info and other spellings of a host get past a"
                    + " comparison of text",
            "\n/\\@?#%"),
    /** An address with a scheme that a server has made up, or {@code file}. No operator reads it. */
    RESOURCE(
            "the address of a resource",
            "list the addresses with 'in', or write a pattern that fits the whole address and leaves no room for '/',"
                    + " '.' and '%': '/../' and escapes get past a comparison of text",
            "list the addresses that may be used, with 'in' under 'require': './', escapes and another case get past a"
                    + " comparison of text",
            "\n/\\.%?#"),
    PATH(
            "a path",
            "use within_path, which resolves '..' first: '/../' gets past a comparison of text",
            "use within_path, which resolves it first: './', '//' or escapes get past a comparison of text",
            "."),
    MAIL(
            "a mail address",
            "use mail_in, which reads one address: a list of several, or a line break, gets past a comparison of text",
            "use mail_in, which reads the address: another case, a name or a comment gets past a comparison of text",
            "\n@,;<> \"");

    private static final Set<String> COMMAND_NAMES =
            Set.of("command", "commands", "cmd", "cmds", "cmdline", "commandline", "shell");
    private static final Set<String> SCRIPT_NAMES = Set.of("script", "scripts");
    private static final Set<String> STATEMENT_NAMES = Set.of("query", "queries", "statement", "statements", "stmt");
    private static final Set<String> URL_NAMES =
            Set.of("url", "urls", "uri", "uris", "link", "links", "href", "endpoint", "webhook", "website");
    private static final Set<String> PATH_NAMES = Set.of(
            "path",
            "paths",
            "file",
            "files",
            "filename",
            "filepath",
            "dir",
            "dirs",
            "directory",
            "folder",
            "workdir",
            "cwd");
    private static final Set<String> MAIL_NAMES =
            Set.of("email", "emails", "mail", "mails", "mailto", "recipient", "recipients", "cc", "bcc");
    private static final Set<String> ADDRESSEE_NAMES =
            Set.of("to", "from", "sender", "address", "addresses", "attendee", "attendees", "invitee", "invitees");

    private final String text;
    private final String advice;
    private final String denialAdvice;
    private final String separators;

    TextSubject(String text, String advice, String denialAdvice, String separators) {
        this.text = text;
        this.advice = advice;
        this.denialAdvice = denialAdvice;
        this.separators = separators;
    }

    /** What it is, with its article. */
    String text() {
        return text;
    }

    /** What to write in place of a comparison of text that allows. */
    String advice() {
        return advice;
    }

    /** What to write in place of a comparison of text that denies. */
    String denialAdvice() {
        return denialAdvice;
    }

    /** Whether a wildcard of the pattern leaves room for more than one command, host, directory or address. */
    boolean hasRoomIn(PatternShape shape) {
        // A class of letters and blanks takes the words that change what a statement does.
        return separators.chars().anyMatch(c -> shape.hasWildcardFor(Character.toString(c)))
                || (this == SQL && shape.hasWildcardFor("a "));
    }

    /**
     * What is compared with the beginning or the end of a text, as the argument's name or that text tells; null if it
     * is nothing that can be bypassed.
     */
    static @Nullable TextSubject of(Path path, String text) {
        List<String> words = words(path);
        TextSubject named = named(words, text);
        if (named != null || anyIn(words, URL_NAMES, "url", "uri")) {
            return Forms.WEB.matcher(text).lookingAt() && named != COMMAND ? URL : named;
        }
        if (Forms.WEB.matcher(text).lookingAt()) {
            return URL;
        }
        if (endsLikeMail(text)) {
            return MAIL;
        }
        return isAbsolute(text) ? PATH : null;
    }

    /** The same, as the argument's name tells: the text may stand anywhere in a longer one. */
    static @Nullable TextSubject named(Path path, String text) {
        return named(words(path), text);
    }

    /** A pattern without anchors, flags, groups at its ends and escapes, so that it reads like the text it matches. */
    static String plain(String pattern) {
        String inner = Forms.OPENING.matcher(pattern).replaceFirst("");
        int end = inner.length();
        while (end > 0) {
            char last = inner.charAt(end - 1);
            boolean escaped = end > 1 && inner.charAt(end - 2) == '\\';
            if (!escaped && (last == '$' || last == ')')) {
                end--;
            } else if (escaped && last == 'z') {
                end -= 2;
            } else {
                break;
            }
        }
        return Forms.ESCAPE.matcher(inner.substring(0, end)).replaceAll("$1");
    }

    private static @Nullable TextSubject named(List<String> words, String text) {
        if (anyIn(words, COMMAND_NAMES, "command", "cmd") || (!isAbsolute(text) && anyIn(words, SCRIPT_NAMES))) {
            return COMMAND;
        }
        if (anyIn(words, Set.of(), "sql")
                || (anyIn(words, STATEMENT_NAMES) && Forms.SQL.matcher(text).find())) {
            return SQL;
        }
        if (anyIn(words, URL_NAMES, "url", "uri")) {
            if (Forms.WEB.matcher(text).lookingAt()) {
                return URL;
            }
            if (Forms.RESOURCE.matcher(text).lookingAt()) {
                return RESOURCE;
            }
            // A relative address, or a scheme alone, says nothing that could be bypassed.
            return text.startsWith("/") || Forms.SCHEME.matcher(text).lookingAt() ? null : URL;
        }
        if (anyIn(words, MAIL_NAMES) || (anyIn(words, ADDRESSEE_NAMES) && endsInDomain(text))) {
            return MAIL;
        }
        boolean steps = text.indexOf('/') >= 0 || text.indexOf('\\') >= 0 || text.equals("..");
        return steps && anyIn(words, PATH_NAMES, "path", "dir", "folder") ? PATH : null;
    }

    /** Whether it is the end of a mail address or all of one, or a pattern for that. */
    private static boolean endsLikeMail(String text) {
        int at = text.lastIndexOf('@');
        boolean userInfo = at > 0 && (text.charAt(at - 1) == ':' || text.charAt(at - 1) == '/');
        String domain = text.substring(at + 1);
        domain = domain.startsWith("(?:") ? domain.substring("(?:".length()) : domain;
        int dot = domain.indexOf('.');
        return at >= 0
                && !userInfo
                && dot > 0
                && dot < domain.length() - 1
                && Forms.DOMAIN_PATTERN.matcher(domain).matches();
    }

    private static boolean endsInDomain(String text) {
        String domain = text.substring(text.lastIndexOf('@') + 1);
        domain = domain.startsWith(".") ? domain.substring(1) : domain;
        int dot = domain.lastIndexOf('.');
        return dot > 0
                && dot < domain.length() - 2
                && Forms.DOMAIN.matcher(domain).matches();
    }

    private static boolean isAbsolute(String text) {
        return text.length() > 1 && Forms.ABSOLUTE.matcher(text).lookingAt();
    }

    /** Whether the argument's name says that it takes an SQL statement, or may say so. */
    static boolean isStatement(Path path) {
        return anyIn(words(path), STATEMENT_NAMES);
    }

    /** Whether the argument's name is a plural: it may be a list, which 'contains' compares by element. */
    static boolean isPlural(Path path) {
        List<String> words = words(path);
        return !words.isEmpty() && words.get(words.size() - 1).endsWith("s");
    }

    private static boolean anyIn(List<String> words, Set<String> names, String... endings) {
        for (String word : words) {
            if (names.contains(word)) {
                return true;
            }
            for (String ending : endings) {
                if (word.endsWith(ending)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** The words of the argument's own name: {@code args.to.webhookUrls[*]} has webhook and urls. */
    private static List<String> words(Path path) {
        String name = "";
        for (Path.Step step : path.steps()) {
            if (step instanceof Path.Step.Member member
                    && !member.name().chars().allMatch(c -> c >= '0' && c <= '9')) {
                name = member.name();
            }
        }
        List<String> words = new ArrayList<>();
        for (String word : Forms.WORD_BREAK.split(name, -1)) {
            words.add(word.toLowerCase(Locale.ROOT));
        }
        return words;
    }

    /**
     * Compiled when the first text is looked at. Texts have any length and content: each form takes linear time, and
     * repeats single characters only, since repeated groups recurse.
     */
    private static final class Forms {
        static final Pattern WORD_BREAK = Pattern.compile("[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])");

        static final Pattern OPENING = Pattern.compile(
                "^(?:\\(\\?[a-z]+\\))?(?:\\^|\\\\A)?\\(*(?:\\?(?:[a-z]*:|P?<\\w+>))?\\(*(?:\\^|\\\\A)?");

        /** A character that is escaped to stand for itself. */
        static final Pattern ESCAPE = Pattern.compile("\\\\([^A-Za-z0-9])");

        /** The beginning of a URL that url_in reads. */
        static final Pattern WEB =
                Pattern.compile("(?:https?|wss?|http\\(s\\)|http\\[s\\])[?)]*+://", Pattern.CASE_INSENSITIVE);

        /** The beginning of an address of any scheme, and something behind it. */
        static final Pattern RESOURCE = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*+:/{2,}+.");

        static final Pattern SCHEME = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*:");

        static final Pattern ABSOLUTE =
                Pattern.compile("/|~/|file:|[A-Za-z]:[\\\\/]|\\\\\\\\", Pattern.CASE_INSENSITIVE);

        /** What may stand behind the {@code @} of a mail address, or of a pattern for one. */
        static final Pattern DOMAIN_PATTERN = Pattern.compile("[\\w.|()?*+-]++");

        static final Pattern DOMAIN = Pattern.compile("[\\w.-]++");

        static final Pattern SQL = Pattern.compile(
                "\\b(?:select|insert|update|delete|drop|alter|truncate|create|grant|merge|union|explain|show)\\b",
                Pattern.CASE_INSENSITIVE);

        private Forms() {}
    }
}
