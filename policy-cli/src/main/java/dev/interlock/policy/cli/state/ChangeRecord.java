package dev.interlock.policy.cli.state;

import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.audit.log.AuditLog;
import dev.interlock.policy.limit.LimitKey;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Puts changes that a person makes on record, if they want that. */
final class ChangeRecord implements AutoCloseable {

    private final @Nullable AuditLog log;
    private final String by;

    ChangeRecord(@Nullable AuditLog log, String by) {
        this.log = log;
        this.by = by;
    }

    void reset(LimitKey key) {
        // LR
    }

    void cleared(String session) {
        // SC
    }

    void suspended(String reason) {
        note(new AuditEvent.SuspensionChanged(Instant.now(), true, reason, by));
    }

    void resumed(String reason) {
        note(new AuditEvent.SuspensionChanged(Instant.now(), false, reason, by));
    }

    private void note(AuditEvent event) {
        if (log != null) {
            log.record(event);
        }
    }

    @Override
    public void close() {
        if (log != null) {
            log.close();
        }
    }
}
