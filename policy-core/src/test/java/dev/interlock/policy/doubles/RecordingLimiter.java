package dev.interlock.policy.doubles;

import dev.interlock.policy.Amount;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.Usage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Grants everything, unless told otherwise, and remembers how each reservation was settled. What is good once is
 * granted once, and is no reservation.
 */
public final class RecordingLimiter implements RateLimiter {

    private final Map<Reservation, List<CallOutcome>> reservations = new HashMap<>();
    private final List<CallOutcome> settlements = new ArrayList<>();
    private final List<String> subjects = new ArrayList<>();
    private Supplier<CompletionStage<Reservation>> answer = () -> CompletableFuture.completedFuture(grant());
    private boolean slow;

    private final Set<LimitKey> redeemed = new HashSet<>();
    private Predicate<LimitKey> reachable = key -> true;

    private record Token(int number) implements Reservation.Granted {}

    private record Redeemed() implements Reservation.Granted {}

    /** From now on nothing that is good once is granted unless this holds. */
    public synchronized void redeeming(Predicate<LimitKey> reachable) {
        this.reachable = reachable;
    }

    /** How much that is good once was used. */
    public synchronized int redeemed() {
        return redeemed.size();
    }

    private synchronized Reservation redeem(LimitKey key) {
        return reachable.test(key) && redeemed.add(key)
                ? new Redeemed()
                : new Reservation.NotGranted(0, Reservation.Reason.NO_ROOM, null);
    }

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
        if (batch.strict()) {
            return CompletableFuture.completedFuture(
                    redeem(batch.charges().get(0).key()));
        }
        synchronized (this) {
            batch.charges().forEach(charge -> subjects.add(charge.key().subject()));
        }
        return answer.get();
    }

    @Override
    public synchronized void settle(
            Reservation.Granted reservation, CallOutcome outcome, List<@Nullable Amount> spent) {
        if (reservation instanceof Redeemed) {
            return;
        }
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
