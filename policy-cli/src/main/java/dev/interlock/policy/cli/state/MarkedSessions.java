package dev.interlock.policy.cli.state;

import dev.interlock.policy.cli.io.Json;
import dev.interlock.policy.session.SessionRecord;
import dev.interlock.policy.session.SessionRecord.MarkRecord;
import dev.interlock.policy.session.SessionRecords;
import dev.interlock.policy.value.Value;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Reads which sessions of a store have marks, a page at a time. */
final class MarkedSessions {

    private static final int PAGE = 100;

    private final SessionRecords records;

    MarkedSessions(SessionRecords records) {
        this.records = records;
    }

    /** Takes one session after the other, in the order of their names, until it has had enough. */
    void each(Predicate<SessionRecord> take) {
        @Nullable String after = null;
        while (true) {
            List<SessionRecord> page = records.list(after, PAGE);
            for (SessionRecord record : page) {
                if (!take.test(record)) {
                    return;
                }
            }
            if (page.isEmpty()) {
                return;
            }
            after = page.get(page.size() - 1).session();
        }
    }

    /** For a program. */
    static Json json(String store, SessionRecord record) {
        Json json = new Json();
        if (!store.isEmpty()) {
            json.put("store", store);
        }
        return json.put("session", record.session()).put("marks", record.marks(), MarkedSessions::json);
    }

    private static Json json(MarkRecord mark) {
        Json json = new Json().put("name", mark.name());
        List<String> values = mark.values();
        if (values != null) {
            json.put(
                    "values",
                    new Value.Array(values.stream().<Value>map(Value.Text::new).toList()));
        }
        if (!mark.known()) {
            json.put("allKnown", false);
        }
        return json.put("leftInMs", mark.left().toMillis());
    }
}
