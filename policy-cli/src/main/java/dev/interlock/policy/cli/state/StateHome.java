package dev.interlock.policy.cli.state;

import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.InputFile;
import dev.interlock.policy.cli.io.Json;
import dev.interlock.policy.cli.io.JsonText;
import dev.interlock.policy.cli.io.PrivateDirectory;
import dev.interlock.policy.value.CanonicalJson;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where proxies of this user keep state unless they are told otherwise: one file of SQLite for each policy and name of
 * a server, in a directory that no other user may enter. Beside each file stands one that says whose it is.
 *
 * <p>Everyone who can write such a file can lift its limits, and approve calls. So a file, or the directory, that is
 * another user's, a link, or open to others is refused, and not put right: what is in it is not to be trusted.
 */
final class StateHome {

    private static final String SUFFIX = ".db";
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");
    private static final int LONGEST = 1 << 16;

    private final PrivateDirectory directory;

    private StateHome(Path directory) {
        this.directory = new PrivateDirectory(directory);
    }

    /**
     * Finds the directory of this user: {@code $XDG_STATE_HOME/interlock}, or {@code ~/.local/state/interlock}. A
     * variable that is no absolute path counts as not set, as its specification says.
     */
    static StateHome of(Map<String, String> environment) {
        String named = environment.getOrDefault("XDG_STATE_HOME", "");
        Path home = Path.of(named).isAbsolute()
                ? Path.of(named)
                : Path.of(System.getProperty("user.home"), ".local", "state");
        return new StateHome(home.resolve("interlock"));
    }

    /**
     * The state of the proxies of one policy.
     *
     * @param file the file of SQLite
     * @param policy the policy's real path; null if it is not on record
     * @param server what the proxies were told of the server's name; null for nothing
     */
    record Kept(
            Path file, @Nullable String policy, @Nullable String server) {

        boolean exists() {
            return Files.exists(file, LinkOption.NOFOLLOW_LINKS);
        }
    }

    /**
     * The state for a policy, whether it exists or not.
     *
     * @throws CliException if there is no such policy
     */
    Kept of(String policy, @Nullable String server) {
        Path real;
        try {
            real = InputFile.pathOf(policy).toRealPath();
        } catch (IOException e) {
            throw new CliException(InputFile.reason(policy, e));
        }
        return new Kept(directory.path().resolve(name(real.toString(), server) + SUFFIX), real.toString(), server);
    }

    /** The state of all proxies of this user, in the order of their policies. */
    List<Kept> all() {
        return directory.list(SUFFIX).stream()
                .map(StateHome::recorded)
                .sorted(Comparator.comparing(kept -> kept.policy() + "\n" + kept.server()))
                .toList();
    }

    /**
     * Creates what is not there yet, so that only this user can read it.
     *
     * @throws CliException if that can't be done, or if what is there is not this user's alone
     */
    void make(Kept kept) {
        directory.make();
        try {
            Files.createFile(kept.file(), PosixFilePermissions.asFileAttribute(OWNER_ONLY));
        } catch (FileAlreadyExistsException e) {
            // Checked below.
        } catch (IOException | UnsupportedOperationException e) {
            throw new CliException(kept.file() + " can't be made for this user alone: " + e);
        }
        check(kept.file());
        describe(kept);
    }

    /**
     * Refuses a file that others could have written.
     *
     * @throws CliException if it is not this user's alone
     */
    void check(Path file) {
        try {
            PosixFileAttributes attributes =
                    Files.readAttributes(file, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            if (!attributes.isRegularFile()
                    || !attributes.owner().getName().equals(System.getProperty("user.name"))
                    || !attributes.permissions().equals(OWNER_ONLY)) {
                throw new CliException(
                        file + " must be a file of this user's that no one else may read or write (rw-------), is "
                                + PosixFilePermissions.toString(attributes.permissions()) + " of "
                                + attributes.owner().getName());
            }
        } catch (IOException | UnsupportedOperationException e) {
            throw new CliException("it can't be told whether " + file + " is this user's alone: " + e);
        }
    }

    /** Says beside a file whose state it is, for people: its name is a hash. */
    private void describe(Kept kept) {
        Path beside = beside(kept.file());
        if (Files.exists(beside, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        String text = new Json()
                .put("policy", kept.policy())
                .maybe("server", kept.server())
                .toString();
        try {
            Path written = Files.createTempFile(
                    directory.path(), "new", ".json", PosixFilePermissions.asFileAttribute(OWNER_ONLY));
            Files.writeString(written, text + "\n");
            Files.move(written, beside, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new CliException(beside + " can't be written: " + e);
        }
    }

    private static Kept recorded(Path file) {
        try {
            Path beside = beside(file);
            if (Files.isRegularFile(beside, LinkOption.NOFOLLOW_LINKS)
                    && Files.size(beside) < LONGEST
                    && JsonText.read(Files.readString(beside), beside.toString()) instanceof ObjectValue said) {
                String policy = said.text("policy");
                String server = said.text("server");
                if (policy != null && file.getFileName().toString().equals(name(policy, server) + SUFFIX)) {
                    return new Kept(file, policy, server);
                }
            }
        } catch (IOException | CliException e) {
            // The file is shown under its own name.
        }
        return new Kept(file, null, null);
    }

    private static Path beside(Path file) {
        String name = file.getFileName().toString();
        return file.resolveSibling(name.substring(0, name.length() - SUFFIX.length()) + ".json");
    }

    private static String name(String policy, @Nullable String server) {
        Map<String, Value> named = new LinkedHashMap<>();
        named.put("policy", new Value.Text(policy));
        if (server != null) {
            named.put("server", new Value.Text(server));
        }
        return CanonicalJson.digest(ObjectValue.of(named));
    }
}
