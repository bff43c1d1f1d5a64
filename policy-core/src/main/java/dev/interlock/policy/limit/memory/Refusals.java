package dev.interlock.policy.limit.memory;

import dev.interlock.policy.limit.Reservation;
import java.time.Duration;

/** Creates the three kinds of refusals. */
final class Refusals {

    private Refusals() {}

    /** The refusal for an answer of {@link Cell#waitFor} other than 0. */
    static Reservation.Refused of(int charge, long wait) {
        return wait == Cell.NEVER ? tooLarge(charge) : noRoom(charge, wait);
    }

    static Reservation.Refused noRoom(int charge, long nanos) {
        return new Reservation.Refused(charge, Reservation.Reason.NO_ROOM, Duration.ofNanos(nanos));
    }

    static Reservation.Refused tooLarge(int charge) {
        return new Reservation.Refused(charge, Reservation.Reason.TOO_LARGE, null);
    }

    static Reservation.Refused tooManyKeys(int charge) {
        return new Reservation.Refused(charge, Reservation.Reason.TOO_MANY_KEYS, null);
    }
}
