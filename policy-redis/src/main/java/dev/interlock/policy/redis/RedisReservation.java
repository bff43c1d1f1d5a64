package dev.interlock.policy.redis;

import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * What was reserved, or may have been, for one call: the demands that the server remembers by the call's id, and a
 * reservation made without Redis. Only one thread at a time adds to it, until it is handed out.
 */
final class RedisReservation implements Reservation.Granted {

    private final RateLimiter owner;
    private final String id;
    private final List<SlotRequest> demands = new ArrayList<>(1);
    private Reservation.@Nullable Granted besides;
    private final AtomicBoolean settled = new AtomicBoolean();

    RedisReservation(RateLimiter owner, String id) {
        this.owner = owner;
        this.id = id;
    }

    RateLimiter owner() {
        return owner;
    }

    String id() {
        return id;
    }

    void add(SlotRequest demand) {
        demands.add(demand);
    }

    List<SlotRequest> demands() {
        return demands;
    }

    void besides(Reservation.Granted granted) {
        this.besides = granted;
    }

    Reservation.@Nullable Granted besides() {
        return besides;
    }

    /** True for the first caller only. */
    boolean settle() {
        return settled.compareAndSet(false, true);
    }
}
