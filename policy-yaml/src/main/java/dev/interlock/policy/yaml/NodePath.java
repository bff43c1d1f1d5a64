package dev.interlock.policy.yaml;

import dev.interlock.policy.text.VisibleText;
import org.jspecify.annotations.Nullable;

/** The path of a node in its document, as a chain of steps. Its text is built on demand. */
final class NodePath {

    /** The document itself. */
    static final NodePath ROOT = new NodePath(null, null, 0);

    private final @Nullable NodePath parent;
    private final @Nullable String key;
    private final int index;

    private NodePath(@Nullable NodePath parent, @Nullable String key, int index) {
        this.parent = parent;
        this.key = key;
        this.index = index;
    }

    NodePath key(String name) {
        return new NodePath(this, name, 0);
    }

    NodePath item(int position) {
        return new NodePath(this, null, position);
    }

    @Override
    public String toString() {
        StringBuilder out = new StringBuilder();
        append(out);
        return out.toString();
    }

    private void append(StringBuilder out) {
        if (parent == null) {
            return;
        }
        parent.append(out);
        if (key == null) {
            out.append('[').append(index).append(']');
            return;
        }
        if (out.length() > 0) {
            out.append('.');
        }
        if (isPlain(key)) {
            out.append(key);
        } else {
            quote(key, out);
        }
    }

    /** Whether a path can show a key as it is: the key can't be taken for two steps and has no invisible characters. */
    private static boolean isPlain(String key) {
        for (int i = 0; i < key.length(); i++) {
            char c = key.charAt(i);
            if (c == '.' || c == '[' || c == ']' || c == '"' || c == '\\' || c == ' ') {
                return false;
            }
        }
        return !key.isEmpty() && !VisibleText.hasInvisible(key);
    }

    private static void quote(String key, StringBuilder out) {
        out.append('"');
        key.codePoints().forEach(c -> {
            if (c == '"' || c == '\\') {
                out.append('\\');
            }
            VisibleText.appendEscaped(c, out);
        });
        out.append('"');
    }
}
