package dev.interlock.policy;

import dev.interlock.policy.text.LookAlikes;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.text.Skeleton;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The names and globs that a policy and its grants list, and the names that look like them. Immutable. */
public final class ListedNames {

    private final Set<String> names = new HashSet<>();
    private final Map<String, Listed> bySkeleton = new HashMap<>();
    private final Map<String, List<Listed>> globsBySkeleton = new LinkedHashMap<>();

    /** Collects what a policy lists. */
    public ListedNames(Policy policy) {
        add("", policy.body());
        policy.grants()
                .ifPresent(grants -> grants.forEach((grant, body) -> add(EntrySelection.grantPrefix(grant), body)));
    }

    /**
     * A name or glob in a policy.
     *
     * @param pattern the name or glob
     * @param place where it is listed
     */
    public record Listed(NamePattern pattern, Place place) {}

    private void add(String prefix, PolicyBody body) {
        body.tools().forEach((pattern, entry) -> add(new Listed(pattern, entry.place())));
        body.hide().forEach(pattern -> add(new Listed(pattern, Place.of(prefix + "hide"))));
        body.servers()
                .ifPresent(servers ->
                        servers.forEach((server, inner) -> add(EntrySelection.serverPrefix(prefix, server), inner)));
    }

    private void add(Listed listed) {
        NamePattern pattern = listed.pattern;
        String skeleton = Skeleton.of(pattern.text());
        if (pattern.isExact()) {
            names.add(pattern.text());
            bySkeleton.putIfAbsent(skeleton, listed);
        } else if (!pattern.equals(NamePattern.ANY)) {
            globsBySkeleton.computeIfAbsent(skeleton, key -> new ArrayList<>()).add(listed);
        }
    }

    /** Returns whether the policy lists exactly this name. */
    public boolean lists(String tool) {
        return names.contains(tool);
    }

    /** Returns what the policy lists that a name looks like but does not match; null if there is nothing. */
    public @Nullable Listed passedFor(String tool) {
        if (names.contains(tool)) {
            return null;
        }
        Listed listed = bySkeleton.get(Skeleton.of(tool));
        if (listed != null) {
            return listed;
        }
        for (List<Listed> globs : globsBySkeleton.values()) {
            // Two globs may look alike. A name that one of them matches is not a look-alike of the other.
            if (globs.stream().anyMatch(glob -> LookAlikes.passesFor(tool, glob.pattern))
                    && globs.stream().noneMatch(glob -> glob.pattern.matches(tool))) {
                return globs.get(0);
            }
        }
        return null;
    }
}
