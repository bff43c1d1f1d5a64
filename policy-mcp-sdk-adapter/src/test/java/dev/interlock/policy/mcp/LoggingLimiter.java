package dev.interlock.policy.mcp;

import dev.interlock.policy.Amount;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.doubles.ForwardingLimiter;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Counts in memory, and remembers in which order what was settled. */
final class LoggingLimiter extends ForwardingLimiter {

    private final List<CallOutcome> settlements = new ArrayList<>();
    private final List<String> subjects = new ArrayList<>();
    private int granted;

    LoggingLimiter() {
        super(InMemoryRateLimiter.create());
    }

    @Override
    public synchronized Reservation reserve(Batch batch) {
        Reservation answer = limiter.reserve(batch);
        if (answer instanceof Reservation.Granted) {
            granted++;
            batch.charges().forEach(charge -> subjects.add(charge.key().subject()));
        }
        return answer;
    }

    @Override
    public synchronized void settle(
            Reservation.Granted reservation, CallOutcome outcome, List<@Nullable Amount> spent) {
        limiter.settle(reservation, outcome, spent);
        settlements.add(outcome);
    }

    synchronized List<CallOutcome> settlements() {
        return List.copyOf(settlements);
    }

    /** On whose account was charged, in order. */
    synchronized List<String> subjects() {
        return List.copyOf(subjects);
    }

    synchronized int unsettled() {
        return granted - settlements.size();
    }
}
