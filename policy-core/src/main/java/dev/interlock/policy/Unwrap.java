package dev.interlock.policy;

import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Says that a tool runs other tools, and where its arguments say which. All paths begin with {@code args}. If there is
 * an {@code each}, the others are read within each of its elements, as if that were the arguments.
 *
 * @param each the list that has an element for each call; null if the arguments themselves describe the one call
 * @param tool where the name of the tool stands
 * @param arguments where its arguments stand; null if they are not known, or if it takes none
 * @param takesNone whether the tool takes no arguments
 * @param json whether the arguments are a text that holds a JSON object
 * @param server where the name of its server stands; null if it is the outer call's or {@code serverName} says it
 * @param serverName the name of its server; null if it is the outer call's or {@code server} says where it stands
 * @param place where it stands
 */
public record Unwrap(
        @Nullable Path each,
        Path tool,
        @Nullable Path arguments,
        boolean takesNone,
        boolean json,
        @Nullable Path server,
        @Nullable String serverName,
        Place place) {

    /** Refuses what contradicts itself and paths that lead elsewhere or to several values. */
    public Unwrap {
        if ((takesNone || json) && (takesNone ? arguments != null || json : arguments == null)) {
            throw new IllegalArgumentException("a tool has arguments at a path, or takes none, or they are not known");
        }
        if (server != null && serverName != null) {
            throw new IllegalArgumentException("a server has a name, or a path to its name");
        }
        if (serverName != null && serverName.isBlank()) {
            throw new IllegalArgumentException("the name of a server must not be blank");
        }
        if (Stream.of(each, tool, arguments, server).anyMatch(Unwrap::isElsewhere)) {
            throw new IllegalArgumentException("a path of unwrap begins with args and has no [*]");
        }
    }

    private static boolean isElsewhere(@Nullable Path path) {
        return path != null
                && (path.root() != Path.Root.ARGS
                        || !path.steps().stream().allMatch(Path.Step.Member.class::isInstance));
    }
}
