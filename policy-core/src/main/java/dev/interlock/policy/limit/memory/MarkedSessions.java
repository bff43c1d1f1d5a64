package dev.interlock.policy.limit.memory;

import dev.interlock.policy.session.SessionRecord;
import dev.interlock.policy.session.SessionRecords;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Shows and clears the sessions of a memory. A listing looks at each session by itself. */
final class MarkedSessions implements SessionRecords {

    private final InMemorySessionMemory memory;

    MarkedSessions(InMemorySessionMemory memory) {
        this.memory = memory;
    }

    @Override
    public List<SessionRecord> list(@Nullable String after, int most) {
        TreeMap<String, SessionRecord> first = new TreeMap<>();
        for (Map.Entry<String, SessionCell> entry : memory.entries()) {
            String session = entry.getKey();
            boolean belongs = after == null || session.compareTo(after) > 0;
            if (belongs && (first.size() < most || session.compareTo(first.lastKey()) < 0)) {
                SessionRecord marked = entry.getValue().record(session, memory.now());
                if (!marked.marks().isEmpty()) {
                    first.put(session, marked);
                }
                if (first.size() > most) {
                    first.pollLastEntry();
                }
            }
        }
        return List.copyOf(first.values());
    }

    @Override
    public boolean clear(String session) {
        return memory.clear(session);
    }
}
