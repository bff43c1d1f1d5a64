package dev.interlock.policy.audit;

import dev.interlock.policy.Policy;

/**
 * Which policy decided.
 *
 * @param digest its {@linkplain PolicyDigest#of digest}
 * @param description what its document calls it; empty if it doesn't
 */
public record PolicyRef(String digest, String description) {

    /** The reference to a policy. Digests it, which takes some time. */
    public static PolicyRef of(Policy policy) {
        return new PolicyRef(PolicyDigest.of(policy), policy.description());
    }
}
