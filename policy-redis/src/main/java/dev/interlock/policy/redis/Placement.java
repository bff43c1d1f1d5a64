package dev.interlock.policy.redis;

/** Where in a Redis Cluster the counts lie. On a single server it makes no difference but to the keys' names. */
public enum Placement {
    /**
     * All counts of a prefix in one slot, and so on one node. Every call is one round trip and atomic over all its limits.
     * The price: one node counts for all hosts that use the prefix. The default.
     */
    ONE_SLOT,
    /**
     * The counts of each subject, a session or an identity, in a slot of its own; those that tell no subjects apart share
     * one. The nodes divide the work. The price: a call is one round trip for each subject that its limits tell apart, most
     * often two, one after the other. Each of them is atomic; if one has no room, those before it are given back. So no more
     * is ever admitted than the limits allow, but for that moment another call may be refused for the sake of one that is
     * refused itself; and a process that dies in it leaves what it took counted. Keys are
     * bounded for each subject, not over all of them.
     */
    BY_SUBJECT
}
