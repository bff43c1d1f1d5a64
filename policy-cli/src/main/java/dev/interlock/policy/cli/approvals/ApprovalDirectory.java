package dev.interlock.policy.cli.approvals;

import dev.interlock.policy.cli.io.CliException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The directory of the proxies' sockets. Every user who can enter it can approve calls, so it must belong to this user,
 * and no other user may enter it.
 */
public record ApprovalDirectory(Path path) {

    static final String SUFFIX = ".sock";

    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");

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
        try {
            Path parent = path.toAbsolutePath().getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
                Files.createDirectory(path, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
            }
        } catch (IOException | UnsupportedOperationException e) {
            throw new CliException("the directory " + path + " can't be made for this user alone: " + e);
        }
        return checked();
    }

    private Path checked() {
        try {
            PosixFileAttributes attributes =
                    Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            if (!attributes.isDirectory()
                    || !attributes.owner().getName().equals(System.getProperty("user.name"))
                    || !attributes.permissions().equals(OWNER_ONLY)) {
                throw new CliException(
                        path + " must be a directory of this user's that no one else may enter (rwx------), is "
                                + PosixFilePermissions.toString(attributes.permissions()) + " of "
                                + attributes.owner().getName());
            }
            return path;
        } catch (IOException | UnsupportedOperationException e) {
            throw new CliException("it can't be told whether " + path + " is this user's alone: " + e);
        }
    }

    /** The sockets in the directory; empty if it doesn't exist. */
    List<Path> sockets() {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return List.of();
        }
        List<Path> sockets = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(checked(), "*" + SUFFIX)) {
            entries.forEach(sockets::add);
        } catch (IOException e) {
            throw new CliException(path + " can't be read: " + e.getMessage());
        }
        sockets.sort(null);
        return sockets;
    }
}
