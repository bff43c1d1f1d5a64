package dev.interlock.policy.cli.approvals;

import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.PrivateDirectory;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The directory of the proxies' sockets. Every user who can enter it can approve calls, so it must belong to this user,
 * and no other user may enter it.
 */
public record ApprovalDirectory(Path path) {

    static final String SUFFIX = ".sock";

    /** The directory with this name, or the default one. */
    public static ApprovalDirectory of(@Nullable Path named) {
        return new ApprovalDirectory(
                named == null ? Path.of(System.getProperty("user.home"), ".interlock", "approvals") : named);
    }

    /**
     * Creates the directory if needed.
     *
     * @throws CliException if other users can enter it
     */
    Path make() {
        return new PrivateDirectory(path).make();
    }

    /** The sockets in the directory; empty if it doesn't exist. */
    List<Path> sockets() {
        return new PrivateDirectory(path).list(SUFFIX);
    }
}
