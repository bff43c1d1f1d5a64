package dev.interlock.policy;

/**
 * How often a call may be made again because its server asks for input: {@code rounds} in a document.
 *
 * @param most how often, from 0 to {@link #MOST}; with 0, a server that asks for input ends the call as denied
 * @param place where it stands
 */
public record Rounds(int most, Place place) {

    /** How often a call may be made again where no entry says less. */
    public static final int MOST = 10;

    /** Checks the number. */
    public Rounds {
        if (most < 0 || most > MOST) {
            throw new IllegalArgumentException("rounds must be from 0 to " + MOST + ", was " + most);
        }
    }
}
