package dev.interlock.policy.cli.server;

import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.Count;
import dev.interlock.policy.cli.io.Shortened;
import dev.interlock.policy.text.LookAlikes;
import dev.interlock.policy.text.VisibleText;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Writes a starter policy: each tool with what is known about it as comments, and the usual rules of its category. All
 * text from the server is in a comment, without characters that could end the line, or in a quoted key.
 */
final class StarterPolicy {

    /** The most bytes that a reader of policies accepts. */
    private static final int MOST_BYTES = 4 << 20;

    private static final int LONGEST_DESCRIPTION = 160;

    private static final Pattern PLAIN = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

    /** Words that some YAML readers don't take for strings. */
    private static final Set<String> WORDS = Set.of("null", "true", "false", "yes", "no", "on", "off", "y", "n");

    /** Tools that get the same rules. The most serious come first, since a person has to look at them. */
    private enum Group {
        FINANCIAL("financial", "denied until a person decides otherwise", """
                      - action: deny
                        reason: "This moves money, so it may not be called until a person has allowed it."
                """),
        DESTRUCTIVE("destructive", "denied until a person decides otherwise", """
                      - action: deny
                        reason: "This can't be undone, so it may not be called until a person has allowed it."
                """),
        HINTED("destructive by a hint alone", "each call for a person to decide", """
                      - action: require_approval
                """),
        EXECUTE("execute", "10 calls in 60 s each, with every required argument", """
                      - action: allow
                        rate_limit: {max: 10, window: 60}
                        validate: {required_args: true}
                """),
        WRITE("write", "30 calls an hour each", "      - rate_limit: 30/hour\n"),
        HINTED_READ("read, against a destructive hint", "60 calls a minute each", "      - rate_limit: 60/minute\n"),
        READ("read", "60 calls a minute each", "      - rate_limit: 60/minute\n");

        private final String title;
        private final String advice;
        private final String rules;

        Group(String title, String advice, String rules) {
            this.title = title;
            this.advice = advice;
            this.rules = rules;
        }

        static Group of(RatedTool tool) {
            return switch (tool.rating().category()) {
                case FINANCIAL -> FINANCIAL;
                case DESTRUCTIVE ->
                    switch (tool.doubt().kind()) {
                        case NONE -> DESTRUCTIVE;
                        case BLANKET -> HINTED;
                        case READING_VERB -> HINTED_READ;
                    };
                case EXECUTE -> EXECUTE;
                case WRITE -> WRITE;
                case READ -> READ;
            };
        }
    }

    private final String source;
    private final List<RatedTool> tools;
    private final boolean denyOthers;

    StarterPolicy(String source, List<RatedTool> tools, boolean denyOthers) {
        this.source = source;
        this.tools = List.copyOf(tools);
        this.denyOthers = denyOthers;
    }

    /**
     * Returns the policy's text, with comments if there is room for them.
     *
     * @throws CliException if there are more tools than one policy can have
     */
    String text() {
        for (boolean comments : new boolean[] {true, false}) {
            String text = text(comments);
            if (text.getBytes(StandardCharsets.UTF_8).length <= MOST_BYTES) {
                return text;
            }
        }
        throw new CliException(Count.of(tools.size(), "tool") + " are more than one policy can have");
    }

    private String text(boolean comments) {
        StringBuilder out = new StringBuilder();
        out.append("# A policy to begin with, for ")
                .append(Shortened.line(source, 200))
                .append(".\n");
        out.append(
                "# Written by interlock scan from what the server says of its tools. Read it before you rely on it.\n");
        out.append("version: \"1\"\n");
        out.append("default: ").append(denyOthers ? "deny" : "allow").append('\n');
        Map<String, RatedTool> byKey = byKey();
        if (!byKey.isEmpty()) {
            out.append("tools:\n");
        }
        for (Group group : Group.values()) {
            List<Map.Entry<String, RatedTool>> entries = byKey.entrySet().stream()
                    .filter(entry -> Group.of(entry.getValue()) == group)
                    .toList();
            if (!entries.isEmpty()) {
                out.append("\n  # ---- ").append(group.title).append(": ");
                out.append(Count.of(entries.size(), "tool"))
                        .append(", ")
                        .append(group.advice)
                        .append('\n');
            }
            for (Map.Entry<String, RatedTool> entry : entries) {
                if (comments) {
                    comment(entry.getValue(), entry.getKey(), out);
                }
                out.append("  ")
                        .append(key(entry.getKey()))
                        .append(":\n    rules:\n")
                        .append(group.rules);
            }
        }
        unnameable(out);
        return out.toString();
    }

    /**
     * Returns the tools by the key that stands for each. A name that a key can't express exactly gets a glob that
     * matches it. If two tools get the same key, the rules of the more serious one apply to both.
     */
    private Map<String, RatedTool> byKey() {
        Map<String, RatedTool> byKey = new LinkedHashMap<>();
        for (RatedTool tool : tools) {
            if (LookAlikes.defect(tool.name()) == null) {
                byKey.merge(pattern(tool.name()), tool, StarterPolicy::graver);
            }
        }
        return byKey;
    }

    private static RatedTool graver(RatedTool one, RatedTool other) {
        return Group.of(one).compareTo(Group.of(other)) <= 0 ? one : other;
    }

    private static String pattern(String name) {
        String pattern = name.replace('*', '?');
        return pattern.startsWith("x-") ? "?" + pattern.substring(1) : pattern;
    }

    private static void comment(RatedTool tool, String key, StringBuilder out) {
        out.append("  # ").append(tool.shownName()).append(": ");
        out.append(tool.rating().category().text()).append(", ");
        out.append(tool.rating().risk().text()).append(" risk (");
        out.append(String.join("; ", tool.factors())).append(")\n");
        if (!tool.definition().description().isBlank()) {
            out.append("  #   ");
            out.append(Shortened.line(tool.definition().description(), LONGEST_DESCRIPTION))
                    .append('\n');
        }
        if (tool.doubt().kind() != Doubt.Kind.NONE) {
            out.append("  #   Not denied: ").append(tool.doubt().text()).append(".\n");
        }
        for (String speech : tool.speech()) {
            out.append("  #   CAUTION: ").append(speech).append(". Read the whole definition.\n");
        }
        if (!key.equals(tool.name())) {
            out.append("  #   Its name can't be a key; the glob below may match other tools, too.\n");
        }
    }

    /** Lists the tools that are always denied because of their names. */
    private void unnameable(StringBuilder out) {
        for (RatedTool tool : tools) {
            String defect = LookAlikes.defect(tool.name());
            if (defect != null) {
                out.append("\n# No call to ").append(tool.shownName()).append(" passes: its name ");
                out.append(defect).append(".\n");
            }
        }
    }

    private static String key(String name) {
        if (PLAIN.matcher(name).matches() && !WORDS.contains(name.toLowerCase(java.util.Locale.ROOT))) {
            return name;
        }
        StringBuilder out = new StringBuilder("\"");
        name.codePoints().forEach(c -> {
            if (c == '"' || c == '\\') {
                out.append('\\').appendCodePoint(c);
            } else if (!VisibleText.isInvisible(c)) {
                out.appendCodePoint(c);
            } else {
                out.append(String.format(c < 0x10000 ? "\\u%04x" : "\\U%08x", c));
            }
        });
        return out.append('"').toString();
    }
}
