package dev.interlock.policy.doubles;

import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.Usage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** Grants everything, unless told otherwise, and remembers how each reservation was settled. */
public final class RecordingLimiter implements RateLimiter {

    private final Map<Reservation, List<CallOutcome>> reservations = new HashMap<>();
    private final List<CallOutcome> settlements = new ArrayList<>();
    private final List<String> subjects = new ArrayList<>();
    private Supplier<CompletionStage<Reservation>> answer = () -> CompletableFuture.completedFuture(grant());
    private boolean slow;

    private record Token(int number) implements Reservation.Granted {}

    /** From now on reservations are answered so. */
    public void answering(Supplier<CompletionStage<Reservation>> stage) {
        slow = true;
        answer = stage;
    }

    /** Grants a reservation that is remembered. */
    public synchronized Reservation grant() {
        Token token = new Token(reservations.size());
        reservations.put(token, new ArrayList<>());
        return token;
    }

    /** How many reservations were granted. */
    public synchronized int reserved() {
        return reservations.size();
    }

    /** On whose account was charged, in order. */
    public synchronized List<String> subjects() {
        return List.copyOf(subjects);
    }

    /** How reservations were settled, in the order in which that happened. */
    public synchronized List<CallOutcome> settlements() {
        return List.copyOf(settlements);
    }

    /** Whether every reservation was settled, and none twice. */
    public synchronized boolean settledEachOnce() {
        return reservations.values().stream().allMatch(outcomes -> outcomes.size() == 1);
    }

    /** Whether no reservation was settled twice. */
    public synchronized boolean settledNoneTwice() {
        return reservations.values().stream().allMatch(outcomes -> outcomes.size() <= 1);
    }

    @Override
    public Reservation reserve(Batch batch) {
        return reserveAsync(batch).toCompletableFuture().join();
    }

    @Override
    public CompletionStage<Reservation> reserveAsync(Batch batch) {
        synchronized (this) {
            batch.charges().forEach(charge -> subjects.add(charge.key().subject()));
        }
        return answer.get();
    }

    @Override
    public synchronized void settle(Reservation.Granted reservation, CallOutcome outcome) {
        reservations.get(reservation).add(outcome);
        settlements.add(outcome);
    }

    @Override
    public List<Usage> usage(List<Charge> charges) {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean blocks() {
        return slow;
    }
}
