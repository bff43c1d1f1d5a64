package dev.interlock.policy.review;

import dev.interlock.policy.Entry;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.tool.ToolRating;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a body of a policy says about one tool.
 *
 * @param naming the entries that name the tool, its category or its risk, in the order of checking
 * @param global the entries for every tool
 * @param denial why the body denies every call to the tool before it looks at the entries; empty if it does not
 */
record Applied(List<Entry> naming, List<Entry> global, Optional<String> denial) {

    static Applied of(PolicyBody body, String tool, ToolRating rating) {
        List<Entry> naming = new ArrayList<>();
        Entry exact = tool.isBlank() || !new NamePattern(tool).isExact() ? null : body.tool(tool);
        if (exact != null) {
            naming.add(exact);
        }
        body.tools().forEach((pattern, entry) -> {
            if (!pattern.isExact() && pattern.matches(tool)) {
                naming.add(entry);
            }
        });
        Entry category = body.categories().get(rating.category());
        if (category != null) {
            naming.add(category);
        }
        body.risks().forEach((selector, entry) -> {
            if (selector.matches(rating.risk())) {
                naming.add(entry);
            }
        });
        List<Entry> global =
                Stream.concat(body.star().stream(), body.allTools().stream()).toList();
        return new Applied(naming, global, denial(body, tool, naming, global));
    }

    private static Optional<String> denial(PolicyBody body, String tool, List<Entry> naming, List<Entry> global) {
        boolean hidden = body.hide().stream().anyMatch(pattern -> pattern.matches(tool))
                || Stream.concat(naming.stream(), global.stream()).anyMatch(Entry::hide);
        if (hidden) {
            return Optional.of("the tool is hidden");
        }
        return naming.isEmpty() && body.posture() == Posture.DENY
                ? Optional.of("the tool is not listed")
                : Optional.empty();
    }

    List<Entry> entries() {
        return Stream.concat(naming.stream(), global.stream()).toList();
    }
}
