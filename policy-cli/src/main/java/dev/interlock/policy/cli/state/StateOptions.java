package dev.interlock.policy.cli.state;

import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.limit.remote.FailureMode;
import dev.interlock.policy.state.StateStore;
import dev.interlock.policy.state.SuspensionStore;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Where a proxy keeps state, and what it does while it can't. */
public final class StateOptions {

    /** Names a store as {@code --state} does, but hidden from users who can list processes. */
    public static final String VARIABLE = "INTERLOCK_STATE";

    @Mixin
    private StoreOption store = new StoreOption();

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
            description = "How many milliseconds a call waits for the store. Default: 50 for Redis, 2000 for a"
                    + " database.")
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
     * Opens the store that is named, or the one that the proxies of a policy share by default. A store on another
     * machine that can't be reached is reported, but is not an error: {@code --state-down} decides what happens to
     * calls.
     *
     * @param policy the policy's file
     * @param server what the policy calls the server; null if the proxy wasn't told
     * @param tell takes a line for people
     * @throws CliException if an option makes no sense, or a file can't be opened
     */
    public OpenState open(String policy, @Nullable String server, Consumer<String> tell) {
        StoreAddress address = store.address();
        if (address == null) {
            return openDefault(policy, server, tell);
        }
        if (address instanceof StoreAddress.Memory) {
            if (store.prefix() != null || down != null || timeout != null) {
                throw new CliException("--state-prefix, --state-down and --state-timeout need a store, not none");
            }
            return OpenState.inMemory();
        }
        return opening(store.source(), tell).open(address);
    }

    /**
     * Returns what says whether a proxy's calls are suspended. If calls are to go on while the store can't be asked,
     * they are suspended then if they were before; otherwise always.
     */
    public SuspensionStore suspension(StateStore store) {
        return down == null || down instanceof FailureMode.Closed
                ? store.suspensionStore()
                : new LastKnownSuspension(store.suspensionStore());
    }

    private OpenState openDefault(String policy, @Nullable String server, Consumer<String> tell) {
        StateHome home = StateHome.of(System.getenv());
        StateHome.Kept kept = home.of(policy, server);
        try {
            home.make(kept);
            return opening(kept.file().toString(), tell).open(new StoreAddress.SqliteFile(kept.file()));
        } catch (CliException e) {
            throw new CliException(e.text() + "; without state that lasts, limits, marks and approvals begin anew with"
                    + " each start: --state none says that this is meant, --state FILE names another file");
        }
    }

    private StoreOpening opening(String source, Consumer<String> tell) {
        return new StoreOpening(
                source, store.prefix(), down, timeout == null ? null : Duration.ofMillis(timeout), tell);
    }
}
