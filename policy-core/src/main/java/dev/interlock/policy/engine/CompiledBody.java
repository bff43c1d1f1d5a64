package dev.interlock.policy.engine;

import dev.interlock.policy.EntrySelection;
import dev.interlock.policy.EntrySelection.KeyKind;
import dev.interlock.policy.EntrySelection.Selected;
import dev.interlock.policy.Path;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.text.NamePattern;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The body of a policy, a grant or a server, with a prefix that separates its counters from those of other bodies.
 *
 * @param prefix how the names of its limits begin
 * @param selection which of its entries apply to a tool
 * @param outer the enclosing body, whose counters its conditions may read too; null for the policy's own body
 *     and for those of servers
 * @param server the server that is called, if this is the body of a server; otherwise null
 */
record CompiledBody(
        String prefix,
        EntrySelection selection,
        @Nullable CompiledBody outer,
        @Nullable String server) {

    CompiledBody(String prefix, EntrySelection selection, @Nullable CompiledBody outer) {
        this(prefix, selection, outer, null);
    }

    /** The same body of a server, for calls to the server of this name. */
    CompiledBody on(String name) {
        return new CompiledBody(prefix, selection, outer, name);
    }

    PolicyBody body() {
        return selection.body();
    }

    /** The path of one of the body's keys in the document. */
    String path(String key) {
        return prefix + key;
    }

    /** The same entries, with this body. */
    List<CompiledEntry> compiled(List<Selected> entries) {
        return entries.stream().map(entry -> new CompiledEntry(this, entry)).toList();
    }

    /**
     * The counter of a tool's own entry, or of one for every tool, that a path names.
     *
     * @param tool the tool that is called: an entry for every tool may count each apart
     */
    Optional<CounterReference> counter(Path path, String tool) {
        String owner = path.member(0);
        String counter = path.member(1);
        Optional<CounterReference> found = owner.equals("_global")
                ? compiled(selection.global()).stream()
                        .flatMap(entry -> entry.ownCounter(counter, tool).stream())
                        .findFirst()
                : Optional.ofNullable(body().tools().get(named(owner)))
                        .flatMap(entry -> new CompiledEntry(this, new Selected(KeyKind.TOOL, owner, entry))
                                .ownCounter(counter, owner));
        return found.isPresent() || outer == null ? found : outer.counter(path, tool);
    }

    private static @Nullable NamePattern named(String name) {
        NamePattern pattern = name.isBlank() ? null : new NamePattern(name);
        return pattern != null && pattern.isExact() ? pattern : null;
    }
}
