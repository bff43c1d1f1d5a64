package dev.interlock.policy;

import org.jspecify.annotations.Nullable;

/**
 * A named counter over a window: {@code state} in a rule. Its limit, if it has one, is an {@code lt} or {@code lte}
 * condition on its value in the same rule.
 *
 * @param name the counter's name within its entry
 * @param window the window, aligned to the calendar
 * @param increment how much a call counts if {@code incrementFrom} is null
 * @param incrementFrom the argument that holds how much a call counts, or null
 * @param charge when an amount is given back
 */
public record Counter(
        String name,
        Window window,
        Amount increment,
        @Nullable Path incrementFrom,
        ChargeMode charge) {

    /** Refuses a blank name and a path that isn't an argument. */
    public Counter {
        requireName(name);
        requireArgument(incrementFrom);
    }

    static void requireName(String name) {
        if (name.isBlank()) {
            throw new IllegalArgumentException("a counter needs a name");
        }
    }

    static void requireArgument(@Nullable Path path) {
        if (path != null && path.root() != Path.Root.ARGS) {
            throw new IllegalArgumentException("an amount is read from an argument (args.<name>), not from " + path);
        }
        if (path != null && path.steps().stream().anyMatch(Path.Step.Every.class::isInstance)) {
            throw new IllegalArgumentException("an amount is read from one argument, and '[*]' means many: " + path);
        }
    }
}
