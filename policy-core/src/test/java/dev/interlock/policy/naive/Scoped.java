package dev.interlock.policy.naive;

import dev.interlock.policy.Entry;
import dev.interlock.policy.PolicyBody;

/**
 * An entry that applies to a call, and where it comes from.
 *
 * @param body the body that has it
 * @param owner names the body: the policy or a grant
 * @param key names the entry in it
 * @param counters the middle of the path of its counters: {@code state.<counters>.<counter>}
 * @param entry the entry
 */
record Scoped(PolicyBody body, String owner, String key, String counters, Entry entry) {

    static final String GLOBAL = "_global";

    /** Whether it is an entry for every tool. */
    boolean isGlobal() {
        return counters.equals(GLOBAL);
    }
}
