package dev.interlock.policy.cli.state;

import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.audit.log.AuditLog;
import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.Printable;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.state.Suspension;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Puts changes that a person makes on record, if they want that. What gives something back is recorded before it is
 * done, and a suspension after it is in force.
 */
final class ChangeRecord implements AutoCloseable {

    private final @Nullable AuditLog log;
    private final String by;

    ChangeRecord(@Nullable AuditLog log, String by) {
        this.log = log;
        this.by = by;
    }

    /**
     * Records that a count is about to be reset.
     *
     * @throws CliException if that can't be recorded; then it must not be done
     */
    void reset(LimitKey key) {
        note(new AuditEvent.LimitReset(Instant.now(), key, by), "nothing more is changed");
    }

    /**
     * Records that the marks of a session are about to be taken away.
     *
     * @throws CliException if that can't be recorded; then it must not be done
     */
    void cleared(String session) {
        note(new AuditEvent.SessionCleared(Instant.now(), session, by), "nothing more is changed");
    }

    void suspended(Suspension begun) {
        note(
                new AuditEvent.SuspensionChanged(Instant.now(), true, begun.reason(), by, begun.since()),
                "calls are suspended all the same");
    }

    void resumed(Suspension ended) {
        note(
                new AuditEvent.SuspensionChanged(Instant.now(), false, ended.reason(), by, ended.since()),
                "the suspension has ended all the same");
    }

    private void note(AuditEvent event, String consequence) {
        if (log == null) {
            return;
        }
        try {
            log.record(event);
        } catch (RuntimeException e) {
            throw new CliException("the audit log can't be written (" + Printable.of(String.valueOf(e.getMessage()))
                    + "); " + consequence);
        }
    }

    @Override
    public void close() {
        if (log != null) {
            log.close();
        }
    }
}
