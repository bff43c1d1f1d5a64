package dev.interlock.policy.naive;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.Usage;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** A limiter that remembers every charge. Waits are found by search, to the millisecond. */
public final class NaiveRateLimiter implements RateLimiter {

    private static final long A_YEAR = Duration.ofDays(366).toMillis();

    private final NaiveLedger ledger = new NaiveLedger();
    private final LongSupplier clock;

    /** A limiter for which it is always {@code clock} milliseconds since 1970. */
    public NaiveRateLimiter(LongSupplier clock) {
        this.clock = clock;
    }

    private record Item(Charge charge, NaiveLedger.Taken taken) {}

    private record Kept(List<Item> items) implements Reservation.Granted {}

    @Override
    public synchronized Reservation reserve(Batch batch) {
        long now = clock.getAsLong();
        Kept kept = new Kept(new ArrayList<>());
        for (int i = 0; i < batch.charges().size(); i++) {
            Charge charge = batch.charges().get(i);
            BigDecimal amount = charge.asked().toBigDecimal();
            if (!charge.unchecked() && !ledger.hasRoom(charge.key(), Cap.of(charge.rule()), amount, now)) {
                Duration wait = waitFor(charge, now);
                kept.items.forEach(item -> ledger.giveBack(item.taken));
                return new Reservation.NotGranted(
                        i,
                        wait == null && Cap.of(charge.rule()).lease() == null
                                ? Reservation.Reason.TOO_LARGE
                                : Reservation.Reason.NO_ROOM,
                        wait);
            }
            BigDecimal counted = charge.amount().toBigDecimal();
            kept.items.add(new Item(
                    charge,
                    charge.mode() == ChargeMode.FAILURES
                            ? ledger.prepare(charge.key(), counted, now)
                            : ledger.take(charge.key(), counted, now)));
        }
        return kept;
    }

    @Override
    public synchronized void settle(
            Reservation.Granted reservation, CallOutcome outcome, List<@Nullable Amount> spent) {
        List<Item> items = ((Kept) reservation).items();
        for (int i = 0; i < items.size(); i++) {
            Charge charge = items.get(i).charge;
            if (charge.isAfterwards()) {
                ledger.replace(items.get(i).taken, counted(charge, outcome, i < spent.size() ? spent.get(i) : null));
            }
        }
        items.removeIf(item -> item.charge.isAfterwards());
        items.stream()
                .filter(item -> item.charge.mode() == ChargeMode.FAILURES && outcome.isFailure())
                .forEach(item -> ledger.take(item.taken));
        items.stream()
                .filter(item -> item.charge.mode() != ChargeMode.FAILURES)
                .filter(item -> Cap.of(item.charge.rule()).lease() != null || outcome.givesBack(item.charge.mode()))
                .forEach(item -> ledger.giveBack(item.taken));
        items.clear();
    }

    private static BigDecimal counted(Charge charge, CallOutcome outcome, @Nullable Amount spent) {
        if (outcome.givesBack(charge.mode())) {
            return BigDecimal.ZERO;
        }
        if (outcome == CallOutcome.FAILED) {
            return charge.amount().toBigDecimal();
        }
        return (spent == null ? charge.otherwise() : spent).toBigDecimal();
    }

    @Override
    public synchronized List<Usage> usage(List<Charge> charges) {
        long now = clock.getAsLong();
        return charges.stream().map(charge -> usage(charge, now)).toList();
    }

    private Usage usage(Charge charge, long now) {
        Cap cap = Cap.of(charge.rule());
        BigDecimal used = ledger.used(charge.key(), cap, now);
        BigDecimal max = cap.max();
        return new Usage(
                Amount.of(used).orElseThrow(),
                max == null
                        ? null
                        : Amount.of(max.subtract(used).max(BigDecimal.ZERO)).orElseThrow(),
                waitFor(charge, now));
    }

    private @Nullable Duration waitFor(Charge charge, long now) {
        Cap cap = Cap.of(charge.rule());
        BigDecimal amount = charge.asked().toBigDecimal();
        if (cap.max() != null && amount.compareTo(cap.max()) > 0) {
            return null;
        }
        if (cap.lease() != null) {
            return ledger.hasRoom(charge.key(), cap, amount, now) ? Duration.ZERO : null;
        }
        return Duration.ofMillis(ledger.millisUntilRoom(charge.key(), cap, amount, now, A_YEAR));
    }
}
