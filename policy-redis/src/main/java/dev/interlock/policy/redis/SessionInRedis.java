package dev.interlock.policy.redis;

import dev.interlock.policy.Mark;
import dev.interlock.policy.session.SessionMarks;
import dev.interlock.policy.session.SessionRecord;
import dev.interlock.policy.value.Value;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The hash of a session, in which nothing has lapsed, as {@code session.lua} describes it. */
final class SessionInRedis {

    private static final Pattern PART = Pattern.compile("\\d+@(\\d+|-)");

    private final long now;
    private long last;
    private long moment;
    private @Nullable String session;
    private final Map<String, MarkInRedis> marks = new TreeMap<>();

    /** One mark. */
    private static final class MarkInRedis {
        private boolean valued;
        private boolean unknown;
        private final Map<Long, String> values = new TreeMap<>();

        /** The latest end of its own, and whether a part ends when the session idles. */
        private long end;

        private boolean idle;

        void lasts(String parts) {
            Matcher part = PART.matcher(parts);
            while (part.find()) {
                if (part.group(1).equals("-")) {
                    idle = true;
                } else {
                    end = Math.max(end, Long.parseLong(part.group(1)));
                }
            }
        }
    }

    /** Reads the answer of a script, which must not be empty. */
    SessionInRedis(byte[] answer) {
        PackedTexts fields = new PackedTexts(answer);
        this.now = fields.number();
        while (fields.hasNext()) {
            read(fields.text(), fields.text());
        }
    }

    private void read(String field, String text) {
        if (field.startsWith("n:")) {
            MarkInRedis mark = mark(field.substring(2));
            mark.valued = text.startsWith("1");
            mark.lasts(text);
        } else if (field.startsWith("u:")) {
            MarkInRedis mark = mark(field.substring(2));
            mark.unknown = true;
            mark.lasts(text);
        } else if (field.startsWith("v:")) {
            int colon = field.indexOf(':', 2);
            // In bytes, as the server counts.
            byte[] rest = PackedTexts.bytes(field.substring(colon + 1));
            int length = Integer.parseInt(field.substring(2, colon));
            MarkInRedis mark = mark(PackedTexts.text(Arrays.copyOf(rest, length)));
            int space = text.indexOf(' ');
            mark.values.put(
                    Long.parseLong(text.substring(0, space)),
                    PackedTexts.text(Arrays.copyOfRange(rest, length + 1, rest.length)));
            mark.lasts(text.substring(space));
        } else if (field.equals(".last")) {
            last = Long.parseLong(text);
        } else if (field.equals(".moment")) {
            moment = Long.parseLong(text);
        } else if (field.equals(".session")) {
            session = text;
        }
    }

    private MarkInRedis mark(String name) {
        return marks.computeIfAbsent(name, same -> new MarkInRedis());
    }

    /** What policies read. */
    SessionMarks marks() {
        Map<String, Value> known = new HashMap<>();
        Set<String> unknown = new HashSet<>();
        marks.forEach((name, mark) -> {
            if (mark.unknown) {
                unknown.add(name);
            } else if (mark.valued) {
                List<Value> values = new ArrayList<>(mark.values.size());
                mark.values.values().forEach(value -> values.add(new Value.Text(value)));
                known.put(name, new Value.Array(values));
            } else {
                known.put(name, Value.Bool.TRUE);
            }
        });
        return SessionMarks.of(moment, known, unknown);
    }

    /** What a person sees; null if there are no marks. */
    @Nullable
    SessionRecord seen() {
        if (session == null || marks.isEmpty()) {
            return null;
        }
        List<SessionRecord.MarkRecord> all = new ArrayList<>(marks.size());
        marks.forEach((name, mark) -> {
            long end = Math.max(mark.end, mark.idle ? last + Mark.IDLE.toNanos() / 1_000 : 0);
            all.add(new SessionRecord.MarkRecord(
                    name,
                    mark.valued ? List.copyOf(mark.values.values()) : null,
                    !mark.unknown,
                    Duration.ofNanos(1_000 * Math.max(0, end - now))));
        });
        return new SessionRecord(session, all);
    }
}
