package dev.interlock.policy.cli.io;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option {@code --by}. */
public final class PersonOption {

    @Option(
            names = "--by",
            paramLabel = "NAME",
            description = "A name for the record, beside that of the system's user, which is always in it.")
    private @Nullable String by;

    /** Returns the name that is given; null if none is. */
    public @Nullable String said() {
        return by;
    }
}
