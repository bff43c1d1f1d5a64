package dev.interlock.policy.value;

/**
 * How large a tree of arguments may be. A larger one is refused, whatever the policy says.
 *
 * @param maxDepth how deep objects and arrays may nest; an object with only scalars has depth 1
 * @param maxBytes the size of the tree written as compact JSON in UTF-8, in bytes
 */
public record ValueLimits(int maxDepth, int maxBytes) {

    /** 64 levels and 1 MiB. */
    public static final ValueLimits DEFAULT = new ValueLimits(64, 1 << 20);

    /**
     * The most significant digits that a number may have. Parsing and scaling take more than linear time in the digits,
     * so an unbounded number could stall the host.
     */
    public static final int MAX_DIGITS = 1_000;

    /**
     * The largest decimal exponent, positive or negative, that a number may have: {@code 1e10000} is still a number.
     */
    public static final int MAX_EXPONENT = 10_000;

    /** Refuses bounds that would let nothing, or too much, through. */
    public ValueLimits {
        if (maxDepth < 1 || maxDepth > 512) {
            // Trees are walked by recursion. Beyond this depth, a hostile tree could exhaust a small thread stack.
            throw new IllegalArgumentException("maxDepth must be between 1 and 512, was " + maxDepth);
        }
        if (maxBytes < 2) {
            throw new IllegalArgumentException("maxBytes must be at least 2 (the size of {}), was " + maxBytes);
        }
    }
}
