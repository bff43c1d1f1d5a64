package dev.interlock.policy.cli.readme;

import dev.interlock.policy.mcp.ModernClients;
import java.util.Collection;
import java.util.List;

/** The Java of the page on integrations that looks for clients without a guard, between the markers. */
final class FindUnguardedClients {

    private FindUnguardedClients() {}

    static void check(Collection<?> beans) {
        // begin
        List<String> unguarded = ModernClients.unguarded(beans);
        if (!unguarded.isEmpty()) {
            throw new IllegalStateException("no policy decides the calls of " + unguarded);
        }
        // end
    }
}
