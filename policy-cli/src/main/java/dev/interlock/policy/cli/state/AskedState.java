package dev.interlock.policy.cli.state;

import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.state.StateHome.Kept;
import dev.interlock.policy.state.StateStore;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The state that a command looks at if it is told to. Without, it begins with none. */
public final class AskedState {

    @Mixin
    private StoreOption store = new StoreOption();

    @Option(
            names = "--kept",
            description = "As limits and marks stand where proxies of this policy keep them by default: those with the"
                    + " same --server.")
    private boolean kept;

    /**
     * Returns whether there is state to look at.
     *
     * @throws CliException if what is named makes no sense
     */
    public boolean isGiven() {
        StoreAddress address = store.address();
        if (kept && address != null) {
            throw new CliException("give either --kept or a store");
        }
        return kept || (address != null && !(address instanceof StoreAddress.Memory));
    }

    /**
     * Does something with the state, which is opened for it.
     *
     * @param policy the policy's file
     * @param server what the policy calls the server; null if that isn't said
     * @throws CliException if the store isn't there or can't be asked
     */
    public <T> T with(String policy, @Nullable String server, Function<StateStore, T> work) {
        StoreAddress named = store.address();
        StoreAddress address = named == null ? ofProxies(policy, server) : named;
        return store.look(named == null ? policy : store.source(), address, work);
    }

    private static StoreAddress ofProxies(String policy, @Nullable String server) {
        StateHome home = StateHome.of(System.getenv());
        Kept found = home.of(policy, server);
        if (!found.exists()) {
            throw new CliException("no proxy has kept state of " + policy
                    + (server == null ? " without --server" : " with --server " + server));
        }
        home.check(found.file());
        return new StoreAddress.SqliteFile(found.file());
    }
}
