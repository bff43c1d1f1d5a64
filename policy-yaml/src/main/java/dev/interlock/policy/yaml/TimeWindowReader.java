package dev.interlock.policy.yaml;

import dev.interlock.policy.TimeWindow;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads time windows. Each part that is wrong is reported at its own place. */
final class TimeWindowReader {

    private static final Value SOME_DAYS = Value.freeze(List.of("mon"));

    private final ReadContext context;

    TimeWindowReader(ReadContext context) {
        this.context = context;
    }

    /** A time window; null if it is none. */
    @Nullable
    TimeWindow window(Node node, NodePath at, String what) {
        if (!(node instanceof Node.Mapping map)) {
            context.scalars.wrongType(node, at, what, "a map such as {days: [mon-fri], hours: \"09:00-18:00\"}");
            return null;
        }
        Fields.of(Keys.TIME_WINDOW, map, at, context.findings, null);
        Map<String, Value> members = new LinkedHashMap<>();
        boolean whole = true;
        for (Node.Pair pair : map.pairs()) {
            if (Keys.TIME_WINDOW.contains(pair.name())) {
                Value member = member(pair, at.key(pair.name()));
                whole &= member != null && makesSense(pair.name(), member, pair.value(), at.key(pair.name()));
                members.put(pair.name(), member == null ? Value.Nil.NULL : member);
            } else {
                whole &= Keys.isNote(pair.name());
            }
        }
        return whole ? read(members, node, at) : null;
    }

    /** Texts without quotes are taken as they are written: to some readers of YAML, a date is more than a text. */
    private @Nullable Value member(Node.Pair pair, NodePath at) {
        if (pair.name().equals("from") || pair.name().equals("until")) {
            String text = context.scalars.text(pair.value(), at, pair.name());
            return text == null ? null : new Value.Text(text);
        }
        return context.scalars.value(pair.value(), at);
    }

    private boolean makesSense(String key, Value member, Node node, NodePath at) {
        boolean days = key.equals("days");
        if ((days || key.equals("hours"))
                && member instanceof Value.Array list
                && node instanceof Node.Sequence items) {
            boolean sense = true;
            for (int i = 0; i < items.items().size(); i++) {
                Value item = list.items().get(i);
                Value alone = days ? new Value.Array(List.of(item)) : item;
                sense &= read(Map.of(key, alone), items.items().get(i), at.item(i)) != null;
            }
            return sense && (!items.items().isEmpty() || read(Map.of(key, member), node, at) != null);
        }
        Map<String, Value> alone = key.equals("zone") ? Map.of(key, member, "days", SOME_DAYS) : Map.of(key, member);
        return read(alone, node, at) != null;
    }

    private @Nullable TimeWindow read(Map<String, Value> members, Node node, NodePath at) {
        try {
            return TimeWindow.of(ObjectValue.of(members));
        } catch (IllegalArgumentException e) {
            context.findings.error("bad-time-window", node, at, String.valueOf(e.getMessage()));
            return null;
        }
    }
}
