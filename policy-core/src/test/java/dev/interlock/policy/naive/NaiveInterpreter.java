package dev.interlock.policy.naive;

import dev.interlock.policy.Amount;
import dev.interlock.policy.Block;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Entry;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.Rule;
import dev.interlock.policy.call.Decision.Verdict;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.tool.ToolRating;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Decides calls by going through the whole policy for each, in the order in which the language page tells it. Compiles
 * nothing, keeps nothing but a list of all that was ever counted.
 */
public final class NaiveInterpreter {

    private final Policy policy;
    private final World world;
    private final NaiveLedger ledger = new NaiveLedger();

    /** An interpreter of one policy. */
    public NaiveInterpreter(Policy policy, World world) {
        this.policy = policy;
        this.world = world;
    }

    /** The calls that have not ended yet, in the order in which they were made. */
    private final List<Made> underWay = new ArrayList<>();

    /** A call that was made, and what was taken for it. */
    private record Made(TimedCall timed, Map<NaiveLedger.Taken, CountedAs> taken) {}

    private void end(Made made) {
        underWay.remove(made);
        made.taken.forEach((amount, charge) -> {
            if (charge.mode() == ChargeMode.FAILURES) {
                if (made.timed.outcome().isFailure()) {
                    ledger.take(amount);
                }
            } else if (charge.cap().lease() != null || made.timed.outcome().givesBack(charge.mode())) {
                ledger.giveBack(amount);
            }
        });
    }

    /** Something against a call. */
    private record Objection(Verdict verdict, String rule, boolean audited) {}

    /** Decides a call, and counts it if it is made. Calls that have ended by then are settled before. */
    public Answer admit(TimedCall timed) {
        underWay.stream()
                .filter(made -> made.timed.ends() <= timed.millis())
                .sorted(Comparator.comparingLong(made -> made.timed.ends()))
                .toList()
                .forEach(this::end);
        ToolCall call = timed.call();
        if (call.problem() != null) {
            return new Answer(Verdict.DENIED, "(malformed)", false);
        }
        Answer answer = enforced(timed);
        boolean against = answer.verdict() != Verdict.ALLOWED;
        return new Answer(
                answer.verdict(), answer.rule(), answer.audited() || (against && policy.mode() == Mode.AUDIT));
    }

    /** As if the policy's own mode were to enforce. */
    private Answer enforced(TimedCall timed) {
        ToolCall call = timed.call();
        String gate = gate(call);
        if (gate != null) {
            return new Answer(Verdict.DENIED, gate, false);
        }
        List<Objection> objections = new ArrayList<>();
        List<CountedAs> charges = new ArrayList<>();
        for (Scoped scoped : entriesFor(call)) {
            examine(scoped, timed, objections, charges);
        }
        Answer denial = first(objections, Verdict.DENIED, false);
        if (denial != null) {
            return denial;
        }
        Answer recorded = first(objections, Verdict.DENIED, true);
        Answer question = first(objections, Verdict.NEEDS_APPROVAL, false);
        if (recorded != null) {
            charges.removeIf(CountedAs::audited);
        }
        List<CountedAs> full = count(charges, timed);
        for (CountedAs charge : full) {
            if (!charge.audited()) {
                return new Answer(Verdict.DENIED, charge.rule(), false);
            }
        }
        if (question != null) {
            return question;
        }
        if (recorded != null) {
            return recorded;
        }
        if (!full.isEmpty()) {
            return new Answer(Verdict.DENIED, full.get(0).rule(), true);
        }
        Answer recordedQuestion = first(objections, Verdict.NEEDS_APPROVAL, true);
        return recordedQuestion == null ? Answer.ALLOWED : recordedQuestion;
    }

    private static @Nullable Answer first(List<Objection> objections, Verdict verdict, boolean audited) {
        return objections.stream()
                .filter(objection -> objection.verdict == verdict && objection.audited == audited)
                .findFirst()
                .map(objection -> new Answer(verdict, objection.rule, audited))
                .orElse(null);
    }

    /**
     * Counts the call, settles it if it ends at once, and answers the charges without room. If one of those is enforced, nothing is
     * counted; if they are only audited, nothing that is audited is.
     */
    private List<CountedAs> count(List<CountedAs> charges, TimedCall timed) {
        List<CountedAs> full = new ArrayList<>();
        Map<NaiveLedger.Taken, CountedAs> taken = new LinkedHashMap<>();
        for (CountedAs charge : charges) {
            boolean fails = charge.mode() == ChargeMode.FAILURES;
            BigDecimal asked = fails && charge.isCountable() ? Amount.LEAST.toBigDecimal() : charge.amount();
            if (ledger.hasRoom(charge.key(), charge.cap(), asked, timed.millis())) {
                taken.put(
                        fails
                                ? ledger.prepare(charge.key(), charge.amount(), timed.millis())
                                : ledger.take(charge.key(), charge.amount(), timed.millis()),
                        charge);
            } else {
                full.add(charge);
            }
        }
        // What can't be counted at all is found before any limit is asked.
        full.sort(Comparator.comparing(CountedAs::isCountable));
        boolean refused = full.stream().anyMatch(charge -> !charge.audited());
        Map<NaiveLedger.Taken, CountedAs> kept = new LinkedHashMap<>();
        taken.forEach((amount, charge) -> {
            if (refused || (!full.isEmpty() && charge.audited())) {
                ledger.giveBack(amount);
            } else {
                kept.put(amount, charge);
            }
        });
        Made made = new Made(timed, kept);
        underWay.add(made);
        if (timed.ends() <= timed.millis()) {
            end(made);
        }
        return full;
    }

    /** What denies before any rule is looked at, or null. */
    private @Nullable String gate(ToolCall call) {
        if (NaiveNames.isBad(call.tool(), listed(NamePattern::isExact), listed(pattern -> !pattern.isExact()))) {
            return "(name)";
        }
        String denied = gate(policy.body(), call);
        if (denied != null || policy.grants().isEmpty()) {
            return denied;
        }
        PolicyBody grant = grant(call);
        return grant == null ? "(no grant)" : gate(grant, call);
    }

    private @Nullable String gate(PolicyBody body, ToolCall call) {
        List<Scoped> entries = entries(body, "", call);
        if (body.hide().stream().anyMatch(pattern -> NaivePattern.matches(pattern.text(), call.tool()))
                || entries.stream().anyMatch(scoped -> scoped.entry().hide())) {
            return "(hidden)";
        }
        return body.posture() == Posture.DENY && entries.stream().allMatch(Scoped::isGlobal) ? "(default deny)" : null;
    }

    private Set<String> listed(Predicate<NamePattern> kind) {
        Set<String> names = new LinkedHashSet<>();
        List<PolicyBody> bodies = new ArrayList<>(List.of(policy.body()));
        policy.grants().ifPresent(grants -> bodies.addAll(grants.values()));
        for (PolicyBody body : bodies) {
            Stream.concat(body.hide().stream(), body.tools().keySet().stream())
                    .filter(kind.and(pattern -> !pattern.equals(NamePattern.ANY)))
                    .forEach(pattern -> names.add(pattern.text()));
        }
        return names;
    }

    private @Nullable String grantKey(ToolCall call) {
        String identity = call.identity();
        if (policy.grants().isEmpty() || identity == null || identity.isBlank()) {
            return null;
        }
        Map<NamePattern, PolicyBody> grants = policy.grants().get();
        for (NamePattern pattern : grants.keySet()) {
            if (pattern.isExact() && pattern.text().equals(identity)) {
                return pattern.text();
            }
        }
        for (NamePattern pattern : grants.keySet()) {
            if (NaivePattern.matches(pattern.text(), identity)) {
                return pattern.text();
            }
        }
        return null;
    }

    private @Nullable PolicyBody grant(ToolCall call) {
        String key = grantKey(call);
        return key == null ? null : policy.grants().orElseThrow().get(new NamePattern(key));
    }

    private List<Scoped> entriesFor(ToolCall call) {
        List<Scoped> all = new ArrayList<>(entries(policy.body(), "policy", call));
        String key = grantKey(call);
        if (key != null) {
            all.addAll(entries(policy.grants().orElseThrow().get(new NamePattern(key)), "grant " + key, call));
        }
        return all;
    }

    private List<Scoped> entries(PolicyBody body, String owner, ToolCall call) {
        List<Scoped> all = new ArrayList<>();
        ToolRating rating = world.rating(call.tool());
        body.tools().forEach((pattern, entry) -> {
            if (pattern.isExact() && pattern.text().equals(call.tool())) {
                all.add(new Scoped(body, owner, "tool " + call.tool(), call.tool(), entry));
            }
        });
        body.tools().forEach((pattern, entry) -> {
            if (!pattern.isExact() && NaivePattern.matches(pattern.text(), call.tool())) {
                all.add(new Scoped(body, owner, "glob " + pattern.text(), "tool", entry));
            }
        });
        body.categories().forEach((category, entry) -> {
            if (category == rating.category()) {
                all.add(new Scoped(body, owner, "category " + category, "tool", entry));
            }
        });
        body.risks().forEach((selector, entry) -> {
            if (selector.matches(rating.risk())) {
                all.add(new Scoped(body, owner, "risk " + selector.text(), "tool", entry));
            }
        });
        body.star().ifPresent(entry -> all.add(new Scoped(body, owner, "star", Scoped.GLOBAL, entry)));
        body.allTools().ifPresent(entry -> all.add(new Scoped(body, owner, "all", Scoped.GLOBAL, entry)));
        return all;
    }

    private void examine(Scoped scoped, TimedCall timed, List<Objection> objections, List<CountedAs> charges) {
        Entry entry = scoped.entry();
        NaiveConditions conditions = new NaiveConditions(timed, world, scoped, ledger);
        for (Block block : entry.require()) {
            if (conditions.all(block.conditions()) != Outcome.TRUE) {
                objections.add(new Objection(Verdict.DENIED, block.place().path(), false));
            }
        }
        for (Block block : entry.denyIf()) {
            if (conditions.all(block.conditions()) != Outcome.FALSE) {
                objections.add(new Objection(Verdict.DENIED, block.place().path(), false));
            }
        }
        for (Rule rule : entry.rules()) {
            examine(rule, new NaiveRule(rule, scoped, timed, world, conditions), objections, charges);
        }
        NaiveCharges limits = new NaiveCharges(scoped, timed.call());
        entry.limits().forEach(limit -> {
            if (!limits.add(limit)) {
                objections.add(new Objection(Verdict.DENIED, limit.counter(), false));
            }
        });
        charges.addAll(limits.list());
    }

    private static void examine(Rule rule, NaiveRule checked, List<Objection> objections, List<CountedAs> charges) {
        boolean audited = rule.mode() == Mode.AUDIT;
        if (checked.denies()) {
            objections.add(new Objection(Verdict.DENIED, rule.label(), audited));
        } else {
            if (checked.asks()) {
                objections.add(new Objection(Verdict.NEEDS_APPROVAL, rule.label(), audited));
            }
            charges.addAll(checked.charges());
        }
    }
}
