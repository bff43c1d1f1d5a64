package dev.interlock.policy.review;

import dev.interlock.policy.EntrySelection;
import dev.interlock.policy.EntrySelection.Selected;
import dev.interlock.policy.ListedNames;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.text.LookAlikes;
import dev.interlock.policy.text.VisibleText;
import java.util.ArrayList;
import java.util.List;
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
        Layer outer = Layer.of(policy.body(), tool);
        Optional<String> denial = defect(names, tool.name()).or(outer::denial);
        if (policy.grants().isEmpty()) {
            return List.of(new CallScenario(tool, outer.entries(), List.of(), denial));
        }
        List<CallScenario> situations = new ArrayList<>();
        for (PolicyBody grant : policy.grants().get().values()) {
            Layer inner = Layer.of(grant, tool);
            List<Selected> entries = new ArrayList<>(outer.entries());
            entries.addAll(inner.entries());
            situations.add(new CallScenario(tool, entries, inner.entries(), denial.or(inner::denial)));
        }
        return situations;
    }

    /**
     * A body, with the body of the tool's server in it.
     *
     * @param entries the entries of both that are checked, in order
     * @param denial why every call is denied before any of these is checked; empty if it is not
     */
    private record Layer(List<Selected> entries, Optional<String> denial) {

        static Layer of(PolicyBody body, OfferedTool tool) {
            if (body.servers().isPresent() && tool.server() == null) {
                return new Layer(List.of(), Optional.of("the policy decides by server, and this one has no name"));
            }
            EntrySelection outer = new EntrySelection(body);
            EntrySelection server = ServerBodies.of(body, tool.server())
                    .map(EntrySelection::new)
                    .orElse(null);
            List<Selected> entries = applying(outer, tool);
            if (server == null) {
                return new Layer(entries, CallScenario.denial(outer, entries, false, tool));
            }
            List<Selected> inner = applying(server, tool);
            boolean listed = server.lists(tool.name(), tool.rating());
            Optional<String> denial = CallScenario.denial(outer, entries, listed, tool)
                    .or(() -> CallScenario.denial(server, inner, false, tool));
            List<Selected> all = new ArrayList<>(entries);
            all.addAll(inner);
            return new Layer(all, denial);
        }
    }

    private static List<Selected> applying(EntrySelection body, OfferedTool tool) {
        List<Selected> entries = new ArrayList<>(body.naming(tool.name(), tool.rating()));
        entries.addAll(body.global());
        return entries;
    }

    /**
     * Why a body denies every call before any of its entries is checked; empty if it does not.
     *
     * @param listed whether the tool is listed elsewhere for the body
     */
    private static Optional<String> denial(
            EntrySelection body, List<Selected> entries, boolean listed, OfferedTool tool) {
        if (body.hides(tool.name())
                || entries.stream().anyMatch(each -> each.entry().hide())) {
            return Optional.of("the tool is hidden");
        }
        return body.body().posture() == Posture.DENY && !listed && !body.lists(tool.name(), tool.rating())
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
