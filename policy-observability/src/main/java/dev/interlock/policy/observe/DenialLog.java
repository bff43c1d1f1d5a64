package dev.interlock.policy.observe;

import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.audit.AuditEvent.Decided;
import dev.interlock.policy.audit.AuditEvent.Failed;
import dev.interlock.policy.audit.AuditEvent.MethodDecided;
import dev.interlock.policy.audit.AuditSink;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.text.VisibleText;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes denials to the host's log at INFO. Each kind is written once in an interval, with the number of those that
 * were skipped since, so an agent that tries again and again doesn't fill the disk. A kind is a tool or another method,
 * a rule and a code. Failures of the engine itself are written at WARN, by class name, in the same way. No argument,
 * message, session or identity is written, and no name can break out of its line. Thread-safe.
 */
public final class DenialLog implements AuditSink {

    private static final Logger log = LoggerFactory.getLogger(DenialLog.class);

    private static final int MOST_NAMES = 200;

    private final Duration interval;
    private final BoundedNames tools = new BoundedNames(MOST_NAMES);
    private final BoundedNames rules = new BoundedNames(MOST_NAMES);
    private final BoundedNames methods = new BoundedNames(MOST_NAMES);
    private final Map<DenialKey, Told> told = new ConcurrentHashMap<>();

    private record DenialKey(String tool, String rule, String code) {}

    /**
     * When a kind was last written.
     *
     * @param passedOver how many were skipped since then
     * @param now whether to write the current one
     * @param before how many were skipped before the current one
     */
    private record Told(Instant at, long passedOver, boolean now, long before) {}

    /** A log that writes each kind once a minute. */
    public DenialLog() {
        this(Duration.ofMinutes(1));
    }

    /**
     * A log that writes each kind once in an interval, measured by the time of the events.
     *
     * @throws IllegalArgumentException if it isn't positive
     */
    public DenialLog(Duration interval) {
        if (interval.isZero() || interval.isNegative()) {
            throw new IllegalArgumentException("an interval must be positive, was " + interval);
        }
        this.interval = interval;
    }

    @Override
    public void record(AuditEvent event) {
        if (event instanceof Decided decided && !decided.decision().allowed()) {
            denied(decided);
        } else if (event instanceof MethodDecided decided && !decided.decision().allowed()) {
            denied(decided);
        } else if (event instanceof Failed failed) {
            DenialKey kind = new DenialKey("", failed.failure(), "failure");
            Told now = tell(kind, failed.time());
            if (now.now()) {
                log.warn("The policy engine failed with {}{}", failed.failure(), more(now));
            }
        }
    }

    private void denied(Decided decided) {
        Decision decision = decided.decision();
        DenialKey kind = new DenialKey(
                tools.tool(decided), rules.rule(decision), decision.code().text());
        Told now = tell(kind, decided.time());
        if (now.now()) {
            log.info(
                    "{} a call to {}: {}, rule {}, decision {}{}",
                    decision.verdict() == Decision.Verdict.DENIED ? "Denied" : "Asked about",
                    VisibleText.name(kind.tool()),
                    kind.code(),
                    VisibleText.name(kind.rule()),
                    VisibleText.name(decided.id()),
                    more(now));
        }
    }

    private void denied(MethodDecided decided) {
        Decision decision = decided.decision();
        String from = decided.request().fromServer() ? "server" : "client";
        DenialKey kind = new DenialKey(
                from + " " + methods.of(decided.request().method()),
                rules.rule(decision),
                decision.code().text());
        Told now = tell(kind, decided.time());
        if (now.now()) {
            log.info(
                    "{} a request for {} of the {}: {}, rule {}, decision {}{}",
                    decision.verdict() == Decision.Verdict.DENIED ? "Refused" : "Asked about",
                    VisibleText.name(methods.of(decided.request().method())),
                    from,
                    kind.code(),
                    VisibleText.name(kind.rule()),
                    VisibleText.name(decided.id()),
                    more(now));
        }
    }

    private static String more(Told told) {
        return told.before() == 0 ? "" : " (" + told.before() + " more since the last time)";
    }

    private Told tell(DenialKey kind, Instant time) {
        return told.merge(
                kind,
                new Told(time, 0, true, 0),
                (before, first) -> time.isBefore(before.at().plus(interval))
                        ? new Told(before.at(), before.passedOver() + 1, false, 0)
                        : new Told(time, 0, true, before.passedOver()));
    }
}
