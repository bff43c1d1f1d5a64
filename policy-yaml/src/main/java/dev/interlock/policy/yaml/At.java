package dev.interlock.policy.yaml;

import dev.interlock.policy.text.VisibleText;
import org.jspecify.annotations.Nullable;

/** The path of a node in its document, as a chain of steps; its text is made when somebody asks for it. */
final class At {

    /** The document itself. */
    static final At ROOT = new At(null, null, 0);

    private final @Nullable At parent;
    private final @Nullable String key;
    private final int index;

    private At(@Nullable At parent, @Nullable String key, int index) {
        this.parent = parent;
        this.key = key;
        this.index = index;
    }

    At key(String name) {
        return new At(this, name, 0);
    }

    At item(int position) {
        return new At(this, null, position);
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

    /** Whether a key can stand in a path as it is, without being taken for two steps or for something invisible. */
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
