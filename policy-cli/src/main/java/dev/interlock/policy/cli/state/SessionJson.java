package dev.interlock.policy.cli.state;

import dev.interlock.policy.cli.io.Json;
import dev.interlock.policy.session.SessionRecord;
import dev.interlock.policy.session.SessionRecord.MarkRecord;
import dev.interlock.policy.value.Value;
import java.util.List;

/** The marks of sessions as programs read them. */
final class SessionJson {

    private SessionJson() {}

    /**
     * A session of a store.
     *
     * @param store what people know the store by; empty for the one that they have named
     */
    static Json of(String store, SessionRecord record) {
        Json json = new Json();
        if (!store.isEmpty()) {
            json.put("store", store);
        }
        return json.put("session", record.session()).put("marks", record.marks(), SessionJson::mark);
    }

    private static Json mark(MarkRecord mark) {
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
