package dev.interlock.policy.review;

import dev.interlock.policy.Condition;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Path;
import dev.interlock.policy.Severity;
import dev.interlock.policy.review.ConditionGroup.Use;
import dev.interlock.policy.review.Finding.Problem;
import dev.interlock.policy.text.Suggestion;
import dev.interlock.policy.text.VisibleText;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reviews conditions against the tool's input schema and for logic alone. If a finding says that conditions never or
 * always hold, this is {@linkplain Proof proven} for every call or, if it says so, for every call that fits the schema.
 */
final class ConditionReview {

    private static final String FITTING = " that fits the tool's schema";

    private final Findings findings;
    private final Set<String> arguments;

    /**
     * @param arguments the arguments that any of the tools takes
     */
    ConditionReview(Findings findings, Set<String> arguments) {
        this.findings = findings;
        this.arguments = arguments;
    }

    /**
     * Reviews conditions that hold together, for calls to the tool.
     *
     * @param own whether they stand in the tool's own entry, and not in an entry for many tools
     */
    void review(ConditionGroup clause, OfferedTool tool, boolean own) {
        ObjectValue schema = tool.definition().inputSchema();
        boolean always = !clause.conditions().isEmpty();
        boolean alwaysAnyCall = always;
        boolean never = false;
        List<Condition> sayNothing = new ArrayList<>();
        for (Condition condition : clause.conditions()) {
            for (Path path : condition.reads()) {
                PathDomain where = PathDomain.of(path, schema);
                // A denial for many tools by an argument that only some of them take is correct.
                boolean meant = own || clause.use() == Use.REQUIRE || !arguments.contains(where.unknown());
                if (where.unknown() != null && meant) {
                    unknown(condition, path, where, tool);
                }
            }
        }
        List<Condition> known = ConditionGroup.known(clause.conditions());
        if (known.size() < clause.conditions().size()) {
            always = false;
            alwaysAnyCall = false;
        }
        for (List<Condition> group : ConditionGroup.byPath(known)) {
            PathDomain where = PathDomain.of(group.get(0).path(), schema);
            never |= never(clause, group, where, tool);
            for (Condition condition : group) {
                Proof proof = new Proof(List.of(condition));
                boolean certain = !where.several() && proof.alwaysHolds(where.always());
                boolean fitting = !where.several() && where.unknown() == null && proof.alwaysHolds(where.domain());
                alwaysAnyCall &= certain;
                always &= certain || fitting;
                if (certain || fitting) {
                    sayNothing.add(condition);
                }
            }
        }
        if (always) {
            always(clause, alwaysAnyCall, tool);
        } else if (!never) {
            for (Condition condition : sayNothing) {
                findings.add(
                        Severity.NOTE,
                        Problem.ALWAYS_HOLDS,
                        condition.place(),
                        shown(condition) + " holds for every call" + FITTING,
                        "leave it out, or compare with what was meant",
                        tool.name());
            }
        }
    }

    private void unknown(Condition condition, Path path, PathDomain where, OfferedTool tool) {
        String step = Optional.ofNullable(where.unknown()).orElse("");
        String hint = Suggestion.hint(step, where.names());
        findings.add(
                Severity.WARNING,
                Problem.UNKNOWN_ARGUMENT,
                condition.place(),
                VisibleText.brief(path.text()) + ": the tool's schema has no " + VisibleText.quoted(step),
                hint == null ? has(where) : hint,
                tool.name());
    }

    static String has(PathDomain where) {
        return where.names().isEmpty() ? "it takes no arguments" : "it has " + VisibleText.list(where.names());
    }

    /** Whether conditions on one path were found never to hold. */
    private boolean never(ConditionGroup clause, List<Condition> group, PathDomain where, OfferedTool tool) {
        if (!where.several()) {
            Condition last = breaking(group, where.always());
            if (last != null) {
                String reason = group.indexOf(last) == 0 || neverAlone(last, where.always())
                        ? shown(last) + " holds for no value"
                        : "no value is " + all(group, last);
                report(clause, Problem.NEVER_HOLDS, last, reason, "", tool);
                return true;
            }
        }
        boolean never = false;
        for (Condition condition : group) {
            if (where.unknown() == null) {
                never |= against(clause, condition, where, tool);
            }
        }
        if (!never && !where.several() && where.unknown() == null) {
            Condition last = breaking(group, where.domain());
            if (last != null) {
                report(
                        clause,
                        Problem.NEVER_HOLDS,
                        last,
                        "no value" + allowed() + " is " + all(group, last),
                        FITTING,
                        tool);
                return true;
            }
        }
        return never && !PathDomain.every(group.get(0).path());
    }

    private static String allowed() {
        return " that the tool's schema allows";
    }

    /** Checks one condition alone against the schema. */
    private boolean against(ConditionGroup clause, Condition condition, PathDomain where, OfferedTool tool) {
        Domain domain = where.domain();
        String what = where.several()
                ? PathDomain.every(condition.path()) ? "every element" : "an element"
                : VisibleText.brief(condition.path().text());
        if (neverAlone(condition, domain)) {
            boolean ofNoType = new Proof(List.of(condition)).neverHolds(Domain.of(domain.kinds()));
            boolean equality = condition.operator() == Operator.EQ || condition.operator() == Operator.IN;
            Problem code = equality ? Problem.IMPOSSIBLE_VALUE : ofNoType ? Problem.WRONG_TYPE : Problem.NEVER_HOLDS;
            String reason = ofNoType && !domain.kinds().isEmpty()
                    ? what + " is " + types(domain) + " by the tool's schema, and " + shown(condition)
                            + " holds for no such value"
                    : shown(condition) + " holds for no value" + allowed();
            report(clause, code, condition, reason, FITTING, tool, hint(condition, domain));
            return true;
        }
        List<Value> operands = condition.operand().values();
        boolean equality = switch (condition.operator()) {
            case EQ, NEQ, IN, NOT_IN -> true;
            default -> false;
        };
        for (Value operand : equality ? operands : List.<Value>of()) {
            if (Proof.neverOccurs(operand, domain) && !Proof.neverOccurs(operand, where.always())) {
                findings.add(
                        Severity.WARNING,
                        Problem.IMPOSSIBLE_VALUE,
                        condition.place(),
                        what + " is never " + VisibleText.brief(operand.json()) + " by the tool's schema",
                        hint(operand, domain),
                        tool.name());
            }
        }
        return false;
    }

    private static @Nullable String hint(Condition condition, Domain domain) {
        List<Value> operands = condition.operand().values();
        return operands.size() == 1 ? hint(operands.get(0), domain) : null;
    }

    private static @Nullable String hint(Value operand, Domain domain) {
        if (domain.listed() == null) {
            return null;
        }
        List<String> texts = domain.listed().stream()
                .filter(Value.Text.class::isInstance)
                .map(value -> ((Value.Text) value).value())
                .toList();
        String near = operand instanceof Value.Text text ? Suggestion.hint(text.value(), texts) : null;
        return near != null ? near : texts.isEmpty() ? null : "it allows " + VisibleText.list(texts);
    }

    private static boolean neverAlone(Condition condition, Domain domain) {
        return new Proof(List.of(condition)).neverHolds(domain);
    }

    /** The first condition that can't hold together with those before it; null if all of them can. */
    private static @Nullable Condition breaking(List<Condition> group, Domain domain) {
        if (!new Proof(group).neverHolds(domain)) {
            return null;
        }
        for (int i = 1; i <= group.size(); i++) {
            if (new Proof(group.subList(0, i)).neverHolds(domain)) {
                return group.get(i - 1);
            }
        }
        return group.get(group.size() - 1);
    }

    /** Checks whether one call can meet the demands of several parts of the policy on a tool. */
    void conflicts(List<ConditionGroup> clauses, OfferedTool tool) {
        List<Condition> demanded = new ArrayList<>();
        for (ConditionGroup clause : clauses) {
            if (clause.use() == Use.REQUIRE && clause.enforced()) {
                demanded.addAll(ConditionGroup.known(clause.conditions()));
            }
        }
        for (List<Condition> group : ConditionGroup.byPath(demanded)) {
            Path path = group.get(0).path();
            PathDomain where = PathDomain.of(path, tool.definition().inputSchema());
            boolean told = clauses.stream()
                    .flatMap(clause -> ConditionGroup.byPath(ConditionGroup.known(clause.conditions())).stream())
                    .filter(part -> group.containsAll(part))
                    .anyMatch(part -> new Proof(part).neverHolds(where.domain()));
            if (where.several() || told) {
                continue;
            }
            Condition last = breaking(group, where.always());
            String calls = last == null ? FITTING : "";
            last = last == null && where.unknown() == null ? breaking(group, where.domain()) : last;
            if (last != null) {
                findings.add(
                        Severity.ERROR,
                        Problem.CONFLICT,
                        last.place(),
                        shown(last) + " can't hold together with what " + others(group, last)
                                + " demands, so every call" + calls + " is denied",
                        "loosen one of them",
                        tool.name());
            }
        }
    }

    private static String others(List<Condition> group, Condition last) {
        Condition other = group.stream()
                .filter(each -> !each.equals(last))
                .filter(each -> new Proof(List.of(each, last)).neverHolds(Domain.ANYTHING))
                .findFirst()
                .orElse(group.get(0));
        return other.place().path() + " (" + comparison(other) + ")";
    }

    private void always(ConditionGroup clause, boolean anyCall, OfferedTool tool) {
        String holds =
                (clause.conditions().size() == 1 ? shown(clause.conditions().get(0)) + " holds" : "all of it holds")
                        + " for every call" + (anyCall ? "" : FITTING);
        switch (clause.use()) {
            case REQUIRE ->
                findings.add(
                        Severity.NOTE,
                        Problem.ALWAYS_HOLDS,
                        clause.place(),
                        holds + ", so it asks for nothing",
                        "leave it out, or compare with what was meant",
                        tool.name());
            case DENY_IF ->
                findings.add(
                        clause.enforced() ? Severity.ERROR : Severity.WARNING,
                        Problem.ALWAYS_HOLDS,
                        clause.place(),
                        holds + ", so each of them is " + (clause.enforced() ? "denied" : "recorded as denied"),
                        "if that is meant, say it: action: deny",
                        tool.name());
            case ASK ->
                findings.add(
                        Severity.NOTE,
                        Problem.ALWAYS_HOLDS,
                        clause.place(),
                        holds + ", so a person is always asked",
                        "leave the conditions out if that is meant",
                        tool.name());
        }
    }

    private void report(
            ConditionGroup clause, Problem code, Condition condition, String reason, String calls, OfferedTool tool) {
        report(clause, code, condition, reason, calls, tool, null);
    }

    private void report(
            ConditionGroup clause,
            Problem code,
            Condition condition,
            String reason,
            String calls,
            OfferedTool tool,
            @Nullable String fix) {
        boolean elements = PathDomain.every(condition.path());
        boolean deadly = clause.use() == Use.REQUIRE && clause.enforced() && !elements;
        String denied = clause.enforced() ? " is denied" : " is recorded as denied";
        String outcome = elements
                ? ", so it holds for an empty list alone"
                : switch (clause.use()) {
                    case REQUIRE -> ", so every call" + calls + denied;
                    case DENY_IF -> ", so it denies no call" + calls + " but one that can't be compared";
                    case ASK -> ", so no person is asked, except for what can't be compared";
                };
        findings.add(
                deadly ? Severity.ERROR : Severity.WARNING,
                code,
                condition.place(),
                reason + outcome,
                fix,
                tool.name());
    }

    private static String types(Domain domain) {
        return String.join(
                " or ",
                domain.kinds().stream()
                        .map(JsonType::text)
                        .map(ConditionReview::article)
                        .toList());
    }

    private static String article(String noun) {
        return noun.equals("null") ? noun : ("aeiou".indexOf(noun.charAt(0)) >= 0 ? "an " : "a ") + noun;
    }

    private static String all(List<Condition> group, Condition last) {
        List<String> texts = new ArrayList<>();
        for (Condition condition : group) {
            texts.add(comparison(condition));
            if (condition.equals(last)) {
                break;
            }
        }
        return String.join(" and ", texts);
    }

    /** {@code args.amount lt 5}. */
    static String shown(Condition condition) {
        return "'" + VisibleText.brief(condition.path().text()) + " "
                + comparison(condition).substring(1);
    }

    /** {@code 'lt 5'}. */
    private static String comparison(Condition condition) {
        return "'" + condition.operator().text() + " "
                + VisibleText.brief(condition.operand().value().json()) + "'";
    }
}
