package dev.interlock.policy.redis;

import dev.interlock.policy.Amount;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.UnavailableException;
import dev.interlock.policy.limit.Usage;
import dev.interlock.policy.limit.remote.CircuitBreaker;
import dev.interlock.policy.limit.remote.Fallback;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Counts limits in Redis, as {@link RedisStore} says. Thread-safe.
 *
 * <p>A request is one round trip and one script for each slot that its keys are in.
 */
final class RedisRateLimiter implements RateLimiter {

    private static final byte GRANTED = 1;
    private static final byte REFUSED = 2;
    private static final byte TOO_MANY = 6;
    private static final double MILLIS_OF_NONE = 0;
    private static final byte[] NOTHING = {};

    private final RedisAccess access;
    private final KeyNames names;
    private final Fallback fallback;
    private final double leaseMillis;
    private final double toleranceMillis;
    private final double maxKeysPerLimit;

    /**
     * Creates a limiter.
     *
     * @param fallback answers while Redis doesn't
     */
    RedisRateLimiter(
            RedisAccess access,
            KeyNames names,
            Fallback fallback,
            Duration lease,
            Duration clockTolerance,
            int maxKeysPerLimit) {
        this.access = access;
        this.names = names;
        this.fallback = fallback;
        this.leaseMillis = lease.toMillis();
        this.toleranceMillis = clockTolerance.toMillis();
        this.maxKeysPerLimit = maxKeysPerLimit;
    }

    @Override
    public boolean blocks() {
        return true;
    }

    @Override
    public Reservation reserve(Batch batch) {
        return ask(batch).join();
    }

    @Override
    public CompletionStage<Reservation> reserveAsync(Batch batch) {
        return access.handedOver(ask(batch));
    }

    private CompletableFuture<Reservation> ask(Batch batch) {
        List<SlotRequest> demands = SlotRequest.toReserve(batch.charges(), names, access::wallMillis);
        RedisReservation claim = new RedisReservation(
                this, batch.id().isEmpty() ? UUID.randomUUID().toString() : batch.id());
        if (demands.isEmpty()) {
            return CompletableFuture.completedFuture(claim);
        }
        CircuitBreaker.Pass pass = access.pass();
        if (pass == CircuitBreaker.Pass.NONE) {
            return CompletableFuture.completedFuture(instead(batch, claim, -1));
        }
        return reserve(batch, demands, 0, claim, pass);
    }

    /** Reserves this demand and the following ones; those before it are already reserved. */
    private CompletableFuture<Reservation> reserve(
            Batch batch, List<SlotRequest> demands, int next, RedisReservation claim, CircuitBreaker.Pass pass) {
        SlotRequest demand = demands.get(next);
        claim.add(demand);
        CompletableFuture<byte[]> asked = access.run(
                Script.RESERVE,
                keys(demand, claim.id(), demand.sets(names)),
                arguments(
                        demand.parts(), demand.names(), leaseMillis, toleranceMillis, demand.sign(), maxKeysPerLimit));
        if (next == demands.size() - 1) {
            return asked.handle((answer, failure) -> taken(batch, claim, pass, answer, failure));
        }
        return asked.handle((answer, failure) -> taken(batch, claim, pass, answer, failure))
                .thenCompose(reservation -> reservation.equals(claim)
                        ? reserve(batch, demands, next + 1, claim, pass)
                        : CompletableFuture.completedFuture(reservation));
    }

    /** The result of the claim's last demand: the claim itself, if everything so far was granted. */
    private Reservation taken(
            Batch batch,
            RedisReservation claim,
            CircuitBreaker.Pass pass,
            byte @Nullable [] answer,
            @Nullable Throwable failure) {
        if (answer == null) {
            access.failed(failure);
            return instead(batch, claim, claim.demands().size() - 1);
        }
        access.succeeded(pass);
        ByteBuffer fields = SlotRequest.littleEndian(answer);
        byte verdict = fields.get();
        if (verdict == GRANTED) {
            return claim;
        }
        int last = claim.demands().size() - 1;
        SlotRequest demand = claim.demands().get(last);
        giveUp(claim, last, MILLIS_OF_NONE);
        if (verdict == TOO_MANY) {
            int position = demand.position(fields.getShort());
            return new Reservation.NotGranted(position, Reservation.Reason.TOO_MANY_KEYS, null);
        }
        if (verdict != REFUSED) {
            // The request was cancelled meanwhile, its id belongs to another call, or a part of a count is missing.
            return new Reservation.NotGranted(-1, Reservation.Reason.UNAVAILABLE, null);
        }
        int position = demand.position(fields.getShort());
        double micros = fields.getDouble();
        if (micros < 0) {
            return new Reservation.NotGranted(position, Reservation.Reason.TOO_LARGE, null);
        }
        boolean timed = !(batch.charges().get(position).rule() instanceof LimitRule.Concurrent);
        return new Reservation.NotGranted(position, Reservation.Reason.NO_ROOM, timed ? micros(micros) : null);
    }

    /** The answer without Redis. If it is a refusal, whatever may have been taken in Redis is cancelled. */
    private Reservation instead(Batch batch, RedisReservation claim, int lastAsked) {
        Reservation answer = fallback.reserve(batch);
        if (answer instanceof Reservation.Granted granted) {
            claim.besides(granted);
            return claim;
        }
        if (lastAsked >= 0) {
            giveUp(claim, lastAsked + 1, leaseMillis);
        }
        return answer;
    }

    private void giveUp(RedisReservation claim, int demands, double cancelledMillis) {
        for (SlotRequest demand : claim.demands().subList(0, demands)) {
            settle(claim.id(), demand, CallOutcome.UNSENT, List.of(), cancelledMillis);
        }
    }

    @Override
    public void settle(Reservation.Granted reservation, CallOutcome outcome, List<@Nullable Amount> spent) {
        if (reservation instanceof RedisReservation claim && claim.owner().equals(this) && claim.settle()) {
            for (SlotRequest demand : claim.demands()) {
                settle(claim.id(), demand, outcome, spent, MILLIS_OF_NONE);
            }
            if (claim.besides() != null) {
                fallback.settle(claim.besides(), outcome, spent);
            }
        }
    }

    /**
     * Doesn't wait for the answer. If the request is lost, the amounts stay counted, and the record ends with its
     * lease.
     */
    private void settle(
            String id, SlotRequest demand, CallOutcome outcome, List<@Nullable Amount> spent, double cancelledMillis) {
        access.tell(Script.SETTLE, keys(demand, id, List.of()), new byte[][] {
            RedisConnection.ascii(access.serverTime()),
            SlotRequest.doubles(toleranceMillis, cancelledMillis),
            demand.givenBack(outcome),
            demand.counted(outcome, spent)
        });
    }

    /** Doesn't wait for the answer. If the request is lost, the leases stay as they are. */
    @Override
    public void hold(Reservation.Granted reservation, Duration wait) {
        if (!(reservation instanceof RedisReservation claim) || !claim.owner().equals(this)) {
            return;
        }
        for (SlotRequest demand : claim.demands()) {
            if (demand.takesPlaces()) {
                access.tell(Script.HOLD, keys(demand, claim.id(), List.of()), new byte[][] {
                    RedisConnection.ascii(access.serverTime()),
                    SlotRequest.doubles(toleranceMillis, Math.ceil(wait.toNanos() / 1e3))
                });
            }
        }
        if (claim.besides() != null) {
            fallback.hold(claim.besides(), wait);
        }
    }

    @Override
    public List<Usage> usage(List<Charge> charges) {
        try {
            return see(charges).join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof UnavailableException unavailable ? unavailable : e;
        }
    }

    @Override
    public CompletionStage<List<Usage>> usageAsync(List<Charge> charges) {
        return access.handedOver(see(charges));
    }

    private CompletableFuture<List<Usage>> see(List<Charge> charges) {
        Usage[] usages = new Usage[charges.size()];
        CircuitBreaker.Pass pass = access.pass();
        if (pass == CircuitBreaker.Pass.NONE) {
            return fallbackUsage(charges, null);
        }
        List<CompletableFuture<?>> answers = new ArrayList<>();
        for (SlotRequest demand : SlotRequest.toSee(charges, names, access::wallMillis)) {
            answers.add(
                    access.run(Script.USAGE, demand.cells().toArray(byte[][]::new), arguments(demand.parts(), NOTHING))
                            .thenAccept(answer -> read(answer, demand, charges, usages)));
        }
        return CompletableFuture.allOf(answers.toArray(CompletableFuture<?>[]::new))
                .thenApply(none -> {
                    access.succeeded(pass);
                    return Arrays.asList(usages);
                })
                .exceptionallyCompose(failure -> {
                    access.failed(failure);
                    return fallbackUsage(charges, failure);
                });
    }

    private static void read(byte[] answer, SlotRequest demand, List<Charge> charges, Usage[] usages) {
        ByteBuffer fields = SlotRequest.littleEndian(answer);
        for (int i = 0; i < demand.parts().size(); i++) {
            Charge charge = charges.get(demand.position(i));
            Amount max = charge.rule().max();
            long shown = SlotRequest.number(fields);
            long used = SlotRequest.number(fields);
            double wait = fields.getDouble();
            usages[demand.position(i)] = new Usage(
                    new Amount(Math.min(shown, Amount.MAX.micros())),
                    max == null ? null : new Amount(Math.max(0, max.micros() - used)),
                    wait < 0 || (wait > 0 && charge.rule() instanceof LimitRule.Concurrent) ? null : micros(wait));
        }
    }

    private CompletableFuture<List<Usage>> fallbackUsage(List<Charge> charges, @Nullable Throwable failure) {
        try {
            return CompletableFuture.completedFuture(fallback.usage(charges, failure));
        } catch (UnavailableException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private byte[][] keys(SlotRequest demand, String id, List<byte[]> sets) {
        List<byte[]> keys = new ArrayList<>(1 + demand.cells().size() + sets.size());
        keys.add(names.call(demand.tag(), id));
        keys.addAll(demand.cells());
        keys.addAll(sets);
        return keys.toArray(byte[][]::new);
    }

    private byte[][] arguments(List<byte[]> parts, byte[] names, double... head) {
        byte[][] arguments = new byte[(head.length == 0 ? 1 : 2) + parts.size()][];
        int at = 0;
        arguments[at++] = RedisConnection.ascii(access.serverTime());
        if (head.length > 0) {
            arguments[at++] = SlotRequest.joined(SlotRequest.doubles(head), names);
        }
        for (byte[] part : parts) {
            arguments[at++] = part;
        }
        return arguments;
    }

    private static Duration micros(double micros) {
        return Duration.ofNanos(1_000 * (long) micros);
    }
}
