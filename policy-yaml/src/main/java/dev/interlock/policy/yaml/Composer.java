package dev.interlock.policy.yaml;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.common.Anchor;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/**
 * Builds the node tree from the parser's events, and holds the bounds while it does. The tree never gets deeper than
 * {@link Bounds#MAX_DEPTH}. What aliases stand for is added up, not built, so a bomb is refused at the alias that
 * exceeds {@link Bounds#MAX_ALIASED_NODES}.
 *
 * <p>The parser is asked for events and never for objects. So no tag can name a class, and the parser's own recursive
 * composer, with its own bounds and its own notion of duplicate keys, is not involved.
 */
final class Composer {

    private static final String TAGS = "tag:yaml.org,2002:";

    /** Most maps and lists of a policy are small. */
    private static final int USUAL_SIZE = 4;

    /** Up to this size a map is searched for duplicates without a set. */
    private static final int SMALL = 8;

    private static final int NOWHERE = -1;
    private static final int SHORT_TEXT = 16;
    private static final int MOST_TEXTS = 1_024;

    private final DiagnosticCollector findings;
    private final Iterator<Event> events;
    private final @Nullable TabCheck tabs;
    private final Map<Anchor, Anchored> anchors = new HashMap<>();
    private final Set<Anchor> open = new HashSet<>();
    /** Duplicate anchors that have been reported. */
    private final Set<Anchor> ambiguous = new HashSet<>();

    private final Map<String, String> texts = new HashMap<>();

    /** The parser's position: for each open map the key, for each open list the index. */
    private final @Nullable String[] keys = new @Nullable String[Bounds.MAX_DEPTH + 2];

    private final int[] indexes = new int[Bounds.MAX_DEPTH + 2];

    private int depth;
    /** The deepest level since the last reset, from which an anchored node's height is known. */
    private int deepest;

    /** How much has been read so far, in nodes; a long text counts as several. */
    private long nodes;
    /** The same for what aliases stand for. */
    private long aliased;

    /** An anchored node, with the number of nodes and levels that an alias to it stands for. */
    private record Anchored(Node node, long size, int height) {}

    /** Stops the reading. The reason has been reported. */
    private static final class Stop extends RuntimeException {
        Stop() {
            super(null, null, false, false);
        }
    }

    private Composer(String text, DiagnosticCollector findings) {
        this.findings = findings;
        Arrays.fill(indexes, NOWHERE);
        this.tabs = text.indexOf('\t') < 0 ? null : new TabCheck(text, findings);
        LoadSettings settings = LoadSettings.builder()
                .setUseMarks(true)
                // The size in bytes has already been checked.
                .setCodePointLimit(Integer.MAX_VALUE)
                // One buffer for the whole text: each time the buffer fills, the parser copies what it has of a long
                // scalar.
                .setBufferSize(Math.max(text.length(), 1))
                .build();
        this.events = new ParserImpl(settings, new StreamReader(settings, text));
    }

    /**
     * The root of the only document in {@code text}, or null if it can't be built; the reason has then been reported.
     */
    static @Nullable Node compose(String text, DiagnosticCollector findings) {
        try {
            return new Composer(text, findings).document();
        } catch (Stop e) {
            return null;
        } catch (YamlEngineException e) {
            SyntaxErrors.report(e, findings);
            return null;
        } catch (RuntimeException e) {
            // The parser lets exceptions of JDK methods through, for example for tags with broken escapes.
            findings.error("syntax", 1, 1, "the document is not well-formed YAML", null);
            return null;
        }
    }

    private @Nullable Node document() {
        next();
        Event start = next();
        if (start.getEventId() == Event.ID.StreamEnd) {
            findings.error("empty-document", 1, 1, "the document is empty", "a policy begins with version: \"1\"");
            return null;
        }
        Node root = node(next());
        next();
        Event end = next();
        if (end.getEventId() == Event.ID.DocumentStart) {
            Mark mark = mark(end);
            findings.error(
                    "multiple-documents",
                    mark.getLine() + 1,
                    mark.getColumn() + 1,
                    "a second document begins here",
                    "put one policy in a file; Intercept would have ignored the second");
            return null;
        }
        if (root instanceof Node.Scalar scalar && scalar.isNull()) {
            findings.error("empty-document", 1, 1, "the document is empty", "a policy begins with version: \"1\"");
            return null;
        }
        if (tabs != null) {
            tabs.report();
        }
        return root;
    }

    private Event next() {
        return events.next();
    }

    private Node node(Event event) {
        nodes++;
        if (event instanceof AliasEvent alias) {
            return alias(alias);
        }
        NodeEvent start = (NodeEvent) event;
        if (start.getAnchor().isEmpty()) {
            return content(start);
        }
        return anchored(start, start.getAnchor().get());
    }

    private Node anchored(NodeEvent start, Anchor anchor) {
        long before = nodes + aliased;
        int outerDeepest = deepest;
        deepest = depth;
        boolean nested = !open.add(anchor);
        if ((anchors.remove(anchor) != null || nested) && ambiguous.add(anchor)) {
            Mark mark = mark(start);
            findings.warn(
                    "duplicate-anchor",
                    mark.getLine() + 1,
                    mark.getColumn() + 1,
                    here(),
                    "the anchor " + Display.quoted("&" + anchor.getValue()) + " is there already",
                    "an alias stands for the last one before it; give each its own name");
        }
        Node node = content(start);
        if (!nested) {
            open.remove(anchor);
        }
        anchors.put(anchor, new Anchored(node, nodes + aliased - before + 1, deepest - depth));
        deepest = Math.max(outerDeepest, deepest);
        return node;
    }

    private Node alias(AliasEvent event) {
        Anchor anchor = event.getAlias();
        Anchored target = anchors.get(anchor);
        if (target == null) {
            String name = Display.quoted("*" + anchor.getValue());
            throw open.contains(anchor)
                    ? stop("recursive-alias", event, "the alias " + name + " stands inside what it stands for", null)
                    : stop(
                            "unknown-alias",
                            event,
                            "nothing is anchored for " + name,
                            "an anchor stands before its alias");
        }
        aliased += target.size();
        if (aliased > Bounds.MAX_ALIASED_NODES) {
            throw stop(
                    "too-many-aliases",
                    event,
                    "aliases stand for more than " + Bounds.MAX_ALIASED_NODES + " nodes",
                    "write less by alias");
        }
        deepest = Math.max(deepest, depth + target.height());
        checkDepth(event, depth + target.height());
        return target.node();
    }

    private Node content(NodeEvent event) {
        if (event instanceof ScalarEvent scalar) {
            return scalar(scalar);
        }
        checkTag(event, ((CollectionStartEvent) event).getTag().orElse(null));
        depth++;
        deepest = Math.max(deepest, depth);
        checkDepth(event, depth);
        Node node = event.getEventId() == Event.ID.SequenceStart
                ? sequence((CollectionStartEvent) event)
                : mapping((CollectionStartEvent) event);
        depth--;
        return node;
    }

    private void checkDepth(Event event, int reached) {
        if (reached > Bounds.MAX_DEPTH) {
            throw stop("too-deep", event, "nested deeper than " + Bounds.MAX_DEPTH + " levels", null);
        }
    }

    private Node.Scalar scalar(ScalarEvent event) {
        Mark mark = mark(event);
        if (tabs != null) {
            tabs.covered(event);
        }
        String tag = event.getTag().orElse(null);
        boolean plain = event.isPlain();
        if (tag != null) {
            checkTag(event, tag);
            // '!' and '!!str' turn any scalar into a string; the other tags only repeat what the text already looks
            // like.
            plain = !tag.equals("!") && !tag.equals(TAGS + "str");
        }
        String text = event.getValue();
        nodes += text.length() / Bounds.CHARS_PER_NODE;
        if (hasLoneSurrogate(text)) {
            report("bad-character", event, "an escape is half a character", null);
            text = "";
        }
        return new Node.Scalar(shared(text), plain, mark.getLine() + 1, mark.getColumn() + 1);
    }

    /** One string for every occurrence of a short text: policies repeat the same few words. */
    private String shared(String text) {
        if (text.length() > SHORT_TEXT) {
            return text;
        }
        if (texts.size() >= MOST_TEXTS) {
            return texts.getOrDefault(text, text);
        }
        String first = texts.putIfAbsent(text, text);
        return first == null ? text : first;
    }

    private static boolean hasLoneSurrogate(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
                if (Character.isLowSurrogate(c)
                        || i + 1 == text.length()
                        || !Character.isLowSurrogate(text.charAt(++i))) {
                    return true;
                }
            }
        }
        return false;
    }

    private Node sequence(CollectionStartEvent start) {
        Mark mark = mark(start);
        List<Node> items = new ArrayList<>(USUAL_SIZE);
        Event event = next();
        while (event.getEventId() != Event.ID.SequenceEnd) {
            indexes[depth] = items.size();
            items.add(node(event));
            event = next();
        }
        indexes[depth] = NOWHERE;
        flowEnd(start, event);
        return new Node.Sequence(items, mark.getLine() + 1, mark.getColumn() + 1);
    }

    private Node mapping(CollectionStartEvent start) {
        Mark mark = mark(start);
        List<Node.Pair> pairs = new ArrayList<>(USUAL_SIZE);
        List<Node> merges = new ArrayList<>(0);
        Set<String> seen = null;
        Event event = next();
        while (event.getEventId() != Event.ID.MappingEnd) {
            Node key = node(event);
            keys[depth] = key instanceof Node.Scalar scalar ? scalar.text() : null;
            Node value = node(next());
            keys[depth] = null;
            event = next();
            if (!(key instanceof Node.Scalar name) || name.isNull()) {
                findings.error("bad-key", key, here(), "a key must be a string, not " + key.describe(), null);
                continue;
            }
            if (name.plain() && name.text().equals("<<")) {
                if (!merges.isEmpty()) {
                    findings.error("duplicate-key", key, here(), "duplicate key '<<'", "give '<<' a list instead");
                }
                merges.add(value);
                continue;
            }
            if (seen == null && pairs.size() >= SMALL) {
                seen = new HashSet<>();
                for (Node.Pair pair : pairs) {
                    seen.add(pair.name());
                }
            }
            if (seen == null ? contains(pairs, name.text()) : !seen.add(name.text())) {
                duplicate(pairs, name);
                continue;
            }
            pairs.add(new Node.Pair(name, value));
        }
        flowEnd(start, event);
        if (!merges.isEmpty()) {
            merge(pairs, merges);
        }
        return new Node.Mapping(pairs, mark.getLine() + 1, mark.getColumn() + 1);
    }

    private static boolean contains(List<Node.Pair> pairs, String name) {
        for (Node.Pair pair : pairs) {
            if (pair.name().equals(name)) {
                return true;
            }
        }
        return false;
    }

    private void duplicate(List<Node.Pair> pairs, Node.Scalar name) {
        int first = 0;
        for (Node.Pair pair : pairs) {
            if (pair.name().equals(name.text())) {
                first = pair.key().line();
                break;
            }
        }
        findings.error(
                "duplicate-key",
                name,
                here().key(name.text()),
                "duplicate key " + Display.quoted(name.text()),
                "it is first given in line " + first);
    }

    /** Adds what {@code <<} brings in. Explicit keys win over merged ones, and earlier maps over later ones. */
    private void merge(List<Node.Pair> pairs, List<Node> merges) {
        Map<String, Node.Pair> merged = new LinkedHashMap<>();
        for (Node.Pair pair : pairs) {
            merged.put(pair.name(), pair);
        }
        for (Node merge : merges) {
            List<Node> sources = merge instanceof Node.Sequence sequence ? sequence.items() : List.of(merge);
            for (Node source : sources) {
                if (source instanceof Node.Mapping mapping) {
                    mapping.pairs().forEach(pair -> merged.putIfAbsent(pair.name(), pair));
                } else {
                    findings.error(
                            "bad-merge",
                            source,
                            here(),
                            "'<<' takes a map or a list of maps, not " + source.describe(),
                            "write <<: *name, with &name at the map");
                }
            }
        }
        pairs.clear();
        pairs.addAll(merged.values());
    }

    private void flowEnd(CollectionStartEvent start, Event end) {
        if (tabs != null && start.isFlow()) {
            tabs.covered(mark(start), end.getEndMark().orElseThrow());
        }
    }

    private void checkTag(Event event, @Nullable String tag) {
        if (tag == null || tag.equals("!")) {
            return;
        }
        boolean known = tag.startsWith(TAGS)
                && switch (tag.substring(TAGS.length())) {
                    case "str", "int", "float", "bool", "null" -> event instanceof ScalarEvent;
                    case "map" -> event.getEventId() == Event.ID.MappingStart;
                    case "seq" -> event.getEventId() == Event.ID.SequenceStart;
                    default -> false;
                };
        if (!known) {
            String shown = tag.startsWith(TAGS) ? "!!" + tag.substring(TAGS.length()) : tag;
            report(
                    "custom-tag",
                    event,
                    "the tag " + Display.quoted(shown) + " means nothing in a policy",
                    "leave it out");
        }
    }

    private Stop stop(String code, Event event, String message, @Nullable String hint) {
        report(code, event, message, hint);
        return new Stop();
    }

    private void report(String code, Event event, String message, @Nullable String hint) {
        Mark mark = mark(event);
        findings.error(code, mark.getLine() + 1, mark.getColumn() + 1, here(), message, hint);
    }

    /** The path of the node that is being read. */
    private NodePath here() {
        NodePath at = NodePath.ROOT;
        for (int i = 1; i <= Math.min(depth, Bounds.MAX_DEPTH); i++) {
            String key = keys[i];
            if (key != null) {
                at = at.key(key);
            } else if (indexes[i] != NOWHERE) {
                at = at.item(indexes[i]);
            }
        }
        return at;
    }

    private static Mark mark(Event event) {
        return event.getStartMark().orElseThrow();
    }
}
