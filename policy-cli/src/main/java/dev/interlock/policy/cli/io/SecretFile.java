package dev.interlock.policy.cli.io;

import dev.interlock.policy.yaml.RegularFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Set;

/** A file with something in it that others must not know. Nothing of it is ever in a message. */
public final class SecretFile {

    private static final int MOST = 1 << 16;

    private static final Set<PosixFilePermission> OF_OTHERS = EnumSet.of(
            PosixFilePermission.GROUP_READ,
            PosixFilePermission.GROUP_WRITE,
            PosixFilePermission.OTHERS_READ,
            PosixFilePermission.OTHERS_WRITE);

    private SecretFile() {}

    /**
     * The text in it.
     *
     * @param option what names the file on the command line
     * @throws CliException if it can't be read, or others than its owner may read or write it, where the system tells
     */
    public static String read(String file, String option) {
        String name = option + " " + file;
        Path path = InputFile.pathOf(file);
        try {
            // What is read is a regular file; a pipe would be waited for.
            byte[] bytes = RegularFile.read(path, MOST + 1);
            if (Files.getFileStore(path).supportsFileAttributeView("posix")
                    && Files.getPosixFilePermissions(path).stream().anyMatch(OF_OTHERS::contains)) {
                throw new CliException(
                        name + ": others on this machine may read or write this file, so what is in it is"
                                + " no secret; take that from them (chmod 600), and use a new secret if they may have read it");
            }
            if (bytes.length > MOST) {
                throw new CliException(name + ": this file is longer than 64 KiB");
            }
            return new String(bytes, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new CliException(InputFile.reason(name, e));
        }
    }
}
