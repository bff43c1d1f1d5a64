package dev.interlock.policy.yaml;

import dev.interlock.policy.Operator;
import dev.interlock.policy.Path;
import dev.interlock.policy.text.Suggestion;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The marks that the entries of a document set, and what reads them. Sessions reach over servers and grants, so a mark
 * may be set anywhere in the document and read anywhere else.
 */
final class MarkNames {

    /** How many marks a message lists. */
    private static final int LISTED = 8;

    private final Map<String, List<Setting>> set = new LinkedHashMap<>();
    private final List<Use> clears = new ArrayList<>();
    private final List<Use> reads = new ArrayList<>();

    private record Setting(boolean valued, boolean onSuccess, Node node, NodePath at) {}

    /**
     * A use of a mark.
     *
     * @param allows whether the mark allows something there
     */
    private record Use(String mark, boolean allows, Node node, NodePath at) {}

    /** Adds a mark that an entry sets. */
    void set(String mark, boolean valued, boolean onSuccess, Node node, NodePath at) {
        set.computeIfAbsent(mark, name -> new ArrayList<>()).add(new Setting(valued, onSuccess, node, at));
    }

    /** Adds a mark that an entry clears. */
    void cleared(String mark, Node node, NodePath at) {
        clears.add(new Use(mark, false, node, at));
    }

    /**
     * Adds a condition that reads a mark, if the path is one.
     *
     * @param allows whether the condition lets a call pass because the session has the mark
     */
    void read(@Nullable Path path, boolean allows, Node node, NodePath at) {
        if (path != null && path.root() == Path.Root.SESSION) {
            reads.add(new Use(path.member(0), allows, node, at));
        }
    }

    /**
     * Whether a condition with this operator is true because of what it finds, and not because of what is not there.
     */
    static boolean isPositive(Operator operator) {
        return switch (operator) {
            case NEQ, NOT_IN, NOT_CONTAINS, NOT_REGEX -> false;
            default -> true;
        };
    }

    /** Reports what doesn't fit together. */
    void check(DiagnosticCollector findings) {
        for (Use read : reads) {
            if (!set.containsKey(read.mark)) {
                findings.error(
                        "unknown-mark",
                        read.node,
                        read.at,
                        "no entry sets the mark " + Display.quoted("session." + read.mark),
                        hint(read.mark));
            }
        }
        for (Use clear : clears) {
            if (!set.containsKey(clear.mark)) {
                findings.warn(
                        "unknown-mark",
                        clear.node,
                        clear.at,
                        "no entry sets the mark " + Display.quoted(clear.mark),
                        hint(clear.mark));
            }
        }
        set.forEach((mark, settings) -> check(mark, settings, findings));
    }

    private void check(String mark, List<Setting> settings, DiagnosticCollector findings) {
        Setting first = settings.get(0);
        for (Setting setting : settings) {
            if (setting.valued != first.valued) {
                findings.error(
                        "mark-values",
                        setting.node,
                        setting.at,
                        "the mark " + Display.quoted(mark) + " has " + (setting.valued ? "values" : "none")
                                + " here and " + (first.valued ? "values" : "none") + " in line "
                                + first.node.line(),
                        "give it a value everywhere or nowhere, or two names");
            }
        }
        List<Use> readers =
                reads.stream().filter(read -> read.mark.equals(mark)).toList();
        if (readers.isEmpty()) {
            findings.warn(
                    "unread-mark",
                    first.node,
                    first.at,
                    "no condition reads the mark " + Display.quoted(mark),
                    "read it as session." + mark + ", or take it out");
            return;
        }
        for (Use read : readers) {
            if (read.allows) {
                for (Setting setting : settings) {
                    if (!setting.onSuccess) {
                        findings.warn(
                                "mark-without-success",
                                setting.node,
                                setting.at,
                                "a call that fails sets the mark " + Display.quoted(mark)
                                        + ", too, and it allows something in line " + read.node.line(),
                                "add on: success to it");
                    }
                }
                return;
            }
        }
    }

    private String hint(String mark) {
        if (set.isEmpty()) {
            return "no marks are set here; an entry sets one with marks: [" + Display.clean(mark, 40) + "]";
        }
        String nearest = Suggestion.to(mark, set.keySet());
        if (nearest != null) {
            return "did you mean " + Display.quoted(nearest) + "?";
        }
        List<String> names = List.copyOf(set.keySet());
        String list = String.join(", ", names.subList(0, Math.min(LISTED, names.size())));
        return "the marks are " + Display.clean(list, 300) + (names.size() > LISTED ? " and others" : "");
    }
}
