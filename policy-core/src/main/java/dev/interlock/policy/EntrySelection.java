package dev.interlock.policy;

import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.tool.ToolCategory;
import dev.interlock.policy.tool.ToolRating;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Which entries of a body apply to a tool, in the order in which they are checked. Immutable. */
public final class EntrySelection {

    private final PolicyBody body;

    /** The entries under globs; unlike entries under names, they are tested for every tool. */
    private final List<Map.Entry<NamePattern, Entry>> globs = new ArrayList<>();

    /** Prepares the selection from a body. */
    public EntrySelection(PolicyBody body) {
        this.body = body;
        for (Map.Entry<NamePattern, Entry> entry : body.tools().entrySet()) {
            if (!entry.getKey().isExact()) {
                globs.add(entry);
            }
        }
    }

    /** Returns the body. */
    public PolicyBody body() {
        return body;
    }

    /** Returns whether the body's {@code hide} has the tool. An entry may hide it too. */
    public boolean hides(String tool) {
        for (NamePattern pattern : body.hide()) {
            if (pattern.matches(tool)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Returns the entries that name the tool, its category or its risk, in the order in which they are checked.
     *
     * @param rating how the tool is rated; null if that is not known, and then every category and risk may be its own
     */
    public List<Selected> naming(String tool, @Nullable ToolRating rating) {
        List<Selected> entries = new ArrayList<>();
        Entry exact = tool.isBlank() || !new NamePattern(tool).isExact() ? null : body.tool(tool);
        if (exact != null) {
            entries.add(new Selected(KeyKind.TOOL, tool, exact));
        }
        for (Map.Entry<NamePattern, Entry> glob : globs) {
            if (glob.getKey().matches(tool)) {
                entries.add(new Selected(KeyKind.GLOB, glob.getKey().text(), glob.getValue()));
            }
        }
        for (Map.Entry<ToolCategory, Entry> category : body.categories().entrySet()) {
            if (rating == null || category.getKey() == rating.category()) {
                entries.add(new Selected(KeyKind.CATEGORY, category.getKey().text(), category.getValue()));
            }
        }
        for (Map.Entry<RiskSelector, Entry> risk : body.risks().entrySet()) {
            if (rating == null || risk.getKey().matches(rating.risk())) {
                entries.add(new Selected(KeyKind.RISK, risk.getKey().text(), risk.getValue()));
            }
        }
        return entries;
    }

    /**
     * Returns whether the body lists the tool for {@code default: deny}. If the rating is not known, only the tool's
     * name can list it.
     */
    public boolean lists(String tool, @Nullable ToolRating rating) {
        return naming(tool, rating).stream()
                .anyMatch(entry -> rating != null || entry.kind() == KeyKind.TOOL || entry.kind() == KeyKind.GLOB);
    }

    /** Returns the entries for every tool. They are checked after those that {@link #naming name} it. */
    public List<Selected> global() {
        List<Selected> entries = new ArrayList<>();
        body.star().ifPresent(star -> entries.add(new Selected(KeyKind.STAR, "*", star)));
        body.allTools().ifPresent(all -> entries.add(new Selected(KeyKind.ALL_TOOLS, "", all)));
        return entries;
    }

    /** Returns every entry of the body. */
    public List<Selected> all() {
        List<Selected> entries = new ArrayList<>();
        for (Map.Entry<NamePattern, Entry> tool : body.tools().entrySet()) {
            NamePattern pattern = tool.getKey();
            entries.add(new Selected(pattern.isExact() ? KeyKind.TOOL : KeyKind.GLOB, pattern.text(), tool.getValue()));
        }
        for (Map.Entry<ToolCategory, Entry> category : body.categories().entrySet()) {
            entries.add(new Selected(KeyKind.CATEGORY, category.getKey().text(), category.getValue()));
        }
        for (Map.Entry<RiskSelector, Entry> risk : body.risks().entrySet()) {
            entries.add(new Selected(KeyKind.RISK, risk.getKey().text(), risk.getValue()));
        }
        entries.addAll(global());
        return entries;
    }

    /** The kinds of keys under which entries stand. */
    public enum KeyKind {
        /** The name of a tool. */
        TOOL,
        /** A glob of names. */
        GLOB,
        /** A category of tools. */
        CATEGORY,
        /** A risk, or a risk and all above. */
        RISK,
        /** The {@code *} of {@code tools}. */
        STAR,
        /** {@code all_tools}. */
        ALL_TOOLS
    }

    /**
     * An entry with its key. Its counters are named after these.
     *
     * @param kind what kind of key it is
     * @param key the key: a tool's name, a glob, a category, a risk
     * @param entry the entry
     */
    public record Selected(KeyKind kind, String key, Entry entry) {

        /** Returns the scope of counters that don't specify one. */
        public Scope defaultScope() {
            return kind == KeyKind.STAR || kind == KeyKind.ALL_TOOLS ? Scope.GLOBAL : Scope.TOOL;
        }

        /** Returns how the paths of this entry's counters begin after {@code state}. */
        public String owner() {
            return switch (kind) {
                case TOOL -> key;
                case GLOB, CATEGORY, RISK -> "tool";
                case STAR, ALL_TOOLS -> "_global";
            };
        }

        /**
         * Returns whether a condition of a rule is the limit of the rule's own counter. Such a condition looks at the
         * count after the call. Any other condition on a counter looks at the count before it, also if the counter of
         * another entry has the same name.
         *
         * @param demands the demands of the rule
         */
        public boolean limitsOwnCounter(Condition condition, Rule.Demands demands) {
            Limit state = demands.limit(Limit.Form.STATE);
            return state != null && state.isLimitedBy(condition, owner());
        }

        /**
         * Returns the name under which a limit of a rule counts within this entry: the counter's name, or a name from
         * the rule's name, which stays the same if rules are reordered, or else from its position.
         *
         * @param index the rule's position in the entry
         */
        public String localName(Limit limit, Rule rule, int index) {
            String counter = limit.counter();
            if (counter != null) {
                return counterName(counter);
            }
            Window window = limit.window();
            String what = switch (limit.form()) {
                case SPEND -> window == null ? "rate" : "spend-" + window.text();
                case CONCURRENT -> "concurrent";
                default -> "rate";
            };
            String name = rule.name();
            if (name == null) {
                // Not ':' alone, because a rule may be called '0'.
                return what + ":/" + index;
            }
            long before = entry.rules().subList(0, index).stream()
                    .filter(other -> Objects.equals(other.name(), name))
                    .count();
            String base = what + ":" + encode(name);
            return before == 0 ? base : base + ":" + before;
        }

        /** Returns the name under which a counter counts within its entry. */
        public static String counterName(String counter) {
            return encode(counter);
        }

        /**
         * Returns the key of a limit of this entry when {@code tool} is called. Parts that people choose are encoded,
         * so that two different limits never get the same key.
         *
         * @param prefix how the names of the body's limits begin
         * @param local the limit's name within the entry, encoded
         * @param limit whose scope and {@code per} are part of the key: counts by other values start anew
         */
        public String limitName(String prefix, String local, String tool, Limit limit) {
            return limitName(prefix, local, null, tool, limit);
        }

        /**
         * Does the same for an entry of a server's body, where every server's tools are counted apart.
         *
         * @param server the server that is called; null if the entry doesn't stand in a server's body
         */
        public String limitName(String prefix, String local, @Nullable String server, String tool, Limit limit) {
            String base = prefix + keyName() + "#" + local;
            String apart = (server == null ? "" : encode(server) + "@") + encode(tool);
            String name = switch (limit.scope()) {
                case SESSION, IDENTITY ->
                    base + "@" + apart + "/" + limit.scope().text();
                case TOOL -> base + "@" + apart;
                case ENTRY, GLOBAL -> base;
            };
            StringBuilder separate = new StringBuilder(name);
            for (PartitionKey key : limit.per()) {
                separate.append("/per:").append(encode(key.text())).append(key.fold() ? ":fold" : "");
            }
            return separate.toString();
        }

        private String keyName() {
            return switch (kind) {
                case TOOL, GLOB -> "tools." + encode(key);
                case CATEGORY -> "categories." + encode(key);
                case RISK -> "risks." + encode(key);
                case STAR -> "tools.*";
                case ALL_TOOLS -> "all_tools";
            };
        }
    }

    /** Returns how the names of a grant's limits begin. */
    public static String grantPrefix(NamePattern grant) {
        return prefix("grants", grant);
    }

    /**
     * Returns how the names of the limits of a server's body begin.
     *
     * @param outer how those of the body begin that it stands in
     */
    public static String serverPrefix(String outer, NamePattern server) {
        return outer + prefix("servers", server);
    }

    private static String prefix(String kind, NamePattern pattern) {
        // Dots are encoded: otherwise a grant's name could end the way a tool's entry begins.
        return kind + "." + encode(pattern.text()).replace(".", "%2e") + ".";
    }

    private static String encode(String text) {
        StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if ("%#@/:".indexOf(c) >= 0) {
                out.append('%').append(Integer.toHexString(c));
            } else {
                out.append(c);
            }
        }
        return out.toString();
    }
}
