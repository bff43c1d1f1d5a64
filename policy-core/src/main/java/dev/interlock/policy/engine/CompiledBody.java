package dev.interlock.policy.engine;

import dev.interlock.policy.Entry;
import dev.interlock.policy.Path;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.RiskSelector;
import dev.interlock.policy.engine.CompiledEntry.Kind;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.tool.ToolCategory;
import dev.interlock.policy.tool.ToolRating;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The body of a policy or a grant, with a prefix that separates its counters from those of other bodies.
 *
 * @param prefix how the names of its limits begin
 * @param body the body
 * @param outer the enclosing body, whose counters its conditions may read too; null for the policy's own body
 * @param globs the entries under globs of tools, in order; unlike entries under names, they are tested for every tool
 */
record CompiledBody(
        String prefix, PolicyBody body, @Nullable CompiledBody outer, List<Map.Entry<NamePattern, Entry>> globs) {

    static CompiledBody of(String prefix, PolicyBody body, @Nullable CompiledBody outer) {
        List<Map.Entry<NamePattern, Entry>> globs = new ArrayList<>();
        for (Map.Entry<NamePattern, Entry> entry : body.tools().entrySet()) {
            if (!entry.getKey().isExact()) {
                globs.add(entry);
            }
        }
        return new CompiledBody(prefix, body, outer, globs);
    }

    /** The path of one of the body's keys in the document. */
    String path(String key) {
        return prefix + key;
    }

    /** Whether the tool is hidden here. */
    boolean hides(String tool) {
        for (NamePattern pattern : body.hide()) {
            if (pattern.matches(tool)) {
                return true;
            }
        }
        return false;
    }

    /** The entries that name the tool, its category or its risk, in the order in which they are checked. */
    List<CompiledEntry> naming(String tool, ToolRating rating) {
        List<CompiledEntry> entries = new ArrayList<>();
        Entry exact = body.tool(tool);
        if (exact != null && new NamePattern(tool).isExact()) {
            entries.add(new CompiledEntry(this, Kind.TOOL, tool, exact));
        }
        for (Map.Entry<NamePattern, Entry> glob : globs) {
            if (glob.getKey().matches(tool)) {
                entries.add(new CompiledEntry(this, Kind.GLOB, glob.getKey().text(), glob.getValue()));
            }
        }
        Entry category = body.categories().get(rating.category());
        if (category != null) {
            entries.add(new CompiledEntry(this, Kind.CATEGORY, rating.category().text(), category));
        }
        for (Map.Entry<RiskSelector, Entry> risk : body.risks().entrySet()) {
            if (risk.getKey().matches(rating.risk())) {
                entries.add(new CompiledEntry(this, Kind.RISK, risk.getKey().text(), risk.getValue()));
            }
        }
        return entries;
    }

    /** The entries for every tool. */
    List<CompiledEntry> global() {
        List<CompiledEntry> entries = new ArrayList<>();
        if (body.star().isPresent()) {
            entries.add(new CompiledEntry(this, Kind.STAR, "*", body.star().get()));
        }
        if (body.allTools().isPresent()) {
            entries.add(
                    new CompiledEntry(this, Kind.ALL_TOOLS, "", body.allTools().get()));
        }
        return entries;
    }

    /** Every entry of the body. */
    List<CompiledEntry> all() {
        List<CompiledEntry> entries = new ArrayList<>();
        for (Map.Entry<NamePattern, Entry> tool : body.tools().entrySet()) {
            NamePattern pattern = tool.getKey();
            entries.add(new CompiledEntry(
                    this, pattern.isExact() ? Kind.TOOL : Kind.GLOB, pattern.text(), tool.getValue()));
        }
        for (Map.Entry<ToolCategory, Entry> category : body.categories().entrySet()) {
            entries.add(new CompiledEntry(this, Kind.CATEGORY, category.getKey().text(), category.getValue()));
        }
        for (Map.Entry<RiskSelector, Entry> risk : body.risks().entrySet()) {
            entries.add(new CompiledEntry(this, Kind.RISK, risk.getKey().text(), risk.getValue()));
        }
        entries.addAll(global());
        return entries;
    }

    /** The counter of a tool's own entry, or of one for every tool, that a path names. */
    Optional<CounterReference> counter(Path path) {
        String owner = path.member(0);
        String counter = path.member(1);
        Optional<CounterReference> found = owner.equals("_global")
                ? global().stream()
                        .flatMap(entry -> entry.ownCounter(counter, owner).stream())
                        .findFirst()
                : Optional.ofNullable(body.tools().get(named(owner)))
                        .flatMap(entry -> new CompiledEntry(this, Kind.TOOL, owner, entry).ownCounter(counter, owner));
        return found.isPresent() || outer == null ? found : outer.counter(path);
    }

    private static @Nullable NamePattern named(String name) {
        NamePattern pattern = name.isBlank() ? null : new NamePattern(name);
        return pattern != null && pattern.isExact() ? pattern : null;
    }

    /** How the names of a grant's limits begin. */
    static String grantPrefix(Map.Entry<NamePattern, PolicyBody> grant) {
        // Dots are encoded: otherwise a grant's name could end the way a tool's entry begins.
        return "grants." + CompiledEntry.encode(grant.getKey().text()).replace(".", "%2e") + ".";
    }
}
