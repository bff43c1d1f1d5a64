package dev.interlock.policy;

/**
 * The policy that decided.
 *
 * @param digest a SHA-256 of what it says, as 64 hexadecimal digits. Equal policies have equal digests, wherever their
 *     parts stand in a document
 * @param description what its document calls it; empty if it has no description
 */
public record PolicyRef(String digest, String description) {

    /** Returns the reference to a policy. Computes its digest, which takes some time. */
    public static PolicyRef of(Policy policy) {
        return new PolicyRef(PolicyDigest.of(policy), policy.description());
    }
}
