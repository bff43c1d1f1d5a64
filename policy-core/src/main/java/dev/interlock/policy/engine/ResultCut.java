package dev.interlock.policy.engine;

import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.value.InvalidValueException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A result of a tool with less in it: texts are shortened at whole characters, and parts that are no text left out,
 * from where there is no more room for them. A last block says how much is missing.
 *
 * @param result what is left
 * @param missingBytes how many bytes of UTF-8 the texts have lost
 * @param dropped how many parts that are no text were left out
 */
record ResultCut(CallResult result, long missingBytes, int dropped) {

    /**
     * Cuts a result that is too large.
     *
     * @param most how many bytes it may have as JSON, with what says that it was cut
     * @return null if it can't be cut to that: a part of it would be another answer, or it has too much besides content
     */
    static @Nullable ResultCut of(CallResult came, long most) {
        Map<?, ?> members = came.members();
        if (came.error() != null
                || members.get("structuredContent") != null
                || !(members.get("content") instanceof List<?> content)) {
            return null;
        }
        Map<Object, @Nullable Object> empty = new LinkedHashMap<>(members);
        empty.put("content", List.of());
        // The note that is written in the end has no larger numbers than this one, and a comma before it.
        long room = most - ResultSize.bytes(empty) - ResultSize.bytes(note(Long.MAX_VALUE, Integer.MAX_VALUE)) - 1;
        if (room < 0) {
            return null;
        }
        List<Object> kept = new ArrayList<>();
        long missing = 0;
        int dropped = 0;
        boolean full = false;
        for (Object block : content) {
            if (!(block instanceof Map<?, ?> map)) {
                throw new InvalidValueException("a block of content is not an object");
            }
            long size = ResultSize.bytes(map) + 1;
            if (size <= room && !full) {
                kept.add(map);
                room -= size;
                continue;
            }
            String text = text(map);
            if (text == null) {
                dropped++; // A smaller block after it may still fit.
                continue;
            }
            Map<?, ?> shorter = full ? null : shortened(map, text, room);
            full = true;
            if (shorter != null) {
                kept.add(shorter);
                room -= ResultSize.bytes(shorter) + 1;
            }
            missing += utf8(text) - (shorter == null ? 0 : utf8(String.valueOf(text(shorter))));
        }
        kept.add(note(missing, dropped));
        Map<Object, @Nullable Object> cut = new LinkedHashMap<>(members);
        cut.put("content", kept);
        return new ResultCut(CallResult.of(cut), missing, dropped);
    }

    /** The text of a block, or of the resource in it; null if it has none. */
    private static @Nullable String text(Map<?, ?> block) {
        if ("text".equals(block.get("type"))) {
            return block.get("text") instanceof String text ? text : null;
        }
        return "resource".equals(block.get("type"))
                        && block.get("resource") instanceof Map<?, ?> resource
                        && resource.get("text") instanceof String text
                        && resource.get("blob") == null
                ? text
                : null;
    }

    /** The block with as much of its text as fits; null if not one character does. */
    private static @Nullable Map<?, ?> shortened(Map<?, ?> block, String text, long room) {
        long left = room - 1 - ResultSize.bytes(with(block, ""));
        int end = 0;
        while (end < text.length()) {
            int bytes = ResultSize.bytes(text, end);
            if (bytes > left) {
                break;
            }
            left -= bytes;
            end += Character.charCount(text.codePointAt(end));
        }
        return end == 0 ? null : with(block, text.substring(0, end));
    }

    private static Map<?, ?> with(Map<?, ?> block, String text) {
        Map<Object, @Nullable Object> copy = new LinkedHashMap<>(block);
        if (block.get("resource") instanceof Map<?, ?> resource && !"text".equals(block.get("type"))) {
            Map<Object, @Nullable Object> inner = new LinkedHashMap<>(resource);
            inner.put("text", text);
            copy.put("resource", inner);
        } else {
            copy.put("text", text);
        }
        return copy;
    }

    private static Map<String, Object> note(long missing, int dropped) {
        return Map.of("type", "text", "text", Messages.cut(missing, dropped));
    }

    private static long utf8(String text) {
        long bytes = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            bytes += c < 0x80 ? 1 : c < 0x800 || Character.isSurrogate(c) ? 2 : 3;
        }
        return bytes;
    }
}
