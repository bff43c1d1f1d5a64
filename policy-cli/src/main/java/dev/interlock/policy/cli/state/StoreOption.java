package dev.interlock.policy.cli.state;

import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.SecretFile;
import dev.interlock.policy.limit.UnavailableException;
import dev.interlock.policy.state.StateStore;
import java.time.Duration;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Names a store: {@code --state}, {@code --state-file} or the variable. Messages never contain a password. */
final class StoreOption {

    /** A person can wait longer for a store than a call. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @Option(
            names = "--state",
            paramLabel = "STORE",
            description = "Where counts, marks, tickets and a suspension are kept: none, a file of SQLite,"
                    + " jdbc:postgresql://host/database, redis://host:6379, rediss://user:password@host:6380,"
                    + " redis-sentinel://host1,host2#master. Others can see a command line; an address with a password"
                    + " is safe in --state-file.")
    private @Nullable String state;

    @Option(
            names = "--state-file",
            paramLabel = "FILE",
            description = "The same, with the store's address in this file, which only you may be able to read (chmod"
                    + " 600). " + StateOptions.VARIABLE + " in the environment is another way, but a server that a"
                    + " proxy starts can read the proxy's environment on many systems if it runs as the same user.")
    private @Nullable String file;

    @Option(
            names = "--state-prefix",
            paramLabel = "PREFIX",
            description = "What the names of all keys in Redis begin with; who uses the same one shares state. Default:"
                    + " interlock.")
    private @Nullable String prefix;

    /**
     * Returns the address of the store; null if none is named.
     *
     * @throws CliException if it can't be read
     */
    @Nullable
    StoreAddress address() {
        if (state != null && file != null) {
            throw new CliException("give either --state or --state-file");
        }
        String named = named();
        return named == null || named.isEmpty() ? null : StoreAddress.read(named, source());
    }

    private @Nullable String named() {
        if (file == null) {
            return state != null ? state : System.getenv(StateOptions.VARIABLE);
        }
        String text = SecretFile.read(file, "--state-file").strip();
        if (text.isEmpty()) {
            throw new CliException("--state-file " + file + ": there is no address in it");
        }
        return text;
    }

    /**
     * Does something with a store that is opened for a person.
     *
     * @param from where the store is named, for messages
     * @throws CliException if the store isn't there, or can't be opened or asked
     */
    <T> T look(String from, StoreAddress at, Function<StateStore, T> work) {
        StoreOpening opening = new StoreOpening(from, prefix, null, PATIENCE, problem -> {});
        try (OpenState open = opening.existing(at)) {
            return work.apply(open.store());
        } catch (UnavailableException e) {
            throw new CliException(from + ": the store can't be asked: " + StoreOpening.message(e));
        }
    }

    /** Where the store is named, for a message. */
    String source() {
        return file != null ? "--state-file " + file : state != null ? "--state" : StateOptions.VARIABLE;
    }

    /** What the names of keys in Redis begin with; null for the default. */
    @Nullable
    String prefix() {
        return prefix;
    }
}
