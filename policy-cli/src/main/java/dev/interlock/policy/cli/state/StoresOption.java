package dev.interlock.policy.cli.state;

import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.InputFile;
import dev.interlock.policy.cli.io.Printable;
import dev.interlock.policy.cli.state.StateHome.Kept;
import dev.interlock.policy.state.StateStore;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Which stores a command looks at: the one that is named, that of the proxies of a policy, or those of all proxies of
 * this user that keep state where they do by default.
 */
public final class StoresOption {

    @Mixin
    private StoreOption store = new StoreOption();

    @Option(
            names = "--policy",
            paramLabel = "FILE",
            description = "The policy whose proxies keep the state, where they do by default. Default: all policies.")
    private @Nullable String policy;

    @Option(
            names = "--server",
            paramLabel = "NAME",
            description = "What these proxies were told with --server. Without it, those that were told nothing.")
    private @Nullable String server;

    /**
     * A store that can be opened.
     *
     * @param title what people know it by; empty for the one that they have named
     * @param address where it is
     * @param policy the file of the policy whose state it is; null if that is not known
     */
    public record Named(
            String title,
            String source,
            StoreAddress address,
            @Nullable String policy) {}

    /** Whether the command line or the environment names a store or a policy. */
    public boolean isGiven() {
        return policy != null || store.address() != null;
    }

    /**
     * The limits of the policy that is named, or of the one whose state a store keeps as it is now. Null if there is
     * none, or if the one that was not named can't be read any more.
     *
     * @throws CliException if the policy that is named can't be read
     */
    @Nullable
    PolicyLimits limits(Named named) {
        if (policy != null) {
            return new PolicyLimits(InputFile.read(policy).policy());
        }
        try {
            return named.policy() == null
                    ? null
                    : new PolicyLimits(InputFile.read(named.policy()).policy());
        } catch (CliException e) {
            return null;
        }
    }

    /**
     * The stores, in a stable order. Empty only if no store is named, and no proxy of this user keeps state where it
     * does by default.
     *
     * @throws CliException if what is named makes no sense or is not there
     */
    public List<Named> stores() {
        StoreAddress address = store.address();
        if (server != null && policy == null) {
            throw new CliException("--server needs --policy FILE");
        }
        if (address != null) {
            if (address instanceof StoreAddress.Memory) {
                throw new CliException("--state none keeps nothing that outlives a process");
            }
            return List.of(new Named("", store.source(), address, null));
        }
        if (store.prefix() != null) {
            throw new CliException("--state-prefix needs --state redis://…");
        }
        StateHome home = StateHome.of(System.getenv());
        if (policy == null) {
            return home.all().stream().map(kept -> named(home, kept)).toList();
        }
        Kept kept = home.of(policy, server);
        if (!kept.exists()) {
            throw new CliException("no proxy has kept state of " + policy
                    + (server == null ? " without --server" : " with --server " + server) + servers(home, kept)
                    + "; a proxy that was started with --state keeps it there");
        }
        return List.of(named(home, kept));
    }

    /**
     * The same, for what can't be done without one.
     *
     * @throws CliException if there is none, or what is named makes no sense or is not there
     */
    List<Named> someStores() {
        List<Named> some = stores();
        if (some.isEmpty()) {
            throw new CliException("no proxy has kept state; name the store with --state");
        }
        return some;
    }

    private static String servers(StateHome home, Kept missing) {
        List<String> known = home.all().stream()
                .filter(kept -> String.valueOf(missing.policy()).equals(kept.policy()))
                .map(kept -> kept.server() == null ? "without --server" : "with --server " + kept.server())
                .toList();
        return known.isEmpty() ? "" : ", but " + String.join(" and ", known);
    }

    private static Named named(StateHome home, Kept kept) {
        home.check(kept.file());
        String title = kept.policy() == null
                ? kept.file().toString()
                : kept.policy() + (kept.server() == null ? "" : ", server " + kept.server());
        return new Named(title, kept.file().toString(), new StoreAddress.SqliteFile(kept.file()), kept.policy());
    }

    /**
     * Does something with a store that is opened for it.
     *
     * @throws CliException if the store can't be opened or asked
     */
    public <T> T with(Named named, Function<StateStore, T> work) {
        return store.look(named.source(), named.address(), work);
    }

    /** A title for people, before what is shown of the store. Empty for one that they have named. */
    public static String heading(Named named) {
        return named.title().isEmpty() ? "" : Printable.of(named.title()) + "\n";
    }
}
