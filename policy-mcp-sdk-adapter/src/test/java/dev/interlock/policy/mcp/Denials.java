package dev.interlock.policy.mcp;

import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.audit.AuditEvent.Decided;
import dev.interlock.policy.audit.AuditEvent.MethodDecided;
import dev.interlock.policy.audit.AuditSink;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** What an engine says on record of all that it, or an adapter, has denied: {@code code of what}. */
final class Denials implements AuditSink {

    private final List<String> recorded = new CopyOnWriteArrayList<>();
    private final List<String> told = new CopyOnWriteArrayList<>();

    @Override
    public void record(AuditEvent event) {
        if (event instanceof Decided decided && !decided.decision().allowed()) {
            recorded.add(
                    decided.decision().code().text() + " of " + decided.call().tool());
            told.add(decided.decision().told().code().text());
        } else if (event instanceof MethodDecided decided && !decided.decision().allowed()) {
            recorded.add(decided.decision().code().text() + " of "
                    + decided.request().method().strip());
            told.add(decided.decision().told().code().text());
        }
    }

    List<String> recorded() {
        return List.copyOf(recorded);
    }

    /** Of how many a peer was told this code. */
    long count(String code) {
        return told.stream().filter(code::equals).count();
    }
}
