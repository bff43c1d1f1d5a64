package dev.interlock.policy.redis;

/** Where in a Redis Cluster the counts are placed. On a single server it only affects the names of keys. */
public enum Placement {
    /**
     * All counts of a prefix are in one slot, and so on one node. Every call is one round trip and atomic across all
     * its limits. The cost: one node counts for all hosts that use the prefix. This is the default.
     */
    ONE_SLOT,
    /**
     * The counts of each subject, a session or an identity, are in a slot of their own; counts that don't distinguish
     * subjects share one. The nodes divide the work. The cost: a call takes one round trip for each subject that its
     * limits distinguish, usually two, one after the other. Each of them is atomic; if one has no room, the
     * reservations before it are given back. So the limits are never exceeded, but in that moment another call may be
     * refused because of a call that is itself refused; and if a process dies in that moment, what it reserved stays
     * counted. Keys are bounded for each subject, not across all of them.
     */
    BY_SUBJECT
}
