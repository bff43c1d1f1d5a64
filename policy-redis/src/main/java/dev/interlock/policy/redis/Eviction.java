package dev.interlock.policy.redis;

import org.jspecify.annotations.Nullable;

/** Whether a server may drop keys before they expire when its memory is full. Each dropped count hands a limit back. */
final class Eviction {

    private Eviction() {}

    /** What is wrong and how to fix it; null if nothing is. {@code info} is the answer to {@code INFO memory}. */
    static @Nullable String found(String info) {
        String policy = "noeviction";
        String bound = "0";
        for (String line : info.lines().toList()) {
            if (line.startsWith("maxmemory_policy:")) {
                policy = line.substring("maxmemory_policy:".length()).trim();
            } else if (line.startsWith("maxmemory:")) {
                bound = line.substring("maxmemory:".length()).trim();
            }
        }
        if (policy.equals("noeviction") || bound.equals("0")) {
            return null;
        }
        return "this Redis drops keys when its memory is full (maxmemory-policy " + policy
                + "), which would hand limits back: set maxmemory-policy to noeviction";
    }
}
