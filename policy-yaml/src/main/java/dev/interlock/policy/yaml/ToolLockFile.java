package dev.interlock.policy.yaml;

import dev.interlock.policy.tool.ToolLock;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes the file of a {@link ToolLock}: JSON, with the tools sorted by name, so that version control shows
 * which of them have changed.
 *
 * <p>Any defect refuses the whole file. A lock that is read in part would let tools pass that no one accepted, or deny
 * accepted ones, without anyone noticing.
 */
public final class ToolLockFile {

    private static final List<String> DOCUMENT = List.of("version", "tools");
    private static final List<String> TOOL = List.of("server", "tool", "sha256", "parts");
    private static final List<String> PARTS = List.of(
            "title",
            "description",
            "inputSchema",
            "outputSchema",
            "annotations",
            "_meta",
            "icons",
            "execution",
            "other members");

    private ToolLockFile() {}

    /**
     * Reads a lock file.
     *
     * @throws IOException if it can't be read, or isn't a {@linkplain RegularFile regular file}
     * @throws IllegalArgumentException if it isn't a valid lock; the message lists every error with its position, one
     *     on each line
     */
    public static ToolLock read(Path file) throws IOException {
        return parse(RegularFile.read(file, Bounds.MAX_BYTES + 1), file.toString());
    }

    /**
     * Reads the text of a lock.
     *
     * @param bytes the text in UTF-8
     * @param sourceName the name of the text in messages
     * @throws IllegalArgumentException if it isn't a valid lock; the message lists every error with its position, one
     *     on each line
     */
    public static ToolLock parse(byte[] bytes, String sourceName) {
        Document document = Document.read(bytes, sourceName);
        Map<ToolLock.Key, ToolLock.Pin> pins = new TreeMap<>();
        document.root().ifPresent(root -> read(root, pins));
        if (document.hasErrors()) {
            throw new IllegalArgumentException(document.diagnostics().stream()
                    .filter(Diagnostic::isError)
                    .map(Diagnostic::toString)
                    .collect(Collectors.joining("\n")));
        }
        return ToolLock.of(pins);
    }

    private static void read(Document.Part root, Map<ToolLock.Key, ToolLock.Pin> pins) {
        Document.Members members = root.map("a lock", DOCUMENT);
        if (members == null) {
            return;
        }
        Document.Part version = members.get("version");
        if (version == null) {
            root.error("version-missing", "there is no 'version'", "a lock begins with \"version\": 1");
        } else {
            version.whole("version", 1, 1);
        }
        Document.Part tools = members.get("tools");
        List<Document.Part> items = tools == null ? null : tools.list("tools");
        if (tools == null) {
            root.error("tools-missing", "there is no 'tools'", "a lock of nothing has an empty list");
        }
        for (Document.Part item : items == null ? List.<Document.Part>of() : items) {
            tool(item, pins);
        }
    }

    private static void tool(Document.Part item, Map<ToolLock.Key, ToolLock.Pin> pins) {
        Document.Members members = item.map("a tool", TOOL);
        if (members == null) {
            return;
        }
        String server = text(members.get("server"), "server");
        String name = text(members.get("tool"), "tool");
        String digest = text(members.get("sha256"), "sha256");
        if (name == null || digest == null) {
            item.error("missing-key", "a tool needs 'tool' and 'sha256'", null);
            return;
        }
        if (!digest.matches("[0-9a-f]{64}")) {
            item.error("bad-digest", "sha256 must be 64 hexadecimal digits in lower case", null);
            return;
        }
        ToolLock.Key key = ToolLock.Key.of(server, name);
        if (pins.put(key, new ToolLock.Pin(digest, parts(members.get("parts")))) != null) {
            item.error("duplicate-tool", "the tool " + Display.quoted(name) + " is pinned twice", "take one out");
        }
    }

    private static Map<String, String> parts(Document.@Nullable Part part) {
        Map<String, String> parts = new LinkedHashMap<>();
        Document.Members members = part == null ? null : part.map("parts", PARTS);
        for (String name : PARTS) {
            String digest = members == null ? null : text(members.get(name), name);
            if (digest != null) {
                parts.put(name, digest);
            }
        }
        return parts;
    }

    private static @Nullable String text(Document.@Nullable Part part, String what) {
        return part == null ? null : part.text(what);
    }

    /** The text of a lock. */
    public static String write(ToolLock lock) {
        StringBuilder out = new StringBuilder("{\n  \"version\": 1,\n  \"tools\": [");
        String separator = "\n";
        for (Map.Entry<ToolLock.Key, ToolLock.Pin> pin : lock.pins().entrySet()) {
            List<String> lines = new ArrayList<>();
            if (!pin.getKey().server().isEmpty()) {
                lines.add("\"server\": " + quoted(pin.getKey().server()));
            }
            lines.add("\"tool\": " + quoted(pin.getKey().tool()));
            lines.add("\"sha256\": " + quoted(pin.getValue().sha256()));
            Map<String, Value> parts = new LinkedHashMap<>();
            pin.getValue().parts().forEach((name, digest) -> parts.put(name, new Value.Text(digest)));
            lines.add("\"parts\": " + ObjectValue.of(parts).json());
            out.append(separator).append("    {\n      ");
            out.append(String.join(",\n      ", lines)).append("\n    }");
            separator = ",\n";
        }
        return out.append(lock.pins().isEmpty() ? "]\n}\n" : "\n  ]\n}\n").toString();
    }

    /** In quotes, with everything but ASCII escaped: a server must not be able to hide a tool's name in a diff. */
    private static String quoted(String text) {
        StringBuilder out = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c >= ' ' && c < 0x7f) {
                out.append(c);
            } else {
                out.append(String.format("\\u%04x", (int) c));
            }
        }
        return out.append('"').toString();
    }

    /**
     * Writes a lock file atomically: a concurrent reader sees the old file or the new one, never a part.
     *
     * @throws IOException if it can't be written; the old file is then still there
     * @throws IllegalArgumentException if the lock is too large to be read back
     */
    public static void write(Path file, ToolLock lock) throws IOException {
        byte[] text = write(lock).getBytes(StandardCharsets.UTF_8);
        if (text.length > Bounds.MAX_BYTES) {
            throw new IllegalArgumentException("a lock of " + lock.pins().size() + " tools is larger than "
                    + (Bounds.MAX_BYTES >> 20) + " MiB, which no reader takes");
        }
        Path target = file.toAbsolutePath();
        Path temporary = Files.createTempFile(target.getParent(), "." + target.getFileName(), ".tmp");
        try {
            Files.write(temporary, text);
            try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
                channel.force(true);
            }
            move(temporary, target);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static void move(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
