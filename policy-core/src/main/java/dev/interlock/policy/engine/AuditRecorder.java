package dev.interlock.policy.engine;

import dev.interlock.policy.PolicyRef;
import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.audit.AuditEvent.Change;
import dev.interlock.policy.audit.AuditSink;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.MethodCall;
import dev.interlock.policy.call.RuleRef;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.text.LookAlikes;
import dev.interlock.policy.time.TimeSource;
import dev.interlock.policy.tool.ToolCatalog;
import dev.interlock.policy.tool.ToolCatalog.KnownTool;
import dev.interlock.policy.tool.ToolRating;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Reports what an engine does to its sinks and observers. No method throws if one of them throws. */
final class AuditRecorder {

    private static final RuleRef RULE = CompiledPolicy.ref("(audit)", "");

    private final @Nullable AuditSink sinks;
    private final List<AuditSink> observers;
    private final TimeSource time;
    private final Supplier<String> ids;
    private final EngineListener listener;
    private final ToolCatalog catalog;

    /** Ratings by name of tools that no server has announced. */
    private final NameCache<String, ToolRating> ratedNames = new NameCache<>();

    private AuditRecorder(PolicyEngine.Builder builder, ToolCatalog catalog) {
        this.sinks = builder.sinks().isEmpty() ? null : AuditSink.all(builder.sinks());
        this.observers = builder.observers();
        this.time = builder.time();
        this.ids = builder.ids();
        this.listener = builder.listener();
        this.catalog = catalog;
    }

    /** The recorder of an engine; null if it has neither sinks nor observers. */
    static @Nullable AuditRecorder of(PolicyEngine.Builder builder, ToolCatalog catalog) {
        return builder.sinks().isEmpty() && builder.observers().isEmpty() ? null : new AuditRecorder(builder, catalog);
    }

    /** The monotonic clock. Throws whatever the host's clock throws. */
    long now() {
        return time.monotonicNanos();
    }

    /**
     * When a call came, by {@link #now}. Never throws: a clock that throws here throws again when the call is recorded.
     */
    long start(ToolCall call) {
        try {
            return now();
        } catch (Throwable e) {
            listener.failed(call, e);
            return 0;
        }
    }

    /**
     * Records a decision.
     *
     * @param startNanos when the call came, by {@link #start}
     * @return what the caller receives: the admission, or a denial if a sink refuses the record
     */
    Admission decided(ToolCall call, CompiledPolicy policy, Admission admission, long startNanos) {
        if (call.request() != null) {
            return decided(call.request(), policy, admission);
        }
        CallRecord trail;
        try {
            trail = new CallRecord(this, ids.get(), call, policy, rating(call), startNanos);
        } catch (Throwable e) {
            // For example, the host's own source of ids threw.
            listener.failed(call, e);
            admission.unsent();
            return Admission.unreserved(unavailable());
        }
        boolean recorded = trail.decided(admission.decision());
        if (!admission.decision().allowed()) {
            return admission;
        }
        if (recorded) {
            return admission.recordedBy(trail);
        }
        admission.unsent();
        return Admission.unreserved(trail.unavailable());
    }

    /** The record of a call that another process has begun. Throws whatever the host's clock throws. */
    CallRecord goingOn(String id, ToolCall call, CompiledPolicy policy) {
        return new CallRecord(this, id, call, policy, rating(call), now());
    }

    /** The end of a request other than a call is not recorded, so its admission stays what it is. */
    private Admission decided(MethodCall request, CompiledPolicy policy, Admission admission) {
        Decision decision = decided(request, policy, admission.decision());
        if (decision.allowed() || !admission.decision().allowed()) {
            return admission;
        }
        admission.unsent();
        return Admission.unreserved(decision);
    }

    /**
     * Records a decision on a request other than a call. Returns a denial if the request would otherwise pass
     * unrecorded.
     */
    Decision decided(MethodCall request, CompiledPolicy policy, Decision decision) {
        try {
            String id = ids.get();
            PolicyRef ref = policy.ref();
            if (tell(new AuditEvent.MethodDecided(wall(), id, ref, request, decision)) || !decision.allowed()) {
                return decision;
            }
            tell(new AuditEvent.MethodDecided(wall(), id, ref, request, unavailable()));
        } catch (Throwable e) {
            // For example, the host's own clock or source of ids threw.
            listener.failed(request, e);
        }
        return decision.allowed() ? unavailable() : decision;
    }

    /**
     * Records a question before it is asked.
     *
     * @return where the answer is to be recorded; null if a sink refuses the record, and then the call is denied
     */
    @Nullable
    CallRecord asked(ToolCall call, CompiledPolicy policy, Decision question, long startNanos) {
        try {
            CallRecord trail = new CallRecord(this, ids.get(), call, policy, rating(call), startNanos);
            if (trail.decided(question)) {
                return trail;
            }
            trail.unavailable();
        } catch (Throwable e) {
            listener.failed(call, e);
        }
        return null;
    }

    void changed(Change change, @Nullable PolicyRef before, PolicyRef now) {
        tell(new AuditEvent.PolicyChanged(wallOrOurs(), change, before, now));
    }

    void suspended(boolean suspended, String reason, @Nullable String by, Instant since) {
        tell(new AuditEvent.SuspensionChanged(wallOrOurs(), suspended, reason, by, since));
    }

    /** Records that a person resets a count; true if every sink has accepted it. */
    boolean reset(LimitKey key, @Nullable String by) {
        return tell(new AuditEvent.LimitReset(wallOrOurs(), key, by));
    }

    /** Records that a person takes all marks from a session; true if every sink has accepted it. */
    boolean cleared(String session, @Nullable String by) {
        return tell(new AuditEvent.SessionCleared(wallOrOurs(), session, by));
    }

    /** A failing clock must not block a policy update or a suspension, and neither may a sink. */
    private Instant wallOrOurs() {
        try {
            return wall();
        } catch (Throwable e) {
            return Instant.now();
        }
    }

    void failed(ToolCall call, Throwable failure) {
        // What failed may be that the host passed null.
        if (call != null && call.request() != null) {
            return; // The listener gets it. There is an event for calls of tools only.
        }
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        tell(call, () -> new AuditEvent.Failed(wall(), call, cause.getClass().getName()));
    }

    /**
     * Does the same for an event that must still be created. Also false if it can't be created, for example because the
     * host's clock throws.
     */
    boolean tell(ToolCall call, Supplier<AuditEvent> event) {
        AuditEvent made;
        try {
            made = event.get();
        } catch (Throwable e) {
            listener.failed(call, e);
            return false;
        }
        return tell(made);
    }

    /** Reports an event; true if every sink has accepted it. Observers receive it whatever the sinks answer. */
    boolean tell(AuditEvent event) {
        boolean taken = sinks == null || tell(sinks, event);
        for (AuditSink observer : observers) {
            tell(observer, event);
        }
        return taken;
    }

    private boolean tell(AuditSink sink, AuditEvent event) {
        try {
            sink.record(event);
            return true;
        } catch (Throwable e) {
            listener.unrecorded(event, e);
            return false;
        }
    }

    Instant wall() {
        return Instant.ofEpochMilli(time.wallMillis());
    }

    /** Rates a tool as the engine does, but asks a classifier about each name only once. */
    private @Nullable ToolRating rating(ToolCall call) {
        if (call.request() != null) {
            return null;
        }
        KnownTool known = call.lookUp(catalog);
        if (known != null) {
            return known.rating();
        }
        if (call.tool().length() > LookAlikes.MAX_NAME) {
            return null;
        }
        ToolRating rated = ratedNames.get(call.tool());
        if (rated == null) {
            try {
                rated = catalog.ratingByName(call.tool());
            } catch (Throwable e) {
                listener.failed(call, e);
                failed(call, e);
                return null;
            }
            ratedNames.put(call.tool(), rated);
        }
        return rated;
    }

    /**
     * A denial that replaces a decision that was not recorded. It is enforced whatever the policy's mode, because the
     * host requires records.
     */
    static Decision unavailable() {
        return Decision.denied(Code.AUDIT_UNAVAILABLE, RULE, Messages.AUDIT_UNAVAILABLE);
    }
}
