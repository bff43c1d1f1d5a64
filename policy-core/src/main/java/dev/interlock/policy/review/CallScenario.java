package dev.interlock.policy.review;

import dev.interlock.policy.EntrySelection;
import dev.interlock.policy.EntrySelection.Selected;
import dev.interlock.policy.ListedNames;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.text.LookAlikes;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.text.VisibleText;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One tool, called by callers with one grant, or by any caller if there are no grants.
 *
 * @param tool the tool
 * @param entries the entries that are checked, in order
 * @param granted the entries among them that stand in the grant
 * @param denial why every call is denied before any entry is checked; empty if it is not
 */
record CallScenario(OfferedTool tool, List<Selected> entries, List<Selected> granted, Optional<String> denial) {

    /** Every scenario in which a tool can be called. */
    static List<CallScenario> of(Policy policy, OfferedTool tool, ListedNames names) {
        EntrySelection body = new EntrySelection(policy.body());
        List<Selected> outer = applying(body, tool);
        Optional<String> denial = defect(names, tool.name()).or(() -> denial(body, outer, tool));
        if (policy.grants().isEmpty()) {
            return List.of(new CallScenario(tool, outer, List.of(), denial));
        }
        List<CallScenario> situations = new ArrayList<>();
        for (Map.Entry<NamePattern, PolicyBody> grant : policy.grants().get().entrySet()) {
            EntrySelection inner = new EntrySelection(grant.getValue());
            List<Selected> granted = applying(inner, tool);
            List<Selected> entries = new ArrayList<>(outer);
            entries.addAll(granted);
            Optional<String> why = denial.or(() -> denial(inner, granted, tool));
            situations.add(new CallScenario(tool, entries, granted, why));
        }
        return situations;
    }

    private static List<Selected> applying(EntrySelection body, OfferedTool tool) {
        List<Selected> entries = new ArrayList<>(body.naming(tool.name(), tool.rating()));
        entries.addAll(body.global());
        return entries;
    }

    /** Why a body denies every call before any of its entries is checked; empty if it does not. */
    private static Optional<String> denial(EntrySelection body, List<Selected> entries, OfferedTool tool) {
        if (body.hides(tool.name())
                || entries.stream().anyMatch(each -> each.entry().hide())) {
            return Optional.of("the tool is hidden");
        }
        return body.body().posture() == Posture.DENY
                        && body.naming(tool.name(), tool.rating()).isEmpty()
                ? Optional.of("the tool is not listed")
                : Optional.empty();
    }

    /** Why every call to a tool with this name is denied; empty if it is not. */
    private static Optional<String> defect(ListedNames names, String tool) {
        String defect = LookAlikes.defect(tool);
        if (defect != null) {
            return Optional.of("the tool's name " + defect);
        }
        return Optional.ofNullable(names.passedFor(tool))
                .map(listed -> "the tool's name looks like "
                        + VisibleText.quoted(listed.pattern().text()));
    }
}
