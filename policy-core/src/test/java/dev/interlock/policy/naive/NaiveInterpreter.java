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
import dev.interlock.policy.Unwrap;
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
    private final NaiveLedger ledger;

    /** An interpreter of one policy. */
    public NaiveInterpreter(Policy policy, World world) {
        this(policy, world, new NaiveLedger());
    }

    private NaiveInterpreter(Policy policy, World world, NaiveLedger ledger) {
        this.policy = policy;
        this.world = world;
        this.ledger = ledger;
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
        boolean against = policy.suspended().isEmpty() && answer.verdict() != Verdict.ALLOWED;
        return new Answer(
                answer.verdict(), answer.rule(), answer.audited() || (against && policy.mode() == Mode.AUDIT));
    }

    /** As if the policy's own mode were to enforce. */
    private Answer enforced(TimedCall timed) {
        ToolCall call = timed.call();
        String gate = gate(timed);
        boolean records = policy.mode() == Mode.AUDIT && policy.suspended().isEmpty();
        if (gate != null && !records) {
            return new Answer(Verdict.DENIED, gate, false);
        }
        List<Objection> objections = new ArrayList<>();
        if (gate != null) {
            objections.add(new Objection(Verdict.DENIED, gate, false));
        }
        List<CountedAs> charges = new ArrayList<>();
        examine(call, timed, objections, charges, new NaiveUnwrapping(), 1);
        Answer denial = first(objections, Verdict.DENIED, false);
        if (denial != null && !records) {
            return denial;
        }
        Answer recorded = first(objections, Verdict.DENIED, true);
        Answer question = first(objections, Verdict.NEEDS_APPROVAL, false);
        List<CountedAs> full = count(charges, timed, records);
        if (denial != null) {
            return denial;
        }
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

    private void examine(
            ToolCall call,
            TimedCall timed,
            List<Objection> objections,
            List<CountedAs> charges,
            NaiveUnwrapping unwrapping,
            int level) {
        TimedCall now = new TimedCall(call, timed.millis(), timed.outcome());
        List<Unwrap> unwraps = new ArrayList<>();
        for (Scoped scoped : entriesFor(call)) {
            examine(scoped, now, objections, charges);
            if (scoped.entry().unwrap() != null) {
                unwraps.add(scoped.entry().unwrap());
            }
        }
        NaiveInterpreter within = new NaiveInterpreter(policy, world.ofInnerCalls(), ledger);
        for (Unwrap unwrap : unwraps) {
            boolean all = unwrapping.follow(unwrap, call, level, inner -> {
                String gate = within.gate(new TimedCall(inner, timed.millis(), timed.outcome()));
                if (gate == null) {
                    within.examine(inner, timed, objections, charges, unwrapping, level + 1);
                } else {
                    objections.add(new Objection(Verdict.DENIED, gate, false));
                }
            });
            if (!all) {
                objections.add(new Objection(Verdict.DENIED, unwrap.place().path(), false));
                return;
            }
        }
    }

    private static @Nullable Answer first(List<Objection> objections, Verdict verdict, boolean audited) {
        return objections.stream()
                .filter(objection -> objection.verdict == verdict && objection.audited == audited)
                .findFirst()
                .map(objection -> new Answer(verdict, objection.rule, audited))
                .orElse(null);
    }

    /**
     * Counts the call, settles it if it ends at once, and answers the charges without room. If one of those is
     * enforced, nothing is counted; if they are only recorded, they are counted past their maximum.
     *
     * @param records whether the policy only records
     */
    private List<CountedAs> count(List<CountedAs> charges, TimedCall timed, boolean records) {
        List<CountedAs> full = new ArrayList<>();
        Map<NaiveLedger.Taken, CountedAs> taken = new LinkedHashMap<>();
        for (CountedAs charge : charges) {
            boolean fails = charge.mode() == ChargeMode.FAILURES;
            BigDecimal asked = fails && charge.isCountable() ? Amount.LEAST.toBigDecimal() : charge.amount();
            boolean room = ledger.hasRoom(charge.key(), charge.cap(), asked, timed.millis());
            if (!room) {
                full.add(charge);
            }
            if (room || ((records || charge.audited()) && charge.isCountable())) {
                taken.put(
                        fails
                                ? ledger.prepare(charge.key(), charge.amount(), timed.millis())
                                : ledger.take(charge.key(), charge.amount(), timed.millis()),
                        charge);
            }
        }
        // What can't be counted at all is found before any limit is asked.
        full.sort(Comparator.comparing(CountedAs::isCountable));
        boolean refused = !records && full.stream().anyMatch(charge -> !charge.audited());
        Map<NaiveLedger.Taken, CountedAs> kept = new LinkedHashMap<>();
        taken.forEach((amount, charge) -> {
            if (refused) {
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
    private @Nullable String gate(TimedCall timed) {
        ToolCall call = timed.call();
        if (policy.suspended().isPresent()) {
            return "(suspended)";
        }
        if (bodiesFor(call).stream().anyMatch(body -> body.servers().isPresent())
                && NaiveServers.isUnknown(call.server(), bodiesFor(call))) {
            return "(server unknown)";
        }
        PolicyBody grant = grant(call);
        if (grant == null && policy.grants().isPresent()) {
            return "(no grant)";
        }
        if (grant != null
                && grant.during().isPresent()
                && !NaiveTimeWindow.includes(grant.during().get().value(), timed.millis())) {
            return "(grant not in force)";
        }
        if (NaiveNames.isBad(call.tool(), listed(NamePattern::isExact), listed(pattern -> !pattern.isExact()))) {
            return "(name)";
        }
        String denied = gate(policy.body(), call);
        return denied != null || grant == null ? denied : gate(grant, call);
    }

    /** The policy's own body, and the caller's grant if there is one. */
    private List<PolicyBody> bodiesFor(ToolCall call) {
        PolicyBody grant = grant(call);
        return grant == null ? List.of(policy.body()) : List.of(policy.body(), grant);
    }

    private @Nullable String gate(PolicyBody body, ToolCall call) {
        PolicyBody ofServer = NaiveServers.of(body, call.server());
        if (ofServer == null) {
            return gate(body, false, call);
        }
        boolean listed = entries(ofServer, "", call).stream().anyMatch(scoped -> lists(scoped, call));
        String denied = gate(body, listed, call);
        return denied == null ? gate(ofServer, false, call) : denied;
    }

    private @Nullable String gate(PolicyBody body, boolean listed, ToolCall call) {
        List<Scoped> entries = entries(body, "", call);
        if (body.hide().stream().anyMatch(pattern -> NaivePattern.matches(pattern.text(), call.tool()))
                || entries.stream().anyMatch(scoped -> scoped.entry().hide())) {
            return "(hidden)";
        }
        return body.posture() == Posture.DENY && !listed && entries.stream().noneMatch(scoped -> lists(scoped, call))
                ? "(default deny)"
                : null;
    }

    /** Whether an entry makes a tool one that the body lists. What may have any rating is listed by none. */
    private boolean lists(Scoped scoped, ToolCall call) {
        boolean byName = scoped.key().startsWith("tool ") || scoped.key().startsWith("glob ");
        return !scoped.isGlobal() && (byName || world.rating(call.tool()) != null);
    }

    private Set<String> listed(Predicate<NamePattern> kind) {
        Set<String> names = new LinkedHashSet<>();
        List<PolicyBody> bodies = new ArrayList<>(List.of(policy.body()));
        policy.grants().ifPresent(grants -> bodies.addAll(grants.values()));
        for (PolicyBody outer : List.copyOf(bodies)) {
            outer.servers().ifPresent(servers -> bodies.addAll(servers.values()));
        }
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
        List<Scoped> all = new ArrayList<>(withServer(policy.body(), "policy", call));
        String key = grantKey(call);
        if (key != null) {
            all.addAll(withServer(policy.grants().orElseThrow().get(new NamePattern(key)), "grant " + key, call));
        }
        return all;
    }

    private List<Scoped> withServer(PolicyBody body, String owner, ToolCall call) {
        List<Scoped> all = new ArrayList<>(entries(body, owner, call));
        PolicyBody ofServer = NaiveServers.of(body, call.server());
        if (ofServer != null) {
            String key = NaiveServers.key(body, call.server());
            all.addAll(entries(ofServer, owner + " server " + key, call));
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
            if (rating == null || category == rating.category()) {
                all.add(new Scoped(body, owner, "category " + category, "tool", entry));
            }
        });
        body.risks().forEach((selector, entry) -> {
            if (rating == null || selector.matches(rating.risk())) {
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
        for (Block block : entry.askIf()) {
            if (conditions.all(block.conditions()) != Outcome.FALSE) {
                objections.add(
                        new Objection(Verdict.NEEDS_APPROVAL, block.place().path(), false));
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
        } else if (checked.asks()) {
            objections.add(new Objection(Verdict.NEEDS_APPROVAL, rule.label(), audited));
        }
        // A denial that is only recorded counts as if the call had been allowed.
        charges.addAll(checked.charges());
    }
}
