package dev.interlock.policy.value;

/**
 * How large a tree of arguments may be before it is refused, whatever the policy says.
 *
 * @param maxDepth how many objects and arrays may be nested in one another; an object with only scalars has depth 1
 * @param maxBytes the size of the tree written as compact JSON in UTF-8, in bytes
 */
public record ValueLimits(int maxDepth, int maxBytes) {

    /** 64 levels and 1 MiB. */
    public static final ValueLimits DEFAULT = new ValueLimits(64, 1 << 20);

    /**
     * The most significant digits a number may have. Parsing and scaling cost more than linear time in the digits, so
     * an unbounded number would be a way to stall the host.
     */
    public static final int MAX_DIGITS = 1_000;

    /** The largest decimal exponent, up or down, that a number may have: {@code 1e10000} still is a number. */
    public static final int MAX_EXPONENT = 10_000;

    /** Refuses bounds that would let nothing, or too much, through. */
    public ValueLimits {
        if (maxDepth < 1 || maxDepth > 512) {
            // Trees are walked by recursion: past this a hostile tree could exhaust a small thread stack.
            throw new IllegalArgumentException("maxDepth must be between 1 and 512, was " + maxDepth);
        }
        if (maxBytes < 2) {
            throw new IllegalArgumentException("maxBytes must be at least 2 (the size of {}), was " + maxBytes);
        }
    }
}
