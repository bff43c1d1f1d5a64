package dev.interlock.policy.yaml;

import dev.interlock.policy.TimeWindow;
import dev.interlock.policy.text.Suggestion;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The keys that each kind of map in a policy may have. */
final class Keys {
    static final Keys DOCUMENT = new Keys(
            "the document",
            "version",
            "description",
            "default",
            "mode",
            "hide",
            "tools",
            "categories",
            "risks",
            "all_tools",
            "methods",
            "grants",
            "servers",
            "suspended",
            "context");

    static final Keys GRANT =
            new Keys("a grant", "default", "hide", "tools", "categories", "risks", "all_tools", "servers", "during");

    static final Keys SERVER = new Keys("a server", "default", "hide", "tools", "categories", "risks", "all_tools");

    static final Keys ENTRY = new Keys(
            "an entry",
            "rules",
            "require",
            "deny_if",
            "ask_if",
            "limits",
            "hide",
            "rounds",
            "unwrap",
            "results",
            "marks",
            "clears");

    static final Keys METHOD = new Keys("a method", "require", "deny_if", "ask_if", "limits", "results", "marks");

    static final Keys MARK = new Keys("a mark", "name", "value", "on", "for");

    static final Keys RESULT = new Keys(
            "a rule on results", "name", "require", "deny_if", "redact", "max_bytes", "on_exceed", "on_deny", "mode");

    static final Keys REDACTION = new Keys("an item of redact", "pattern", "with");

    static final Keys UNWRAP = new Keys("unwrap", "each", "tool", "arguments", "json", "server", "server_name");

    static final Keys RULE = new Keys(
            "a rule",
            "name",
            "action",
            "conditions",
            "rate_limit",
            "state",
            "spend",
            "concurrent",
            "validate",
            "on_deny",
            "reason",
            "mode",
            "approval_timeout");

    static final Keys CONDITION = new Keys("a condition", "path", "op", "value", "value_from", "on_deny", "during");

    static final Keys TIME_WINDOW = new Keys("a time window", TimeWindow.KEYS.toArray(new String[0]));

    static final Keys DIRECTORIES = new Keys("the value of within_path", "in", "base");

    static final Keys BLOCK = new Keys("a block of conditions", "conditions", "on_deny");

    static final Keys RATE_LIMIT =
            new Keys("rate_limit", "max", "window", "zone", "algorithm", "scope", "per", "charge");

    static final Keys STATE =
            new Keys("state", "counter", "window", "zone", "increment", "increment_from", "hold", "per", "charge");

    static final Keys SPEND = new Keys(
            "spend", "per_call", "hourly", "daily", "weekly", "monthly", "from", "hold", "per", "charge", "zone");

    static final Keys CONCURRENT = new Keys("concurrent", "max", "scope", "per", "lease");

    static final Keys LIMIT = new Keys(
            "a limit",
            "counter",
            "window",
            "zone",
            "max",
            "scope",
            "per",
            "algorithm",
            "increment_from",
            "hold",
            "charge",
            "counts",
            "on_deny");

    static final Keys PER = new Keys("per", "path", "fold");

    static final Keys VALIDATE =
            new Keys("validate", "required_args", "schema", "no_unknown_args", "max_bytes", "max_depth");

    private static final List<Keys> ALL = List.of(
            DOCUMENT,
            GRANT,
            SERVER,
            ENTRY,
            METHOD,
            RESULT,
            REDACTION,
            MARK,
            UNWRAP,
            RULE,
            CONDITION,
            TIME_WINDOW,
            DIRECTORIES,
            BLOCK,
            RATE_LIMIT,
            STATE,
            SPEND,
            CONCURRENT,
            LIMIT,
            PER,
            VALIDATE);

    /** What authors write who know another tool, or remember a key nearly right. */
    private static final Map<String, String> SYNONYMS = Map.ofEntries(
            Map.entry("message", "on_deny"),
            Map.entry("error", "on_deny"),
            Map.entry("operator", "op"),
            Map.entry("field", "path"),
            Map.entry("arg", "path"),
            Map.entry("argument", "path"),
            Map.entry("values", "value"),
            Map.entry("value_path", "value_from"),
            Map.entry("other", "value_from"),
            Map.entry("when", "conditions"),
            Map.entry("if", "conditions"),
            Map.entry("match", "conditions"),
            Map.entry("denyIf", "deny_if"),
            Map.entry("askIf", "ask_if"),
            Map.entry("approve_if", "ask_if"),
            Map.entry("approval_if", "ask_if"),
            Map.entry("period", "window"),
            Map.entry("interval", "window"),
            Map.entry("limit", "max"),
            Map.entry("count", "max"),
            Map.entry("requests", "max"),
            Map.entry("amount", "increment_from"),
            Map.entry("timeout", "approval_timeout"),
            Map.entry("identities", "grants"),
            Map.entry("users", "grants"),
            Map.entry("strategy", "algorithm"),
            Map.entry("policy", "default"));

    private final String owner;
    private final Set<String> names;

    private Keys(String owner, String... names) {
        this.owner = owner;
        this.names = new LinkedHashSet<>(List.of(names));
    }

    /** The name in messages of the map that has these keys. */
    String owner() {
        return owner;
    }

    Set<String> names() {
        return names;
    }

    boolean contains(String name) {
        return names.contains(name);
    }

    /** Whether a key is a note of the author's. */
    static boolean isNote(String name) {
        return name.startsWith("x-");
    }

    /** The key that the author may have meant by {@code name}, or null. */
    @Nullable
    String hint(String name) {
        String synonym = SYNONYMS.get(name);
        if (synonym != null && contains(synonym)) {
            return "did you mean '" + synonym + "'?";
        }
        // Exactly a key of another map: misplaced rather than misspelt.
        List<String> owners = new ArrayList<>();
        for (Keys other : ALL) {
            if (other != this && other != GRANT && other != SERVER && other != METHOD && other.contains(name)) {
                owners.add(other.owner);
            }
        }
        if (!owners.isEmpty()) {
            return "'" + name + "' is a key of " + String.join(" or ", owners);
        }
        return Suggestion.hint(name, names());
    }
}
