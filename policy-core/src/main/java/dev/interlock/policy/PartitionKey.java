package dev.interlock.policy;

import org.jspecify.annotations.Nullable;

/**
 * One part of {@code per}: a value of the call by which a limit counts separately, besides its {@link Scope}. A call
 * whose value can't be told is denied.
 *
 * @param path where the value stands; null for all arguments together
 * @param fold whether values that are equal after NFKC and full case folding count together
 */
public record PartitionKey(@Nullable Path path, boolean fold) {

    /** All arguments together, by their canonical JSON: {@code per: args}. */
    public static final PartitionKey ALL_ARGUMENTS = new PartitionKey(null, false);

    /** Refuses a path that doesn't lead to one value of the call. */
    public PartitionKey {
        if (path == null ? fold : !isOneValue(path)) {
            throw new IllegalArgumentException("a limit counts separately by one value of the call (args.<name>,"
                    + " ctx.<key>, call.identity, call.session, call.server) or by all of args, not by "
                    + (path == null ? "all of args, folded" : path));
        }
    }

    private static boolean isOneValue(Path path) {
        return switch (path.root()) {
            case ARGS, PARAMS, CTX -> path.steps().stream().allMatch(Path.Step.Member.class::isInstance);
            case CALL ->
                switch (path.member(0)) {
                    case "identity", "session", "server" -> true;
                    default -> false;
                };
            default -> false;
        };
    }

    /** Returns what it reads, as policies write it: {@code args.customer_id}, {@code args}. */
    public String text() {
        return path == null ? Path.Root.ARGS.text() : path.text();
    }

    /** Returns whether a caller can invent its values. */
    public boolean isCallers() {
        return path == null || path.root() == Path.Root.ARGS || path.root() == Path.Root.PARAMS;
    }
}
