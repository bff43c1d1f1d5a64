package dev.interlock.policy.engine;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a caller of the engine waits for a person, and what it can do with the answer.
 *
 * @param patience how long it waits at most; null for as long as the rule says. It must be shorter than what the caller
 *     itself is waited for, so that no yes sends a call of which nobody wants to know any longer
 * @param narrower whether the caller sends {@link Admission#toSend} and not the call that it asked about. Without it, a yes
 *     to other arguments denies: the caller would send what nobody has approved
 */
public record Terms(@Nullable Duration patience, boolean narrower) {

    /** Waits as long as the rule says, and sends what was asked about. */
    public static final Terms DEFAULT = new Terms(null, false);

    /** Checks the patience. */
    public Terms {
        if (patience != null && (patience.isNegative() || patience.isZero())) {
            throw new IllegalArgumentException("patience must be positive, was " + patience);
        }
    }

    /** The same, waiting at most so long. */
    public Terms within(Duration longest) {
        return new Terms(longest, narrower);
    }

    /** The same for a caller that sends {@link Admission#toSend}. */
    public Terms sendingWhatIsApproved() {
        return new Terms(patience, true);
    }
}
