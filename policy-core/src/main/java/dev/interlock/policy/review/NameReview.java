package dev.interlock.policy.review;

import dev.interlock.policy.Entry;
import dev.interlock.policy.ListedNames;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Severity;
import dev.interlock.policy.review.Finding.Problem;
import dev.interlock.policy.text.LookAlikes;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.text.Skeleton;
import dev.interlock.policy.text.Suggestion;
import dev.interlock.policy.text.VisibleText;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Compares the names in a policy with the names of the tools. */
final class NameReview {

    private final Findings findings;
    private final List<OfferedTool> tools;
    private final Set<String> names = new LinkedHashSet<>();

    NameReview(Findings findings, List<OfferedTool> tools) {
        this.findings = findings;
        this.tools = tools;
        tools.forEach(tool -> names.add(tool.name()));
    }

    void review(Policy policy, ListedNames listed) {
        // Tools that run others may run tools that no server lists.
        boolean all = policy.body().entries().noneMatch(entry -> entry.unwrap() != null)
                && policy.grants().stream()
                        .flatMap(grants -> grants.values().stream())
                        .flatMap(PolicyBody::entries)
                        .noneMatch(entry -> entry.unwrap() != null);
        review("", policy.body(), all);
        policy.grants().ifPresent(grants -> {
            grants.forEach((identity, body) -> review("grants." + identity + ".", body, all));
            shadowed(List.copyOf(grants.keySet()));
        });
        tools.forEach(tool -> disguised(tool, listed));
        ambiguous(policy.body().servers().isPresent());
        doubles();
    }

    /** @param all whether every tool that can be called is known */
    private void review(String prefix, PolicyBody body, boolean all) {
        if (all) {
            review(prefix, body);
        }
        body.servers()
                .ifPresent(servers -> servers.forEach((server, inner) -> {
                    List<OfferedTool> offered = tools.stream()
                            .filter(tool -> ServerBodies.key(body, tool.server())
                                    .filter(server::equals)
                                    .isPresent())
                            .toList();
                    // What other servers offer says nothing about this one.
                    if (all && !offered.isEmpty()) {
                        new NameReview(findings, offered).review(prefix + "servers." + server + ".", inner);
                    }
                }));
    }

    private void review(String prefix, PolicyBody body) {
        body.tools().forEach((pattern, entry) -> named(pattern, entry.place(), !isListing(entry)));
        for (int i = 0; i < body.hide().size(); i++) {
            NamePattern pattern = body.hide().get(i);
            if (!pattern.equals(NamePattern.ANY)) {
                named(pattern, Place.of(prefix + "hide[" + i + "]"), true);
            }
        }
        body.categories().forEach((category, entry) -> {
            if (tools.stream().noneMatch(tool -> tool.rating().category() == category)) {
                matchesNothing("no tool is rated " + category.text(), entry.place());
            }
        });
        body.risks().forEach((risk, entry) -> {
            if (tools.stream().noneMatch(tool -> risk.matches(tool.rating().risk()))) {
                matchesNothing("no tool's risk is " + risk.text(), entry.place());
            }
        });
    }

    /** Whether an entry allows calls to its tools and says nothing else. */
    private static boolean isListing(Entry entry) {
        return entry.equals(Entry.listed(entry.place()));
    }

    private void named(NamePattern pattern, Place place, boolean protects) {
        if (!pattern.isExact()) {
            if (names.stream().noneMatch(pattern::matches)) {
                matchesNothing("no tool's name matches " + VisibleText.quoted(pattern.text()), place);
            }
        } else if (!names.contains(pattern.text())) {
            String hint = Suggestion.hint(pattern.text(), names);
            // An entry that should guard a tool has no effect under another name. A nearly equal name shows which tool
            // was meant.
            findings.add(
                    protects && hint != null ? Severity.ERROR : Severity.WARNING,
                    Problem.UNKNOWN_TOOL,
                    place,
                    "there is no tool " + VisibleText.quoted(pattern.text()),
                    hint == null ? "take it out, or name the tool as its server does" : hint);
        }
    }

    private void matchesNothing(String message, Place place) {
        findings.add(Severity.NOTE, Problem.MATCHES_NOTHING, place, message, null);
    }

    private void disguised(OfferedTool tool, ListedNames listed) {
        String defect = LookAlikes.defect(tool.name());
        if (defect != null) {
            findings.add(
                    Severity.WARNING,
                    Problem.BAD_TOOL_NAME,
                    Place.of(""),
                    "the name of tool " + VisibleText.quoted(tool.name()) + " " + defect
                            + ", so every call to it is denied",
                    "ask why the server names it so",
                    tool.name());
            return;
        }
        ListedNames.Listed alike = listed.passedFor(tool.name());
        if (alike != null) {
            findings.add(
                    Severity.WARNING,
                    Problem.LOOK_ALIKE,
                    Place.of(""),
                    "tool " + VisibleText.quoted(tool.name()) + " looks like "
                            + VisibleText.quoted(alike.pattern().text())
                            + " in the policy but is not, so every call to it is denied",
                    "if it is honest, name it in the policy, too",
                    tool.name());
        }
    }

    /** @param distinguishes whether the policy has rules for each server */
    private void ambiguous(boolean distinguishes) {
        Map<String, List<String>> servers = new LinkedHashMap<>();
        for (OfferedTool tool : tools) {
            servers.computeIfAbsent(tool.name(), name -> new ArrayList<>())
                    .add(tool.server() == null ? "a server without a name" : VisibleText.quoted(tool.server()));
        }
        servers.forEach((name, offering) -> {
            if (offering.size() > 1) {
                boolean one = new LinkedHashSet<>(offering).size() == 1;
                if (!one && distinguishes) {
                    return;
                }
                findings.add(
                        Severity.WARNING,
                        Problem.AMBIGUOUS_TOOL,
                        Place.of(""),
                        "tool " + VisibleText.quoted(name) + " is offered "
                                + (one ? "twice by " + offering.get(0) : "by " + String.join(" and ", offering))
                                + ": a rule for one is a rule for the other",
                        one ? "ask why the server does so" : "tell them apart under 'servers'",
                        name);
            }
        });
    }

    /** Finds pairs of tools that a person could confuse. */
    private void doubles() {
        Map<String, String> seen = new HashMap<>();
        for (String name : names) {
            String other = seen.putIfAbsent(Skeleton.of(name), name);
            if (other != null) {
                findings.add(
                        Severity.WARNING,
                        Problem.LOOK_ALIKE,
                        Place.of(""),
                        "tools " + VisibleText.quoted(other) + " and " + VisibleText.quoted(name) + " look alike",
                        "see that the right one is called",
                        name);
            }
        }
    }

    private void shadowed(List<NamePattern> identities) {
        for (int later = 1; later < identities.size(); later++) {
            NamePattern pattern = identities.get(later);
            for (NamePattern earlier : identities.subList(0, later)) {
                if (!pattern.isExact() && covers(earlier, pattern)) {
                    findings.add(
                            Severity.WARNING,
                            Problem.UNREACHABLE_GRANT,
                            Place.of("grants." + pattern),
                            "no identity gets this grant: " + VisibleText.quoted(earlier.text())
                                    + " stands before it and matches all that it does",
                            "put it first");
                    break;
                }
            }
        }
    }

    /** Whether the first glob matches everything that the second matches. True only in the clear cases. */
    private static boolean covers(NamePattern first, NamePattern second) {
        // If there are only stars, only a star of the first glob can match a star of the second.
        return !first.isExact() && first.text().indexOf('?') < 0 && first.matches(second.text());
    }
}
