package dev.interlock.policy.audit;

import dev.interlock.policy.audit.AuditEvent.Decided;
import java.util.ArrayList;
import java.util.List;

/**
 * Takes events down. Called on the thread that decides or settles, by many at once, so an implementation is thread-safe and
 * quick: it puts the event in a queue and leaves the rest to a thread of its own.
 *
 * <p>A sink refuses an event by throwing. What that means depends on how the engine was given the sink:
 *
 * <ul>
 *   <li>with {@link dev.interlock.policy.engine.PolicyEngine.Builder#audit audit}, no call is made whose {@link Decided}
 *       was refused: it is denied with {@link dev.interlock.policy.engine.Decision.Code#AUDIT_UNAVAILABLE}, also where the
 *       policy only records, and what was reserved for it is given back;
 *   <li>with {@link dev.interlock.policy.engine.PolicyEngine.Builder#observer observer}, nothing, but that the {@link
 *       dev.interlock.policy.engine.EngineListener} is told.
 * </ul>
 *
 * <p>Events of other kinds tell what has happened already, so refusing them stops nothing: the listener is told.
 */
@FunctionalInterface
public interface AuditSink {

    /**
     * Takes one event.
     *
     * @throws RuntimeException if it can't be taken
     */
    void record(AuditEvent event);

    /**
     * One sink for several. Each is given every event, in this order, also if one before it refuses; what the first one
     * threw is then thrown, with the others' as suppressed.
     */
    static AuditSink all(List<AuditSink> sinks) {
        List<AuditSink> all = List.copyOf(sinks);
        return all.size() == 1 ? all.get(0) : event -> tell(all, event);
    }

    private static void tell(List<AuditSink> sinks, AuditEvent event) {
        List<Throwable> refusals = new ArrayList<>(0);
        for (AuditSink sink : sinks) {
            try {
                sink.record(event);
            } catch (Throwable e) {
                refusals.add(e);
            }
        }
        if (!refusals.isEmpty()) {
            Throwable first = refusals.get(0);
            refusals.stream().skip(1).filter(other -> !other.equals(first)).forEach(first::addSuppressed);
            if (first instanceof Error error) {
                throw error;
            }
            throw first instanceof RuntimeException refusal ? refusal : new IllegalStateException(first);
        }
    }
}
