package dev.interlock.policy.yaml;

/** What a document may cost to read. A policy is far below each of these; a document past one is refused. */
final class Bounds {

    /** Of the text in UTF-8. */
    static final int MAX_BYTES = 4 << 20;

    /** Maps and lists in one another; the document's own map is the first. */
    static final int MAX_DEPTH = 64;

    /**
     * Nodes that aliases and merge keys stand for, all together; a scalar counts once more for each {@value
     * #CHARS_PER_NODE} characters. What is written out needs no bound of its own, since the bytes bound it.
     */
    static final long MAX_ALIASED_NODES = 250_000;

    /** How many characters weigh as much as a node. */
    static final int CHARS_PER_NODE = 32;

    /** Characters in the name of a tool: a longer name is never admitted, so nothing longer can match one. */
    static final int MAX_TOOL_NAME = 128;

    /** Characters in other names: identities, methods, counters. Names are repeated in the path of all they hold. */
    static final int MAX_NAME = 256;

    /**
     * The weight of all patterns together, some 15 MB when compiled. What is written is no measure of it: seven
     * characters, {@code x{1000}}, weigh 1,000. A pattern of a real policy weighs some tens.
     */
    static final int MAX_PATTERNS_WEIGHT = 250_000;

    private Bounds() {}
}
