package dev.interlock.policy.yaml;

import dev.interlock.policy.engine.MethodNames;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.text.VisibleText;
import org.jspecify.annotations.Nullable;

/** Reads names and globs. */
final class NameReader {

    private final ReadContext context;

    NameReader(ReadContext context) {
        this.context = context;
    }

    /** What a name names. */
    enum NameType {
        TOOL("a tool's name", Bounds.MAX_TOOL_NAME),
        METHOD("a method's name", MethodNames.MAX_LENGTH),
        IDENTITY("an identity", Bounds.MAX_NAME),
        SERVER("a server's name", Bounds.MAX_NAME);

        private final String what;
        private final int longest;

        NameType(String what, int longest) {
            this.what = what;
            this.longest = longest;
        }
    }

    /** The name or glob, or null if it isn't valid; that has then been reported. */
    @Nullable
    NamePattern pattern(String name, Node node, NodePath at, NameType kind) {
        if (name.isBlank()) {
            context.findings.error("blank", node, at, kind.what + " is blank", "take it out");
            return null;
        }
        if (name.length() > kind.longest) {
            context.findings.error(
                    "bad-name",
                    node,
                    at,
                    kind.what + " is longer than " + kind.longest + " characters",
                    kind == NameType.TOOL ? "such a tool can't be called anyway" : null);
            return null;
        }
        if (kind == NameType.METHOD) {
            return method(new NamePattern(name), node, at);
        }
        if (kind == NameType.TOOL && VisibleText.hasInvisible(name)) {
            context.findings.warn(
                    "never-matches",
                    node,
                    at,
                    "the tool's name " + Display.quoted(name) + " has an invisible character",
                    "such a tool can't be called; type the name anew");
        } else if (!name.equals(name.strip())) {
            context.findings.warn(
                    "never-matches",
                    node,
                    at,
                    kind.what + " " + Display.quoted(name) + " has space at its edge",
                    "names are compared exactly");
        }
        return new NamePattern(name);
    }

    /** A request for something that only looks like a method is always denied, so an entry for it is a mistake. */
    private @Nullable NamePattern method(NamePattern pattern, Node node, NodePath at) {
        String defect = pattern.isExact() ? MethodNames.defect(pattern.text()) : MethodNames.defect(pattern);
        if (defect == null) {
            return pattern;
        }
        context.findings.error(
                "bad-name",
                node,
                at,
                "the method's name " + Display.quoted(pattern.text()) + " " + defect,
                "such a request is always denied; write the name exactly as it is sent");
        return null;
    }
}
