package dev.interlock.policy.audit.log;

import dev.interlock.policy.Path;
import dev.interlock.policy.text.Skeleton;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Which arguments of a call the log contains in plain text. By default none, only their keyed digest. */
public final class Redaction {

    /** Replaces a redacted value. */
    public static final String REDACTED = "[redacted]";

    /** Where a step can end in a path that is written as the name of a single member. */
    private static final Pattern STEP_ENDS = Pattern.compile("[.\\[/]");

    private static final Pattern INDEX = Pattern.compile("[0-9]+");

    private static final Redaction NOTHING = new Redaction(new PathNode(false), false);

    private final PathNode root;
    private final boolean rest;

    private Redaction(PathNode root, boolean rest) {
        this.root = root;
        this.rest = rest;
    }

    /** The log contains no arguments. */
    public static Redaction nothing() {
        return NOTHING;
    }

    /**
     * The log contains only what these paths name; not even the names of other arguments are revealed.
     *
     * @param paths in the syntax of policies: {@code args.amount}, {@code args.items[*].id}
     * @throws IllegalArgumentException if one isn't the path of an argument
     */
    public static Redaction only(String... paths) {
        return new Redaction(tree(false, paths), false);
    }

    /**
     * The log contains everything but what these paths name. That, and any argument whose name differs only by case or
     * by look-alike letters, is {@link #REDACTED}. Where a value has another shape than a path expects (an object where
     * the path goes through a list, or a list or a text where the path continues), it is unclear which part the path
     * means, so all of it is redacted. An argument that a server adds tomorrow appears in the log too: for secrets,
     * {@link #only} is the safer choice.
     *
     * @param paths in the syntax of policies; none for all arguments
     * @throws IllegalArgumentException if one isn't the path of an argument
     */
    public static Redaction allBut(String... paths) {
        return new Redaction(tree(true, paths), true);
    }

    private static PathNode tree(boolean alike, String... paths) {
        PathNode root = new PathNode(alike);
        for (String text : paths) {
            Path path = Path.parse(text);
            if (path.root() != Path.Root.ARGS) {
                throw new IllegalArgumentException("'" + text + "' must be the path of an argument: args.<name>");
            }
            if (path.steps().stream().anyMatch(Path.Step.Any.class::isInstance)) {
                throw new IllegalArgumentException("'" + text + "' must say which elements: write [*] for all of them");
            }
            PathNode node = root;
            for (Path.Step step : path.steps()) {
                node = node.grow(step);
            }
            node.end = true;
        }
        return root;
    }

    /** The part of these arguments that the log may contain; null if it may contain none of any call. */
    @Nullable
    ObjectValue of(ObjectValue arguments) {
        if (!rest && root.isLeaf()) {
            return null;
        }
        Value kept = rest ? without(arguments, root) : only(arguments, root);
        return kept instanceof ObjectValue object ? object : ObjectValue.EMPTY;
    }

    private static Value without(Value value, PathNode node) {
        if (node.isLeaf() || value == Value.Nil.NULL) {
            return node.end ? new Value.Text(REDACTED) : value;
        }
        if (value instanceof ObjectValue object && node.takesObjects()) {
            Map<String, Value> members = new LinkedHashMap<>();
            object.members().forEach((name, member) -> members.put(name, withoutMember(name, member, node)));
            return ObjectValue.of(members);
        }
        if (value instanceof Value.Array array && node.takesLists()) {
            List<Value> items = new ArrayList<>();
            for (int i = 0; i < array.items().size(); i++) {
                Value item = array.items().get(i);
                for (PathNode next : node.at(i)) {
                    item = without(item, next);
                }
                items.add(item);
            }
            return new Value.Array(items);
        }
        return new Value.Text(REDACTED);
    }

    private static Value withoutMember(String name, Value member, PathNode node) {
        PathNode next = node.member(name);
        if (next != null) {
            return without(member, next);
        }
        // Some servers read {"card.number": ...} and {"card[number]": ...} as a path.
        Matcher spelt = STEP_ENDS.matcher(name);
        while (spelt.find()) {
            if (node.member(name.substring(0, spelt.start())) != null) {
                return new Value.Text(REDACTED);
            }
        }
        return member;
    }

    /** The part of a value that the tree names; null if it names nothing that exists. */
    private static @Nullable Value only(Value value, PathNode node) {
        if (node.end) {
            return value;
        }
        if (value instanceof ObjectValue object) {
            Map<String, Value> members = new LinkedHashMap<>();
            object.members().forEach((name, member) -> {
                PathNode next = node.member(name);
                Value kept = next == null ? null : only(member, next);
                if (kept != null) {
                    members.put(name, kept);
                }
            });
            return members.isEmpty() ? null : ObjectValue.of(members);
        }
        if (value instanceof Value.Array array) {
            return onlyItems(array, node);
        }
        return null;
    }

    private static @Nullable Value onlyItems(Value.Array array, PathNode node) {
        List<Value> items = new ArrayList<>();
        boolean any = false;
        for (int i = 0; i < array.items().size(); i++) {
            Value kept = null;
            for (PathNode next : node.at(i)) {
                kept = kept == null ? only(array.items().get(i), next) : kept;
            }
            any |= kept != null;
            items.add(kept == null ? new Value.Text(REDACTED) : kept);
        }
        return any ? new Value.Array(items) : null;
    }

    /** A step of some paths. */
    private static final class PathNode {

        private final Map<String, PathNode> members = new HashMap<>();

        /** Whether look-alike names count as the same step. */
        private final boolean alike;

        private @Nullable PathNode every;
        private boolean end;

        /** Whether a step from here leads into an object. */
        private boolean named;

        /** Whether a step from here leads into a list. */
        private boolean counted;

        PathNode(boolean alike) {
            this.alike = alike;
        }

        private String key(String name) {
            return alike ? Skeleton.visible(name) : name;
        }

        @Nullable
        PathNode member(String name) {
            return members.get(key(name));
        }

        PathNode grow(Path.Step step) {
            if (step instanceof Path.Step.Member member) {
                boolean isName =
                        member.quoted() || !INDEX.matcher(member.name()).matches();
                named |= isName;
                counted |= !isName;
                return members.computeIfAbsent(key(member.name()), name -> new PathNode(alike));
            }
            counted = true;
            every = every == null ? new PathNode(alike) : every;
            return every;
        }

        /** Whether no path goes on from here. */
        boolean isLeaf() {
            return members.isEmpty() && every == null;
        }

        boolean takesObjects() {
            return !end && !counted;
        }

        boolean takesLists() {
            return !end && !named;
        }

        /** The steps that lead to the element at this index. */
        List<PathNode> at(int index) {
            List<PathNode> found = new ArrayList<>(2);
            if (every != null) {
                found.add(every);
            }
            PathNode numbered = member(Integer.toString(index));
            if (numbered != null) {
                found.add(numbered);
            }
            return found;
        }
    }
}
