package dev.interlock.policy.cli.state;

import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.SecretFile;
import dev.interlock.policy.limit.remote.FailureMode;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The option {@code --state} and those that belong to it. Its messages never contain a password. */
public final class StateOptions {

    /** Names a store as {@code --state} does, but hidden from users who can list processes. */
    public static final String VARIABLE = "INTERLOCK_STATE";

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
                    + " 600). " + VARIABLE + " in the environment is another way, but a server that the proxy starts"
                    + " can read the proxy's environment on many systems if it runs as the same user.")
    private @Nullable String file;

    @Option(
            names = "--state-prefix",
            paramLabel = "PREFIX",
            description = "What the names of all keys in Redis begin with; who uses the same one shares state. Default:"
                    + " interlock.")
    private @Nullable String prefix;

    @Option(
            names = "--state-down",
            paramLabel = "closed|open|local:F",
            converter = Mode.class,
            description = "What becomes of calls with a limit while the store can't be asked: they are denied, go ahead"
                    + " uncounted, or are counted here by a fraction F of each limit. Default: closed.")
    private @Nullable FailureMode down;

    @Option(
            names = "--state-timeout",
            paramLabel = "MS",
            description = "How many milliseconds a call waits for the store. Default: 50 for Redis.")
    private @Nullable Integer timeout;

    /** Reads {@code --state-down}. */
    static final class Mode implements ITypeConverter<FailureMode> {

        @Override
        public FailureMode convert(String text) {
            if (text.equals("closed")) {
                return FailureMode.closed();
            } else if (text.equals("open")) {
                return FailureMode.open();
            } else if (text.startsWith("local:")) {
                try {
                    return FailureMode.local(Double.parseDouble(text.substring("local:".length())));
                } catch (NumberFormatException e) {
                    throw new TypeConversionException("'" + text + "' has no number after local:, such as local:0.25");
                } catch (IllegalArgumentException e) {
                    throw new TypeConversionException("'" + text + "': " + e.getMessage());
                }
            }
            throw new TypeConversionException("'" + text + "' is none of closed, open and local:F, such as local:0.25");
        }
    }

    /**
     * Opens the store that is named; one in memory if none is. A store on another machine that can't be reached is
     * reported, but is not an error: {@code --state-down} decides what happens to calls.
     *
     * @param tell takes a line for people
     * @throws CliException if an option makes no sense, or a file can't be opened
     */
    public OpenState open(Consumer<String> tell) {
        StoreAddress address = address();
        if (address instanceof StoreAddress.RedisServer redis) {
            return RedisOpening.open(redis.uri(), this, tell);
        }
        if (address == null || address instanceof StoreAddress.Memory) {
            if (prefix != null || down != null || timeout != null) {
                throw new CliException("--state-prefix, --state-down and --state-timeout need --state STORE,"
                        + " --state-file FILE or " + VARIABLE);
            }
            return OpenState.inMemory();
        }
        throw new CliException(source() + ": this store is not known yet");
    }

    private @Nullable StoreAddress address() {
        if (state != null && file != null) {
            throw new CliException("give either --state or --state-file");
        }
        String named = named();
        return named == null || named.isEmpty() ? null : StoreAddress.read(named, source());
    }

    private @Nullable String named() {
        if (file == null) {
            return state != null ? state : System.getenv(VARIABLE);
        }
        String text = SecretFile.read(file, "--state-file").strip();
        if (text.isEmpty()) {
            throw new CliException("--state-file " + file + ": there is no address in it");
        }
        return text;
    }

    /** Where the store is named, for a message. */
    String source() {
        return file != null ? "--state-file " + file : state != null ? "--state" : VARIABLE;
    }

    @Nullable
    String prefix() {
        return prefix;
    }

    @Nullable
    FailureMode down() {
        return down;
    }

    @Nullable
    Duration timeout() {
        return timeout == null ? null : Duration.ofMillis(timeout);
    }
}
