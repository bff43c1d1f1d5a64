package dev.interlock.policy.jdbc;

import dev.interlock.policy.Amount;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.UnavailableException;
import dev.interlock.policy.limit.Usage;
import dev.interlock.policy.limit.memory.KeptLimits;
import dev.interlock.policy.limit.remote.Fallback;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Counts limits in the database: one row for each key, and one transaction for each batch. An end of a call that
 * changes nothing needs none. Thread-safe.
 */
final class JdbcRateLimiter implements RateLimiter {

    private final Transactions transactions;
    private final LimitRows rows;
    private final Fallback fallback;

    /**
     * Creates a limiter.
     *
     * @param fallback answers while the database doesn't
     */
    JdbcRateLimiter(Transactions transactions, LimitRows rows, Fallback fallback) {
        this.transactions = transactions;
        this.rows = rows;
        this.fallback = fallback;
    }

    /** What was granted, by the database or in its place. Thread-safe. */
    private static final class RowsReservation implements Reservation.Granted {
        final JdbcRateLimiter owner;
        final KeptLimits.KeptGrant grant;

        /** What was granted in place of the database. */
        final Reservation.@Nullable Granted besides;

        private boolean settled;
        private CompletableFuture<?> last = CompletableFuture.completedFuture(null);

        RowsReservation(JdbcRateLimiter owner, KeptLimits.KeptGrant grant, Reservation.@Nullable Granted besides) {
            this.owner = owner;
            this.grant = grant;
            this.besides = besides;
        }

        /** Does something after all that was to be done before, however that ends; null after the end. */
        synchronized @Nullable CompletableFuture<Boolean> then(boolean end, Supplier<CompletableFuture<Boolean>> next) {
            if (settled) {
                return null;
            }
            settled = end;
            CompletableFuture<Boolean> done = last.isDone()
                    ? next.get()
                    : last.handle((value, failure) -> true).thenCompose(any -> next.get());
            last = done;
            return done;
        }
    }

    @Override
    public boolean blocks() {
        return true;
    }

    @Override
    public Reservation reserve(Batch batch) {
        if (isOfNothing(batch)) {
            return nothing();
        }
        try {
            return granted(
                    transactions.change(transaction -> rows.reserve(transaction, batch.charges()), this::giveBackLate));
        } catch (UnavailableException e) {
            return instead(batch);
        }
    }

    @Override
    public CompletionStage<Reservation> reserveAsync(Batch batch) {
        if (isOfNothing(batch)) {
            return CompletableFuture.completedFuture(nothing());
        }
        return transactions
                .changeAsync(transaction -> rows.reserve(transaction, batch.charges()), this::giveBackLate)
                .handle((answer, failure) -> answer == null ? instead(batch) : granted(answer));
    }

    private static boolean isOfNothing(Batch batch) {
        return batch.charges().stream().allMatch(charge -> charge.asked().micros() == 0);
    }

    private Reservation nothing() {
        return new RowsReservation(this, KeptLimits.KeptGrant.NOTHING, null);
    }

    private Reservation granted(Reservation answer) {
        return answer instanceof KeptLimits.KeptGrant grant ? new RowsReservation(this, grant, null) : answer;
    }

    /** The answer without the database. */
    private Reservation instead(Batch batch) {
        Reservation answer = fallback.reserve(batch);
        return answer instanceof Reservation.Granted granted
                ? new RowsReservation(this, KeptLimits.KeptGrant.NOTHING, granted)
                : answer;
    }

    /** The caller has its answer from elsewhere. If this fails, too, the amounts stay counted. */
    private void giveBackLate(Reservation late) {
        if (late instanceof KeptLimits.KeptGrant grant && grant.isChangedBy(CallOutcome.UNSENT)) {
            CompletableFuture<Boolean> unused = transactions.changeAsync(
                    transaction -> rows.settle(transaction, grant, CallOutcome.UNSENT, List.of()));
        }
    }

    /** Waits until it is done. If the database doesn't answer, amounts stay counted, and leases end by themselves. */
    @Override
    public void settle(Reservation.Granted reservation, CallOutcome outcome, List<@Nullable Amount> spent) {
        if (!(reservation instanceof RowsReservation held) || !held.owner.equals(this)) {
            return;
        }
        CompletableFuture<Boolean> done = held.then(
                true,
                () -> held.grant.isChangedBy(outcome)
                        ? transactions.changeAsync(transaction -> rows.settle(transaction, held.grant, outcome, spent))
                        : CompletableFuture.completedFuture(true));
        if (done == null) {
            return;
        }
        if (held.besides != null) {
            fallback.settle(held.besides, outcome, spent);
        }
        try {
            Transactions.await(done);
        } catch (UnavailableException e) {
            // As the contract says: what is not known to have been given back is kept.
        }
    }

    /** Doesn't wait for the answer. If the database doesn't answer, the leases stay as they are. */
    @Override
    public void hold(Reservation.Granted reservation, Duration wait) {
        if (!(reservation instanceof RowsReservation held) || !held.owner.equals(this)) {
            return;
        }
        if (held.grant.isLeased()) {
            CompletableFuture<Boolean> unused = held.then(
                    false, () -> transactions.changeAsync(transaction -> rows.hold(transaction, held.grant, wait)));
        }
        if (held.besides != null) {
            fallback.hold(held.besides, wait);
        }
    }

    @Override
    public List<Usage> usage(List<Charge> charges) {
        try {
            return transactions.read(transaction -> rows.usage(transaction, charges));
        } catch (UnavailableException e) {
            return fallback.usage(charges, e);
        }
    }

    @Override
    public CompletionStage<List<Usage>> usageAsync(List<Charge> charges) {
        return transactions
                .readAsync(transaction -> rows.usage(transaction, charges))
                .exceptionally(failure -> fallback.usage(
                        charges,
                        failure instanceof CompletionException && failure.getCause() != null
                                ? failure.getCause()
                                : failure));
    }
}
