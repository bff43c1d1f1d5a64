package dev.interlock.policy.engine;

import dev.interlock.policy.Policy;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What calls that reach an engine by one way, such as through a wrapped transport, can contain in addition to the tool
 * and its arguments. If a policy reads anything else, that is always missing on these calls, so a {@code deny_if} on it
 * would never deny. Such a policy is therefore refused.
 *
 * <p>Each text says why something is never known and what to do, as in
 * {@code "no call has an identity: give --identity"}. Null means that it can be known.
 *
 * @param noIdentity why no call has an identity, which {@code call.identity} and {@code grants} read
 * @param noServer why no call has the name of its server, which {@code call.server} reads
 * @param noContext why no call has any other key in {@code ctx} than those that are given
 * @param given the keys that every call has in {@code ctx}
 * @param noSession why no call has a session of its own, which marks are put on
 */
public record CallFacts(
        @Nullable String noIdentity,
        @Nullable String noServer,
        @Nullable String noContext,
        Set<String> given,
        @Nullable String noSession) {

    /** Copies the keys. */
    public CallFacts {
        given = Set.copyOf(given);
    }

    /** What calls can contain that may have a session. */
    public CallFacts(
            @Nullable String noIdentity, @Nullable String noServer, @Nullable String noContext, Set<String> given) {
        this(noIdentity, noServer, noContext, given, null);
    }

    /** What calls can contain where no key is given to all of them. */
    public CallFacts(@Nullable String noIdentity, @Nullable String noServer, @Nullable String noContext) {
        this(noIdentity, noServer, noContext, Set.of());
    }

    private static final int MAX_TOLD = 10;

    /**
     * Checks that a policy reads nothing that is never known.
     *
     * @throws IllegalArgumentException if it does; the message names everything of this kind that the policy reads,
     *     with the places, and what to do
     */
    public void require(Policy policy) {
        List<String> unknown = new ArrayList<>();
        for (PolicyReads.Read read : PolicyReads.of(policy)) {
            String reason = reason(read);
            if (reason != null) {
                unknown.add(read.name() + " at " + read.place() + ", but " + reason);
            }
        }
        if (!unknown.isEmpty()) {
            int told = Math.min(unknown.size(), MAX_TOLD);
            String more = unknown.size() == told ? "" : "; and " + (unknown.size() - told) + " more";
            throw new IllegalArgumentException(
                    "the policy reads what is never known here: " + String.join("; ", unknown.subList(0, told)) + more);
        }
    }

    private @Nullable String reason(PolicyReads.Read read) {
        return switch (read.source()) {
            case IDENTITY -> noIdentity;
            case SERVER -> noServer;
            case SESSION -> noSession;
            case CONTEXT -> read.key() != null && given.contains(read.key()) ? null : noContext;
        };
    }
}
