package dev.interlock.policy.audit;

import dev.interlock.policy.audit.AuditEvent.Decided;
import java.util.ArrayList;
import java.util.List;

/**
 * Records events. Many threads call it at the same time, each while it decides or settles. So an implementation must be
 * thread-safe and quick: it puts the event into a queue and leaves the rest to another thread.
 *
 * <p>A sink refuses an event by throwing. The effect depends on how the engine received the sink:
 *
 * <ul>
 *   <li>With {@link dev.interlock.policy.engine.PolicyEngine.Builder#audit audit}, a call whose {@link Decided} event
 *       was refused is not made. It is denied with {@link dev.interlock.policy.call.Decision.Code#AUDIT_UNAVAILABLE},
 *       even if the policy only records, and what was reserved for it is given back.
 *   <li>With {@link dev.interlock.policy.engine.PolicyEngine.Builder#observer observer}, the
 *       {@link dev.interlock.policy.engine.EngineListener} is notified, and nothing else happens.
 * </ul>
 *
 * <p>Events of other kinds report what has already happened, so refusing them stops nothing. The listener is notified.
 */
@FunctionalInterface
public interface AuditSink {

    /**
     * Records one event.
     *
     * @throws RuntimeException if the event can't be recorded
     */
    void record(AuditEvent event);

    /**
     * Combines several sinks into one. Each sink receives every event, in this order, even if an earlier sink refuses
     * it. The exception of the first sink that refused is then thrown, with those of the others as suppressed
     * exceptions.
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
