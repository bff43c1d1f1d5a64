package dev.interlock.policy.yaml;

import dev.interlock.policy.Entry;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.RiskSelector;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.text.Suggestion;
import dev.interlock.policy.tool.RiskLevel;
import dev.interlock.policy.tool.ToolCategory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads a body: the part of a policy that the whole document has, and each grant and each server has. It says who may
 * call what.
 */
final class BodyReader {

    private static final List<String> CATEGORIES = List.of("read", "write", "execute", "destructive", "financial");
    private static final List<String> LEVELS = List.of("low", "medium", "high", "critical");
    private static final List<String> POSTURES = List.of("allow", "deny");

    /** How many pairs of servers are compared for one that hides the other. */
    private static final int MAX_COMPARED = 1_000;

    private final ReadContext context;
    private final NameReader names;
    private final EntryReader entries;

    BodyReader(ReadContext context) {
        this.context = context;
        this.names = new NameReader(context);
        this.entries = new EntryReader(context);
    }

    /**
     * @param fields the map with {@code default}, {@code tools} and so on
     * @param unlessSaid the value of {@code default} if the body doesn't give one
     */
    PolicyBody read(Fields fields, Posture unlessSaid, Counters counters) {
        return read(fields, unlessSaid, counters, servers(fields));
    }

    private PolicyBody read(
            Fields fields, Posture unlessSaid, Counters counters, Optional<Map<NamePattern, PolicyBody>> servers) {
        Node toolsNode = fields.get("tools");
        Tools tools = new Tools();
        if (toolsNode != null) {
            tools(toolsNode, fields.at("tools"), counters, tools);
        }
        Node.Pair allTools = fields.pair("all_tools");
        PolicyBody body = new PolicyBody(
                posture(fields, unlessSaid),
                hide(fields),
                tools.named,
                categories(fields, counters),
                risks(fields, counters),
                Optional.ofNullable(tools.star),
                allTools == null ? Optional.empty() : Optional.of(allTools(allTools, fields.at("all_tools"), counters)),
                servers);
        Node.Pair forAll = allTools != null ? allTools : fields.pair("tools");
        if (forAll != null && allowsNothing(body)) {
            context.findings.warn(
                    "allows-nothing",
                    forAll.key(),
                    fields.at(forAll.name()),
                    "no tool can be called: 'default' is deny"
                            + (fields.has("default") ? "" : " in a grant that doesn't say otherwise")
                            + ", and an entry for all tools lists none",
                    "list tools under 'tools', or write default: allow");
        }
        return body;
    }

    /** Whether the author put limits on tools but listed none of them. A body without any entry may be intended. */
    private static boolean allowsNothing(PolicyBody body) {
        return body.posture() == Posture.DENY
                && body.tools().isEmpty()
                && body.categories().isEmpty()
                && body.risks().isEmpty()
                && body.servers().stream().allMatch(Map::isEmpty)
                && (body.star().isPresent() || body.allTools().isPresent());
    }

    /** The bodies of servers. They read no counters but their own. */
    private Optional<Map<NamePattern, PolicyBody>> servers(Fields fields) {
        if (!fields.has("servers")) {
            return Optional.empty();
        }
        Map<NamePattern, PolicyBody> servers = new LinkedHashMap<>();
        Node.Mapping map = map(fields, "servers", "a server's name");
        if (map == null) {
            return Optional.of(servers);
        }
        NodePath at = fields.at("servers");
        Map<NamePattern, Node> keys = new LinkedHashMap<>();
        for (Node.Pair server : map.pairs()) {
            if (Keys.isNote(server.name())) {
                continue;
            }
            NodePath serverAt = at.key(server.name());
            NamePattern pattern = names.pattern(server.name(), server.key(), serverAt, NameReader.NameType.SERVER);
            if (pattern == null) {
                continue;
            }
            keys.put(pattern, server.key());
            if (server.value() instanceof Node.Mapping body) {
                Fields inner = Fields.of(Keys.SERVER, body, serverAt, context.findings, null);
                servers.put(
                        pattern,
                        context.intercept.skipping(
                                () -> read(inner, Posture.ALLOW, context.counters(null), Optional.empty())));
            } else {
                context.scalars.wrongType(server.value(), serverAt, "a server", "a map");
            }
        }
        warnOfShadows(keys, at);
        return Optional.of(servers);
    }

    /** Only one body applies to a server, so a more specific key switches the rules of a glob off. */
    private void warnOfShadows(Map<NamePattern, Node> keys, NodePath at) {
        List<NamePattern> globs = keys.keySet().stream()
                .filter(key -> !key.isExact())
                .limit(MAX_COMPARED)
                .toList();
        int compared = 0;
        for (Map.Entry<NamePattern, Node> key : keys.entrySet()) {
            NamePattern pattern = key.getKey();
            List<NamePattern> others =
                    pattern.isExact() ? globs : globs.subList(Math.max(0, globs.indexOf(pattern) + 1), globs.size());
            if (compared > MAX_COMPARED) {
                return;
            }
            compared += others.size();
            others.stream()
                    .filter(pattern::overlaps)
                    .findFirst()
                    .ifPresent(glob -> context.findings.warn(
                            "servers-shadow",
                            key.getValue(),
                            at.key(pattern.text()),
                            Display.quoted(pattern.text()) + " takes servers away from " + Display.quoted(glob.text())
                                    + ": only one body applies to a server",
                            "repeat here what the other body says, or put what is for all servers at the top"));
        }
    }

    /** Reads {@code node} as the value of {@code tools}, and nothing else. */
    PolicyBody readImplied(Node node, Counters counters) {
        Tools tools = new Tools();
        tools(node, NodePath.ROOT.key("tools"), counters, tools);
        return new PolicyBody(
                Posture.ALLOW,
                List.of(),
                tools.named,
                Map.of(),
                Map.of(),
                Optional.ofNullable(tools.star),
                Optional.empty());
    }

    /** The content of {@code tools}: {@code "*"} is kept apart from the other names and globs. */
    private static final class Tools {
        private final Map<NamePattern, Entry> named = new LinkedHashMap<>();
        private @Nullable Entry star;
    }

    private Posture posture(Fields fields, Posture unlessSaid) {
        Node node = fields.get("default");
        if (node == null) {
            return unlessSaid;
        }
        String word = context.scalars.word(node, fields.at("default"), "default", POSTURES);
        return "allow".equals(word) ? Posture.ALLOW : Posture.DENY;
    }

    private List<NamePattern> hide(Fields fields) {
        Node node = fields.get("hide");
        if (node == null) {
            return List.of();
        }
        NodePath at = fields.at("hide");
        if (!(node instanceof Node.Sequence sequence)) {
            if (node instanceof Node.Scalar scalar && !scalar.isNull()) {
                context.findings.error(
                        "wrong-type",
                        node,
                        at,
                        "hide must be a list, not " + node.describe(),
                        "write hide: [\"" + Display.clean(scalar.text(), 60) + "\"]");
            } else {
                context.scalars.wrongType(node, at, "hide", "a list");
            }
            return List.of();
        }
        List<NamePattern> hidden = new ArrayList<>();
        for (int i = 0; i < sequence.items().size(); i++) {
            Node item = sequence.items().get(i);
            if (item instanceof Node.Scalar scalar && scalar.isNull()) {
                context.findings.error("null-value", item, at.item(i), "there is no name here", Hints.DROPPED);
                continue;
            }
            String name = context.scalars.text(item, at.item(i), "a tool's name");
            NamePattern pattern = name == null ? null : names.pattern(name, item, at.item(i), NameReader.NameType.TOOL);
            if (pattern != null) {
                hidden.add(pattern);
            }
        }
        return hidden;
    }

    private void tools(Node node, NodePath at, Counters counters, Tools tools) {
        Node.Mapping map = map(node, at, "tools", "a tool's name");
        if (map == null) {
            return;
        }
        for (Node.Pair pair : map.pairs()) {
            if (Keys.isNote(pair.name())) {
                warnIfEntry(pair, at);
                continue;
            }
            NamePattern pattern = names.pattern(pair.name(), pair.key(), at.key(pair.name()), NameReader.NameType.TOOL);
            if (pattern == null) {
                continue;
            }
            NodePath entryAt = at.key(pair.name());
            if (pattern.equals(NamePattern.ANY)) {
                tools.star = entries.read(pair, entryAt, new EntryKey(EntryKey.EntryType.ALL, pair.name(), counters));
            } else if (pattern.isExact()) {
                tools.named.put(
                        pattern,
                        entries.read(pair, entryAt, new EntryKey(EntryKey.EntryType.TOOL, pair.name(), counters)));
            } else {
                context.intercept.ignores("a glob under 'tools'", pair.key(), entryAt);
                tools.named.put(
                        pattern,
                        context.intercept.skipping(() -> entries.read(pair, entryAt, group(entryAt, counters))));
            }
        }
    }

    /** A note under {@code tools} that has rules may be a tool whose name happens to look like a note's. */
    private void warnIfEntry(Node.Pair pair, NodePath at) {
        if (pair.value() instanceof Node.Mapping map
                && map.pairs().stream().anyMatch(inner -> Keys.ENTRY.contains(inner.name()))) {
            context.findings.warn(
                    "note-ignored",
                    pair.key(),
                    at.key(pair.name()),
                    Display.quoted(pair.name())
                            + " looks like a tool's entry, but keys that begin with 'x-' are ignored",
                    "if a tool is called so, reach it with the glob '?"
                            + Display.clean(pair.name().substring(1), 60) + "'");
        }
    }

    private Entry allTools(Node.Pair pair, NodePath at, Counters counters) {
        context.intercept.ignores("'all_tools'", pair.key(), at);
        if (pair.value() instanceof Node.Scalar scalar && scalar.isNull()) {
            context.scalars.wrongType(pair.value(), at, "all_tools", "a map");
        }
        EntryKey owner = new EntryKey(EntryKey.EntryType.ALL, pair.name(), counters);
        return context.intercept.skipping(() -> entries.read(pair, at, owner));
    }

    private static EntryKey group(NodePath at, Counters counters) {
        return new EntryKey(EntryKey.EntryType.GROUP, at.toString(), counters);
    }

    private Map<ToolCategory, Entry> categories(Fields fields, Counters counters) {
        Map<ToolCategory, Entry> categories = new LinkedHashMap<>();
        Node.Mapping map = map(fields, "categories", "a category");
        if (map == null) {
            return categories;
        }
        NodePath at = fields.at("categories");
        for (Node.Pair pair : map.pairs()) {
            ToolCategory category = ToolCategory.of(pair.name()).orElse(null);
            if (category != null) {
                NodePath entryAt = at.key(pair.name());
                categories.put(
                        category,
                        context.intercept.skipping(() -> entries.read(pair, entryAt, group(entryAt, counters))));
            } else if (!Keys.isNote(pair.name())) {
                unknown(pair, at, "there is no category ", CATEGORIES, "the categories are ");
            }
        }
        return categories;
    }

    private Map<RiskSelector, Entry> risks(Fields fields, Counters counters) {
        Map<RiskSelector, Entry> risks = new LinkedHashMap<>();
        Node.Mapping map = map(fields, "risks", "a risk");
        if (map == null) {
            return risks;
        }
        NodePath at = fields.at("risks");
        for (Node.Pair pair : map.pairs()) {
            RiskSelector risk = RiskSelector.of(pair.name()).orElse(null);
            if (risk != null) {
                NodePath entryAt = at.key(pair.name());
                risks.put(
                        risk, context.intercept.skipping(() -> entries.read(pair, entryAt, group(entryAt, counters))));
            } else if (!Keys.isNote(pair.name())) {
                String plain = pair.name().replaceFirst("[-+]$", "");
                if (RiskLevel.of(plain).isPresent()) {
                    context.findings.error(
                            "bad-name",
                            pair.key(),
                            at.key(pair.name()),
                            "there is no risk " + Display.quoted(pair.name()),
                            "'" + plain + "+' means " + plain + " and above; for 'and below' name each level");
                } else {
                    unknown(
                            pair,
                            at,
                            "there is no risk ",
                            LEVELS,
                            "with or without a '+' for \"or above\", the risks are ");
                }
            }
        }
        return risks;
    }

    private void unknown(Node.Pair pair, NodePath at, String message, List<String> known, String list) {
        String nearest = Suggestion.hint(pair.name(), known);
        context.findings.error(
                "bad-name",
                pair.key(),
                at.key(pair.name()),
                message + Display.quoted(pair.name()),
                nearest == null ? list + String.join(", ", known) : nearest);
    }

    private Node.@Nullable Mapping map(Fields fields, String key, String what) {
        Node.Pair pair = fields.pair(key);
        if (pair == null) {
            return null;
        }
        context.intercept.ignores("'" + key + "'", pair.key(), fields.at(key));
        return map(pair.value(), fields.at(key), key, what);
    }

    private Node.@Nullable Mapping map(Node node, NodePath at, String key, String what) {
        if (node instanceof Node.Mapping map) {
            return map;
        }
        if (node instanceof Node.Sequence) {
            context.findings.error(
                    "wrong-type", node, at, key + " must be a map, not a list", "each key of it is " + what);
        } else {
            context.scalars.wrongType(node, at, key, "a map");
        }
        return null;
    }
}
