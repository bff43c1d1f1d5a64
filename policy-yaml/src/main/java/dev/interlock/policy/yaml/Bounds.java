package dev.interlock.policy.yaml;

/**
 * Bounds on what reading a document may cost. Real policies stay far below them; a document that exceeds one is
 * refused.
 */
final class Bounds {

    /** Size of the text in UTF-8. */
    static final int MAX_BYTES = 4 << 20;

    /** Nesting depth of maps and lists; the document's own map is the first level. */
    static final int MAX_DEPTH = 64;

    /**
     * Nodes that aliases and merge keys stand for, in total; a scalar counts once more for each {@value
     * #CHARS_PER_NODE} characters. Nodes that are written out need no bound of their own, since the byte limit bounds
     * them.
     */
    static final long MAX_ALIASED_NODES = 250_000;

    /** How many characters count as much as a node. */
    static final int CHARS_PER_NODE = 32;

    /** Characters in the name of a tool. A longer name is never admitted, so a longer entry can never match. */
    static final int MAX_TOOL_NAME = 128;

    /**
     * Characters in other names: identities, methods, counters. Names are repeated in the path of everything below
     * them.
     */
    static final int MAX_NAME = 256;

    /**
     * The weight of all patterns together, some 15 MB when compiled. The length of a pattern doesn't measure its
     * weight: seven characters, {@code x{1000}}, weigh 1,000. A pattern of a real policy weighs a few tens.
     */
    static final int MAX_PATTERNS_WEIGHT = 250_000;

    private Bounds() {}
}
