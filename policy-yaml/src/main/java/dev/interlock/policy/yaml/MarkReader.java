package dev.interlock.policy.yaml;

import dev.interlock.policy.Clearing;
import dev.interlock.policy.Mark;
import dev.interlock.policy.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads what entries say about the marks of sessions. */
final class MarkReader {

    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_-]{0,63}");

    private final ReadContext context;
    private final PathExpressionReader paths;
    private final WindowReader times;

    MarkReader(ReadContext context, PathExpressionReader paths, WindowReader times) {
        this.context = context;
        this.paths = paths;
        this.times = times;
    }

    /** The items of {@code marks}. A broken one is reported and left out. */
    List<Mark> marks(Node node, NodePath at) {
        if (!(node instanceof Node.Sequence sequence)) {
            context.scalars.wrongType(node, at, "marks", "a list");
            return List.of();
        }
        List<Mark> marks = new ArrayList<>(sequence.items().size());
        for (int i = 0; i < sequence.items().size(); i++) {
            Mark mark = mark(sequence.items().get(i), at.item(i));
            if (mark != null) {
                marks.add(mark);
            }
        }
        return marks;
    }

    private @Nullable Mark mark(Node node, NodePath at) {
        if (!(node instanceof Node.Mapping map)) {
            String name = name(node, at);
            if (name == null) {
                return null;
            }
            context.marks.set(name, false, false, node, at);
            return new Mark(name, null, false, null, ReadContext.place(node, at));
        }
        Fields fields = Fields.of(Keys.MARK, map, at, context.findings, null);
        Node nameNode = Hints.required(fields, "name", context.findings);
        String name = nameNode == null ? null : name(nameNode, at.key("name"));
        Node valueNode = fields.get("value");
        Path value = valueNode == null ? null : paths.ofMark(valueNode, at.key("value"));
        Node onNode = fields.get("on");
        boolean onSuccess =
                onNode != null && context.scalars.word(onNode, at.key("on"), "on", List.of("success")) != null;
        Node forNode = fields.get("for");
        Duration lasting = forNode == null ? null : times.duration(forNode, at.key("for"), "for");
        if (name == null || (valueNode != null && value == null)) {
            return null;
        }
        context.marks.set(name, value != null, onSuccess, node, at);
        return new Mark(name, value, onSuccess, lasting, ReadContext.place(node, at));
    }

    /**
     * The items of {@code clears}. A broken one is reported and left out.
     *
     * @param asks whether the entry asks a person
     */
    List<Clearing> clears(Node node, NodePath at, boolean asks) {
        if (!(node instanceof Node.Sequence sequence)) {
            context.scalars.wrongType(node, at, "clears", "a list");
            return List.of();
        }
        List<Clearing> clears = new ArrayList<>(sequence.items().size());
        for (int i = 0; i < sequence.items().size(); i++) {
            Node item = sequence.items().get(i);
            String name = name(item, at.item(i));
            if (name != null) {
                context.marks.cleared(name, item, at.item(i));
                clears.add(new Clearing(name, ReadContext.place(item, at.item(i))));
            }
        }
        if (!clears.isEmpty() && !asks) {
            context.findings.warn(
                    "clears-unasked",
                    node,
                    at,
                    "an agent can clear " + (clears.size() == 1 ? "this mark" : "these marks") + " by itself",
                    "let a person be asked: give the entry a rule with action: require_approval");
        }
        return clears;
    }

    private @Nullable String name(Node node, NodePath at) {
        String name = context.scalars.nonBlank(node, at, "a mark's name");
        if (name == null) {
            return null;
        }
        if (!NAME.matcher(name).matches()) {
            context.findings.error(
                    "bad-name",
                    node,
                    at,
                    Display.quoted(name) + " can't be a mark's name",
                    "use letters, digits, _ and -, at most 64, and begin with a letter or _");
            return null;
        }
        return name;
    }
}
