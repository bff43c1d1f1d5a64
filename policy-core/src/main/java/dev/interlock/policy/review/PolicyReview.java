package dev.interlock.policy.review;

import dev.interlock.policy.EntrySelection.Selected;
import dev.interlock.policy.ListedNames;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.Severity;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.tool.ToolClassifier;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.tool.rating.StandardToolClassifier;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Reviews a policy together with the tools that it is for.
 *
 * <p>A finding that says "never", "always" or "every call" is true for every call or, if it says so, for every call
 * that fits the tool's input schema. A call with a member that looks like one of the schema's members but differs from
 * it does not count as fitting the schema. The review reports only what it can prove, so a finding needs no discussion.
 * If there are no findings, this does not prove that nothing is wrong.
 */
public final class PolicyReview {

    private final List<Finding> findings;

    private PolicyReview(List<Finding> findings) {
        this.findings = List.copyOf(findings);
    }

    /**
     * Reviews a policy, with the tools rated as an engine does by default.
     *
     * @throws IllegalArgumentException if the policy can't be enforced, for example because a condition reads a counter
     *     that no rule defines
     */
    public static PolicyReview of(Policy policy, List<ServerTools> servers) {
        return of(policy, servers, StandardToolClassifier.create());
    }

    /**
     * Reviews a policy.
     *
     * @param classifier rates the tools; should be the engine's
     * @throws IllegalArgumentException if the policy can't be enforced, for example because a condition reads a counter
     *     that no rule defines
     */
    public static PolicyReview of(Policy policy, List<ServerTools> servers, ToolClassifier classifier) {
        requireEnforceable(policy);
        List<OfferedTool> tools = new ArrayList<>();
        for (ServerTools server : servers) {
            for (ToolDefinition tool : server.tools()) {
                tools.add(new OfferedTool(server.server(), tool, classifier.rate(tool)));
            }
        }
        Findings findings = new Findings();
        ListedNames names = new ListedNames(policy);
        new NameReview(findings, tools).review(policy, names);
        ToolReview toolReview = new ToolReview(findings, tools);
        boolean enforced = policy.mode() == Mode.ENFORCE;
        Set<Place> exact = exactEntries(policy);
        ReachReview reach = new ReachReview(findings, exact, enforced);
        Set<String> arguments = new HashSet<>();
        tools.forEach(tool -> arguments.addAll(tool.definition().knownArguments()));
        ConditionReview conditions = new ConditionReview(findings, arguments);
        LimitReview limits = new LimitReview(findings);
        ResultReview results = new ResultReview(findings);
        DefaultReview defaults = new DefaultReview(findings);
        for (OfferedTool tool : tools) {
            List<CallScenario> situations = CallScenario.of(policy, tool, names);
            demands(situations, enforced, exact, conditions, limits);
            results(situations, results);
            for (CallScenario situation : situations) {
                defaults.review(situation, enforced);
                reach.add(situation);
                toolReview.coverage(situation, enforced);
            }
        }
        reach.report();
        toolReview.texts();
        return new PolicyReview(findings.all());
    }

    private static void requireEnforceable(Policy policy) {
        PolicyEngine.Builder builder = PolicyEngine.builder(policy)
                .schemaValidator((schema, arguments) -> Optional.empty())
                .context(policy.context().orElse(List.of()).toArray(String[]::new));
        policy.predicates().forEach(name -> builder.predicate(name, (value, operand) -> false));
        builder.build();
    }

    /** Where the entries stand that name one tool. */
    private static Set<Place> exactEntries(Policy policy) {
        Set<Place> places = new HashSet<>();
        Stream.concat(Stream.of(policy.body()), policy.grants().stream().flatMap(grants -> grants.values().stream()))
                .flatMap(body -> Stream.concat(
                        Stream.of(body), body.servers().stream().flatMap(servers -> servers.values().stream())))
                .flatMap(body -> body.tools().entrySet().stream())
                .filter(entry -> entry.getKey().isExact())
                .forEach(entry -> places.add(entry.getValue().place()));
        return places;
    }

    /** The demands of a tool's entries on its calls. An entry that several grants share is reviewed once. */
    private static void demands(
            List<CallScenario> situations,
            boolean enforced,
            Set<Place> exact,
            ConditionReview conditions,
            LimitReview limits) {
        Set<String> seen = new HashSet<>();
        for (CallScenario situation : situations) {
            if (situation.denial().isPresent()) {
                continue;
            }
            List<ConditionGroup> clauses = new ArrayList<>();
            for (Selected selected : situation.entries()) {
                Place place = selected.entry().place();
                List<ConditionGroup> own = ConditionGroup.of(selected, enforced);
                clauses.addAll(own);
                if (seen.add(place.path())) {
                    own.forEach(clause -> conditions.review(clause, situation.tool(), exact.contains(place)));
                    limits.review(selected, situation.tool(), enforced);
                }
            }
            conditions.conflicts(clauses, situation.tool());
            limits.hidden(situation, enforced);
        }
    }

    /** What is read of a tool's results. An entry that several grants share is reviewed once. */
    private static void results(List<CallScenario> situations, ResultReview review) {
        Set<String> seen = new HashSet<>();
        for (CallScenario situation : situations) {
            for (Selected selected : situation.entries()) {
                if (seen.add(selected.entry().place().path())) {
                    review.review(selected.entry(), situation.tool());
                }
            }
        }
    }

    /** Returns the findings, by their place in the policy; those about tools alone come last. */
    public List<Finding> findings() {
        return findings;
    }

    /** Returns whether there is an error among the findings. */
    public boolean hasErrors() {
        return findings.stream().anyMatch(finding -> finding.severity() == Severity.ERROR);
    }
}
