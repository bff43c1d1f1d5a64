package dev.interlock.policy.cli.state;

import java.util.function.Consumer;

/** A store that is named in one word, for commands that need no other options of it. */
public final class NamedState {

    private NamedState() {}

    /**
     * Opens a store as {@code --state} names it. A file is made if there is none.
     *
     * @param tell takes a line for people
     * @throws dev.interlock.policy.cli.io.CliException if the address can't be read, or a file can't be opened
     */
    public static OpenState open(String address, Consumer<String> tell) {
        StoreAddress store = StoreAddress.read(address, "--state");
        return store instanceof StoreAddress.Memory
                ? OpenState.inMemory()
                : new StoreOpening("--state", null, null, null, tell).open(store);
    }
}
