package dev.interlock.policy.limit.memory;

import dev.interlock.policy.limit.Reservation;
import java.time.Duration;

/** Creates the three kinds of refusals. */
final class Refusals {

    private Refusals() {}

    /** The refusal for an answer of {@link Cell#waitFor} other than 0. */
    static Reservation.NotGranted of(int charge, long wait) {
        if (wait == Cell.UNTIL_RETURNED) {
            return new Reservation.NotGranted(charge, Reservation.Reason.NO_ROOM, null);
        }
        return wait == Cell.NEVER ? tooLarge(charge) : noRoom(charge, wait);
    }

    static Reservation.NotGranted noRoom(int charge, long nanos) {
        return new Reservation.NotGranted(charge, Reservation.Reason.NO_ROOM, Duration.ofNanos(nanos));
    }

    static Reservation.NotGranted tooLarge(int charge) {
        return new Reservation.NotGranted(charge, Reservation.Reason.TOO_LARGE, null);
    }

    static Reservation.NotGranted tooManyKeys(int charge) {
        return new Reservation.NotGranted(charge, Reservation.Reason.TOO_MANY_KEYS, null);
    }
}
