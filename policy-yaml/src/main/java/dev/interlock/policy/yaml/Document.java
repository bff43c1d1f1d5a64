package dev.interlock.policy.yaml;

import dev.interlock.policy.text.Suggestion;
import dev.interlock.policy.value.Value;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A document that is not a policy, such as a policy's tests. It is read within the same bounds as a policy, and its
 * problems are reported with the same care. A reader asks each part for the type that it expects. A part of another
 * type reports that and returns null, so that one pass finds all problems.
 */
public final class Document {

    private final DiagnosticCollector findings;
    private final ReadContext context;
    private final @Nullable Part root;

    private Document(@Nullable Node root, DiagnosticCollector findings) {
        this.findings = findings;
        this.context = new ReadContext(findings);
        this.root = root == null ? null : new Part(root, NodePath.ROOT);
    }

    /**
     * Reads a document. Never throws because of its content.
     *
     * @param bytes the document in UTF-8
     * @param sourceName the name of the document in diagnostics
     */
    public static Document read(byte[] bytes, String sourceName) {
        DiagnosticCollector findings = new DiagnosticCollector(Display.clean(sourceName, Bounds.MAX_NAME));
        String text = new SourceText(findings).decode(bytes);
        return new Document(text == null ? null : Composer.compose(text, findings), findings);
    }

    /** The document's content; empty if it can't be parsed. */
    public Optional<Part> root() {
        return Optional.ofNullable(root);
    }

    /** Everything reported so far, by position in the document. */
    public List<Diagnostic> diagnostics() {
        return findings.all();
    }

    /** Whether an error has been reported so far. */
    public boolean hasErrors() {
        return findings.failed();
    }

    /** A map with known keys. */
    public static final class Members {

        private final Map<String, Part> parts = new LinkedHashMap<>();

        private Members() {}

        /** The value under {@code key}, or null if there is none. */
        public @Nullable Part get(String key) {
            return parts.get(key);
        }
    }

    /** A value in the document, with its position. */
    public final class Part {

        private final Node node;
        private final NodePath at;

        private Part(Node node, NodePath at) {
            this.node = node;
            this.at = at;
        }

        /** The line, from 1. */
        public int line() {
            return node.line();
        }

        /** Whether it is a map. */
        public boolean isMap() {
            return node instanceof Node.Mapping;
        }

        /**
         * Its members, if it is a map. Unknown keys are reported, except those that begin with {@code x-}.
         *
         * @param what what the map is called in messages
         * @param keys the keys that it may have
         */
        public @Nullable Members map(String what, Collection<String> keys) {
            if (!(node instanceof Node.Mapping map)) {
                context.scalars.wrongType(node, at, what, "a map");
                return null;
            }
            Members members = new Members();
            for (Node.Pair pair : map.pairs()) {
                NodePath keyAt = at.key(pair.name());
                if (keys.contains(pair.name())) {
                    members.parts.put(pair.name(), new Part(pair.value(), keyAt));
                } else if (!Keys.isNote(pair.name())) {
                    String nearest = Suggestion.hint(pair.name(), keys);
                    findings.error(
                            "unknown-key",
                            pair.key(),
                            keyAt,
                            "unknown key " + Display.quoted(pair.name()),
                            nearest == null ? "the keys of " + what + " are " + String.join(", ", keys) : nearest);
                }
            }
            return members;
        }

        /** Its items, if it is a list. */
        public @Nullable List<Part> list(String what) {
            if (!(node instanceof Node.Sequence sequence)) {
                context.scalars.wrongType(node, at, what, "a list");
                return null;
            }
            List<Part> items = new ArrayList<>(sequence.items().size());
            for (int i = 0; i < sequence.items().size(); i++) {
                items.add(new Part(sequence.items().get(i), at.item(i)));
            }
            return items;
        }

        /** A string; a number or boolean is taken as written. */
        public @Nullable String text(String what) {
            return context.scalars.text(node, at, what);
        }

        /** A string that isn't blank. */
        public @Nullable String nonBlank(String what) {
            return context.scalars.nonBlank(node, at, what);
        }

        /** One of a few words. */
        public @Nullable String word(String what, Collection<String> words) {
            return context.scalars.word(node, at, what, words);
        }

        /** {@code true} or {@code false}. */
        public @Nullable Boolean bool(String what) {
            return context.scalars.bool(node, at, what);
        }

        /** A whole number between two bounds. */
        public @Nullable Long whole(String what, long least, long most) {
            return context.scalars.whole(node, at, what, least, most);
        }

        /** A length of time: seconds, or with units, {@code 1h30m}. */
        public @Nullable Duration duration(String what) {
            return new WindowReader(context).duration(node, at, what);
        }

        /** Any value; numbers are exact. */
        public @Nullable Value value() {
            return context.scalars.value(node, at);
        }

        /**
         * Reports a mistake in this part.
         *
         * @param code what kind of mistake, for programs
         * @param message what is wrong
         * @param hint what to do about it, or null
         */
        public void error(String code, String message, @Nullable String hint) {
            findings.error(code, node, at, message, hint);
        }
    }
}
