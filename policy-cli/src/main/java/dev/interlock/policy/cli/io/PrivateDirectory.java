package dev.interlock.policy.cli.io;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** A directory that must belong to this user, and that no other user may enter. */
public record PrivateDirectory(Path path) {

    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");

    /**
     * Creates the directory if needed.
     *
     * @throws CliException if it can't be made, or other users can enter it
     */
    public Path make() {
        try {
            Path parent = path.toAbsolutePath().getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
                FileAttribute<?> ownerOnly = PosixFilePermissions.asFileAttribute(OWNER_ONLY);
                Files.createDirectory(path, ownerOnly);
            }
        } catch (FileAlreadyExistsException e) {
            // Another process was faster, or it is no directory: both are checked below.
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

    /**
     * The entries whose names end so, in the order of their names; empty if the directory doesn't exist.
     *
     * @throws CliException if other users can enter it, or it can't be read
     */
    public List<Path> list(String suffix) {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return List.of();
        }
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(checked(), "*" + suffix)) {
            entries.forEach(found::add);
        } catch (IOException e) {
            throw new CliException(path + " can't be read: " + e.getMessage());
        }
        found.sort(null);
        return found;
    }
}
