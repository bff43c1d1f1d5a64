package dev.interlock.policy.review;

import dev.interlock.policy.Block;
import dev.interlock.policy.Entry;
import dev.interlock.policy.EntrySelection.Selected;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Place;
import dev.interlock.policy.Rule;
import dev.interlock.policy.Severity;
import dev.interlock.policy.review.Finding.Problem;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds what is never reached: rules of tools that are denied before any rule is checked, rules after one that denies
 * every call, and limits of such tools, because only calls that pass every check are counted.
 */
final class ReachReview {

    private final Findings findings;
    private final boolean enforced;
    private final Set<Place> exact;
    private final Map<Place, RuleReach> parts = new LinkedHashMap<>();

    /** A part of an entry, and what was found about it. */
    private static final class RuleReach {
        private final boolean limit;
        private final boolean denies;
        private final boolean exact;
        private final Set<String> tools = new LinkedHashSet<>();
        private boolean reached;
        private String reason = "";

        RuleReach(boolean limit, boolean denies, boolean exact) {
            this.limit = limit;
            this.denies = denies;
            this.exact = exact;
        }
    }

    /** @param exact where the entries stand that name one tool */
    ReachReview(Findings findings, Set<Place> exact, boolean enforced) {
        this.findings = findings;
        this.exact = exact;
        this.enforced = enforced;
    }

    /** Records what one scenario reaches. */
    void add(CallScenario situation) {
        Place denier = null;
        Place anyDenier = firstDenier(situation);
        for (Selected selected : situation.entries()) {
            Entry entry = selected.entry();
            boolean own = exact.contains(entry.place());
            for (Block block : entry.require()) {
                note(block.place(), situation, new RuleReach(false, false, own), denier);
            }
            for (Block block : entry.denyIf()) {
                note(block.place(), situation, new RuleReach(false, true, own), denier);
            }
            for (Block block : entry.askIf()) {
                note(block.place(), situation, new RuleReach(false, false, own), denier);
            }
            for (Rule rule : entry.rules()) {
                boolean denies = rule instanceof Rule.Deny;
                boolean limit = isLimit(rule);
                note(rule.place(), situation, new RuleReach(limit, denies, own), limit ? anyDenier : denier);
                if (denier == null && denies(rule)) {
                    denier = rule.place();
                }
            }
            for (Limit limit : entry.limits()) {
                // A limit that reads arguments also checks them, in the order of the checks.
                boolean counts = limit.incrementFrom() == null && limit.per().isEmpty();
                note(limit.place(), situation, new RuleReach(counts, false, own), counts ? anyDenier : denier);
            }
        }
    }

    private @Nullable Place firstDenier(CallScenario situation) {
        for (Selected selected : situation.entries()) {
            Entry entry = selected.entry();
            for (Rule rule : entry.rules()) {
                if (denies(rule)) {
                    return rule.place();
                }
            }
        }
        return null;
    }

    private boolean denies(Rule rule) {
        return enforced && rule instanceof Rule.Deny && rule.mode() == Mode.ENFORCE;
    }

    /** Whether a rule only counts calls and checks nothing else. */
    private static boolean isLimit(Rule rule) {
        return rule instanceof Rule.Check check
                && check.demands().conditions().isEmpty()
                && check.demands().validation() == null
                && check.demands().limits().size() == 1
                && (check.demands().limit(Limit.Form.RATE_LIMIT) != null
                        || check.demands().limit(Limit.Form.CONCURRENT) != null)
                && check.demands().limits().get(0).per().isEmpty();
    }

    private void note(Place place, CallScenario situation, RuleReach fresh, @Nullable Place denier) {
        RuleReach part = parts.computeIfAbsent(place, key -> fresh);
        Optional<String> why = situation
                .denial()
                .or(() -> denier == null
                        ? Optional.empty()
                        : Optional.of(denier.path() + " denies every call" + (fresh.limit ? "" : " first")));
        if (why.isEmpty()) {
            part.reached = true;
            return;
        }
        part.tools.add(situation.tool().name());
        part.reason = part.reason.isEmpty() ? why.get() : part.reason;
    }

    /** Reports what no scenario reaches. */
    void report() {
        parts.forEach((place, part) -> {
            if (part.reached) {
                return;
            }
            // A denial after a denial does no harm, and neither does a rule for tools that don't exist yet.
            boolean harmless = part.denies || !part.exact;
            for (String tool : part.tools) {
                findings.add(
                        harmless ? Severity.NOTE : Severity.WARNING,
                        part.limit ? Problem.UNREACHABLE_LIMIT : Problem.UNREACHABLE_RULE,
                        place,
                        (part.limit ? "no call can hit this limit: " : "this never decides: ") + part.reason,
                        harmless ? null : "take one of the two out",
                        tool);
            }
        });
    }
}
