package dev.interlock.policy.engine;

import dev.interlock.policy.Policy;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What can be known of the calls that reach an engine by one way, such as through a wrapped transport, beside the tool and
 * its arguments. To a policy that reads anything else, it would always be missing there: no {@code deny_if} on it would ever
 * deny. So such a policy is refused.
 *
 * <p>Each text says why something is never known and what to do, as in {@code "no call has an identity: give --identity"};
 * null means that it can be known.
 *
 * @param noIdentity why no call has an identity, which {@code call.identity} and {@code grants} read
 * @param noServer why no call has the name of its server, which {@code call.server} reads
 * @param noContext why no call has anything in {@code ctx}
 */
public record CallFacts(
        @Nullable String noIdentity,
        @Nullable String noServer,
        @Nullable String noContext) {

    private static final int MAX_TOLD = 10;

    /**
     * Refuses a policy that reads what is never known.
     *
     * @throws IllegalArgumentException if it does; the message names all that it reads so, with the places, and what to do
     */
    public void require(Policy policy) {
        List<String> unknown = new ArrayList<>();
        for (PolicyReads.Read read : PolicyReads.of(policy)) {
            String reason = reason(read.source());
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

    private @Nullable String reason(PolicyReads.Source source) {
        return switch (source) {
            case IDENTITY -> noIdentity;
            case SERVER -> noServer;
            case CONTEXT -> noContext;
        };
    }
}
