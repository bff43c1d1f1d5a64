package dev.interlock.policy.state;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An emergency stop of all calls.
 *
 * @param reason why; agents are told, so it must be fit for them. May be blank
 * @param by who suspended calls, for the record; null if that is not known
 * @param since when, by the wall clock of the one who did
 */
public record Suspension(String reason, @Nullable String by, Instant since) {

    /** Says since when; never by whom or why. */
    @Override
    public String toString() {
        return "suspended since " + since;
    }
}
