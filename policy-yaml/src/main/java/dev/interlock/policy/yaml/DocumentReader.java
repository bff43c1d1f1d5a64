package dev.interlock.policy.yaml;

import dev.interlock.policy.Entry;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.TimeWindow;
import dev.interlock.policy.text.NamePattern;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads a whole document. */
final class DocumentReader {

    private static final List<String> MODES = List.of("enforce", "audit");
    private static final List<String> POSTURES = List.of("allow", "deny");
    private static final String TOOLS_CALL = "tools/call";

    private final ReadContext context;
    private final NameReader names;
    private final BodyReader bodies;
    private final EntryReader entries;
    private final TimeWindowReader windows;
    private final Map<NamePattern, Entry> methodEntries = new LinkedHashMap<>();

    private DocumentReader(DiagnosticCollector findings) {
        this.context = new ReadContext(findings);
        this.names = new NameReader(context);
        this.bodies = new BodyReader(context);
        this.entries = new EntryReader(context);
        this.windows = new TimeWindowReader(context);
    }

    /** The policy that the tree describes, or null if it isn't valid; the reasons have then been reported. */
    static @Nullable Policy read(Node root, DiagnosticCollector findings) {
        return new DocumentReader(findings).read(root);
    }

    private @Nullable Policy read(Node root) {
        if (!(root instanceof Node.Mapping map)) {
            context.findings.error(
                    "wrong-type",
                    root,
                    NodePath.ROOT,
                    "a policy must be a map, not " + root.describe(),
                    "it begins with version: \"1\"");
            return null;
        }
        if (map.pairs().isEmpty()) {
            context.findings.error(
                    "empty-document",
                    root,
                    NodePath.ROOT,
                    "the document says nothing",
                    "a policy begins with version: \"1\"");
            return null;
        }
        Policy policy = isImplied(map) ? implied(map) : document(map);
        context.checkReferences();
        if (context.findings.failed()) {
            return null;
        }
        context.intercept.report(context.findings);
        return policy;
    }

    /**
     * Whether the map is itself the value of {@code tools}: none of its keys is known, and all of its values are
     * entries. A misspelt {@code tolls: {get: {}}} isn't, because {@code {get: {}}} is not an entry.
     */
    private static boolean isImplied(Node.Mapping map) {
        boolean any = false;
        for (Node.Pair pair : map.pairs()) {
            if (Keys.isNote(pair.name())) {
                continue;
            }
            if (Keys.DOCUMENT.contains(pair.name()) || !looksLikeEntry(pair.value())) {
                return false;
            }
            any = true;
        }
        return any;
    }

    /** Whether a value can only be an entry. If one of its keys is misspelt, that is a mistake within the entry. */
    private static boolean looksLikeEntry(Node value) {
        if (value instanceof Node.Mapping map) {
            return map.pairs().isEmpty() || map.pairs().stream().anyMatch(pair -> Keys.ENTRY.contains(pair.name()));
        }
        return value instanceof Node.Scalar scalar && scalar.isNull();
    }

    private Policy implied(Node.Mapping map) {
        context.intercept.refuses();
        context.findings.warn(
                "tools-implied",
                map,
                NodePath.ROOT,
                "this is read as the value of 'tools', since every key looks like a tool's",
                "write version: \"1\" and tools: above it");
        return Policy.of(bodies.readImplied(map, context.counters(null)));
    }

    private Policy document(Node.Mapping map) {
        Fields fields = Fields.of(Keys.DOCUMENT, map, NodePath.ROOT, context.findings, Hints.IGNORED);
        version(fields);
        String description = "";
        Node node = fields.get("description");
        if (node != null) {
            String text = context.scalars.text(node, fields.at("description"), "description");
            description = text == null ? "" : text;
        }
        Mode mode = mode(fields);
        // Read before the paths, which may then use no other keys.
        List<String> given = given(fields);
        context.given = given;
        Counters own = context.counters(null);
        PolicyBody body = bodies.read(fields, Posture.ALLOW, own);
        return new Policy(
                description,
                mode,
                body,
                methods(fields),
                grants(fields, own),
                Optional.ofNullable(given),
                suspended(fields),
                methodEntries);
    }

    /** What agents are told while calls are suspended, empty for {@code true}; nothing if they aren't. */
    private Optional<String> suspended(Fields fields) {
        Node.Pair pair = fields.pair("suspended");
        if (pair == null) {
            return Optional.empty();
        }
        NodePath at = fields.at("suspended");
        context.intercept.ignores("'suspended'", pair.key(), at);
        if (pair.value() instanceof Node.Scalar scalar && scalar.kind() == ScalarKind.TEXT) {
            return Optional.ofNullable(context.scalars.nonBlank(scalar, at, "suspended"));
        }
        Boolean suspended = context.scalars.bool(pair.value(), at, "suspended");
        return Boolean.TRUE.equals(suspended) ? Optional.of("") : Optional.empty();
    }

    /** The keys of {@code ctx} that the host provides; null if the document doesn't list them or the list is broken. */
    private @Nullable List<String> given(Fields fields) {
        Node.Pair pair = fields.pair("context");
        if (pair == null) {
            return null;
        }
        NodePath at = fields.at("context");
        context.intercept.ignores("'context'", pair.key(), at);
        if (!(pair.value() instanceof Node.Sequence names)) {
            context.scalars.wrongType(pair.value(), at, "context", "a list");
            return null;
        }
        List<String> keys = new ArrayList<>(names.items().size());
        boolean whole = true;
        for (int i = 0; i < names.items().size(); i++) {
            Node item = names.items().get(i);
            String key = context.scalars.nonBlank(item, at.item(i), "a key of ctx");
            whole &= key != null;
            if (key != null && keys.contains(key)) {
                context.findings.error(
                        "duplicate-name", item, at.item(i), Display.quoted(key) + " is named twice", "name it once");
            } else if (key != null) {
                keys.add(key);
            }
        }
        return whole ? keys : null;
    }

    private void version(Fields fields) {
        Node node = fields.get("version");
        if (node == null) {
            context.intercept.refuses();
            context.findings.warn(
                    "version-missing", fields.map(), NodePath.ROOT, "there is no 'version'", "write version: \"1\"");
            return;
        }
        if (!(node instanceof Node.Scalar scalar) || !scalar.text().equals("1")) {
            context.findings.error(
                    "bad-version",
                    node,
                    fields.at("version"),
                    node instanceof Node.Scalar scalar && !scalar.isNull()
                            ? "there is no version " + Display.quoted(scalar.text())
                            : "version must be \"1\", not " + node.describe(),
                    "write version: \"1\"");
        }
    }

    private Mode mode(Fields fields) {
        Node.Pair pair = fields.pair("mode");
        if (pair == null) {
            return Mode.ENFORCE;
        }
        context.intercept.ignores("'mode'", pair.key(), fields.at("mode"));
        String word = context.scalars.word(pair.value(), fields.at("mode"), "mode", MODES);
        return "audit".equals(word) ? Mode.AUDIT : Mode.ENFORCE;
    }

    private Map<NamePattern, Posture> methods(Fields fields) {
        Map<NamePattern, Posture> methods = new LinkedHashMap<>();
        Node.Pair pair = fields.pair("methods");
        if (pair == null) {
            return methods;
        }
        NodePath at = fields.at("methods");
        context.intercept.ignores("'methods'", pair.key(), at);
        if (!(pair.value() instanceof Node.Mapping map)) {
            context.scalars.wrongType(pair.value(), at, "methods", "a map");
            return methods;
        }
        for (Node.Pair method : map.pairs()) {
            if (!Keys.isNote(method.name())) {
                method(method, at, methods);
            }
        }
        return methods;
    }

    private void method(Node.Pair method, NodePath at, Map<NamePattern, Posture> methods) {
        NamePattern pattern =
                names.pattern(method.name(), method.key(), at.key(method.name()), NameReader.NameType.METHOD);
        if (pattern == null) {
            return;
        }
        NodePath methodAt = at.key(method.name());
        if (method.name().equals(TOOLS_CALL)) {
            context.findings.error(
                    "bad-name",
                    method.key(),
                    methodAt,
                    "'tools/call' is not decided here",
                    "tools, categories, risks and all_tools decide it");
            return;
        }
        if (!pattern.equals(NamePattern.ANY) && pattern.matches(TOOLS_CALL)) {
            context.findings.warn(
                    "not-tools-call",
                    method.key(),
                    methodAt,
                    Display.quoted(method.name()) + " doesn't cover 'tools/call'",
                    "tools, categories, risks and all_tools decide it");
        }
        if (method.value() instanceof Node.Mapping map) {
            methods.put(pattern, Posture.ALLOW);
            methodEntries.put(
                    pattern,
                    context.intercept.skipping(
                            () -> entries.method(map, method.key(), methodAt, context.counters(null))));
            return;
        }
        if (method.value() instanceof Node.Sequence) {
            context.scalars.wrongType(method.value(), methodAt, "a method's value", "allow, deny or a map");
            return;
        }
        String word = context.scalars.word(method.value(), methodAt, "a method's value", POSTURES);
        if (word != null) {
            methods.put(pattern, word.equals("allow") ? Posture.ALLOW : Posture.DENY);
        }
    }

    private Optional<Map<NamePattern, PolicyBody>> grants(Fields fields, Counters outer) {
        Node.Pair pair = fields.pair("grants");
        if (pair == null) {
            return Optional.empty();
        }
        NodePath at = fields.at("grants");
        context.intercept.ignores("'grants'", pair.key(), at);
        Map<NamePattern, PolicyBody> grants = new LinkedHashMap<>();
        if (!(pair.value() instanceof Node.Mapping map)) {
            context.scalars.wrongType(pair.value(), at, "grants", "a map");
            return Optional.of(grants);
        }
        for (Node.Pair grant : map.pairs()) {
            if (Keys.isNote(grant.name())) {
                continue;
            }
            NamePattern pattern =
                    names.pattern(grant.name(), grant.key(), at.key(grant.name()), NameReader.NameType.IDENTITY);
            if (pattern == null) {
                continue;
            }
            NodePath grantAt = at.key(grant.name());
            if (grant.value() instanceof Node.Mapping body) {
                Fields inner = Fields.of(Keys.GRANT, body, grantAt, context.findings, null);
                Counters own = context.counters(outer);
                PolicyBody granted = context.intercept.skipping(() -> bodies.read(inner, Posture.DENY, own));
                Node during = inner.get("during");
                TimeWindow window = during == null ? null : windows.window(during, inner.at("during"), "during");
                grants.put(pattern, window == null ? granted : granted.during(window));
            } else {
                context.scalars.wrongType(grant.value(), grantAt, "a grant", "a map");
            }
        }
        return Optional.of(grants);
    }
}
