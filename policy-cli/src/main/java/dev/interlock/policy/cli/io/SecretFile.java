package dev.interlock.policy.cli.io;

import dev.interlock.policy.yaml.RegularFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Set;

/** A file with a secret. No message quotes any part of it. */
public final class SecretFile {

    private static final int MOST = 1 << 16;

    private static final Set<PosixFilePermission> OF_OTHERS = EnumSet.of(
            PosixFilePermission.GROUP_READ,
            PosixFilePermission.GROUP_WRITE,
            PosixFilePermission.OTHERS_READ,
            PosixFilePermission.OTHERS_WRITE);

    private SecretFile() {}

    /**
     * Returns the text in the file.
     *
     * @param option the option that names the file on the command line
     * @throws CliException if it can't be read, or if users other than its owner may read or write it, on systems that
     *     tell
     */
    public static String read(String file, String option) {
        String name = option + " " + file;
        Path path = InputFile.pathOf(file);
        try {
            // Only a regular file is read; a pipe could block.
            byte[] bytes = RegularFile.read(path, MOST + 1);
            if (Files.getFileStore(path).supportsFileAttributeView("posix")
                    && Files.getPosixFilePermissions(path).stream().anyMatch(OF_OTHERS::contains)) {
                throw new CliException(
                        name + ": others on this machine may read or write this file, so what is in it is"
                                + " no secret; take that from them (chmod 600), and use a new secret if they may have"
                                + " read it");
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
