package dev.interlock.policy.review;

import dev.interlock.policy.Entry;
import dev.interlock.policy.EntrySelection.Selected;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Place;
import dev.interlock.policy.Rule;
import dev.interlock.policy.Severity;
import dev.interlock.policy.review.Finding.Problem;
import dev.interlock.policy.text.VisibleText;
import dev.interlock.policy.tool.RiskLevel;
import dev.interlock.policy.tool.rating.ModelSpeech;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** Reviews the tools themselves: which of them are risky and uncovered, and what their definitions say to the model. */
final class ToolReview {

    /** How many characters of a description are searched for the names of other tools. */
    private static final int MAX_DESCRIPTION = 20_000;

    private final Findings findings;
    private final List<OfferedTool> tools;
    private final Map<String, OfferedTool> byName = new HashMap<>();

    ToolReview(Findings findings, List<OfferedTool> tools) {
        this.findings = findings;
        this.tools = tools;
        tools.forEach(tool -> byName.put(tool.name(), tool));
    }

    /** Reports a tool that some caller may call without limit and with any arguments. */
    void coverage(CallScenario situation, boolean enforced) {
        RiskLevel risk = situation.tool().rating().risk();
        if (risk.compareTo(RiskLevel.HIGH) < 0 || situation.denial().isPresent()) {
            return;
        }
        for (Selected selected : situation.entries()) {
            Entry entry = selected.entry();
            boolean covered = !entry.blocks().isEmpty()
                    || !entry.limits().isEmpty()
                    || entry.rules().stream().anyMatch(rule -> covers(rule, enforced));
            if (covered) {
                return;
            }
        }
        String factors = situation.tool().rating().factors().stream()
                .limit(2)
                .map(VisibleText::brief)
                .reduce((a, b) -> a + ", " + b)
                .orElse("");
        findings.add(
                risk == RiskLevel.CRITICAL ? Severity.ERROR : Severity.WARNING,
                Problem.UNCOVERED_TOOL,
                Place.of(""),
                "nothing covers " + VisibleText.quoted(situation.tool().name()) + ", " + risk.text() + " risk ("
                        + situation.tool().rating().category().text() + "; " + factors + ")",
                "deny or hide it, ask a person, or limit it",
                situation.tool().name());
    }

    private static boolean covers(Rule rule, boolean enforced) {
        if (enforced && rule.mode() == Mode.AUDIT) {
            return false;
        }
        return !(rule instanceof Rule.Check check) || !check.demands().isEmpty();
    }

    void texts() {
        for (OfferedTool tool : tools) {
            for (String speech : ModelSpeech.in(tool.definition())) {
                findings.add(
                        Severity.WARNING,
                        Problem.SPEAKS_TO_MODEL,
                        Place.of(""),
                        "tool " + VisibleText.quoted(tool.name()) + ": " + VisibleText.brief(speech),
                        "read the whole definition before anyone calls it",
                        tool.name());
            }
            for (String other : named(tool)) {
                OfferedTool meant = Objects.requireNonNull(byName.get(other));
                boolean foreign = !Objects.equals(meant.server(), tool.server());
                findings.add(
                        foreign ? Severity.WARNING : Severity.NOTE,
                        Problem.NAMES_OTHER_TOOL,
                        Place.of(""),
                        "the description of tool " + VisibleText.quoted(tool.name()) + " names tool "
                                + VisibleText.quoted(other) + (foreign ? " of another server" : ""),
                        foreign ? "see that it doesn't change how that one is used" : null,
                        tool.name());
            }
        }
    }

    /**
     * The other tools that a description names. Names that are one plain word are skipped, because they occur as
     * ordinary words.
     */
    private Set<String> named(OfferedTool tool) {
        String text = tool.definition().description();
        text = text.substring(0, Math.min(MAX_DESCRIPTION, text.length()));
        Set<String> named = new LinkedHashSet<>();
        int start = -1;
        for (int i = 0; i <= text.length(); i++) {
            boolean inName = i < text.length() && isNameCharacter(text.charAt(i));
            if (inName && start < 0) {
                start = i;
            } else if (!inName && start >= 0) {
                String word = text.substring(start, i);
                word = word.endsWith(".") ? word.substring(0, word.length() - 1) : word;
                if (!word.equals(tool.name()) && isCompound(word) && byName.containsKey(word)) {
                    named.add(word);
                }
                start = -1;
            }
        }
        return named;
    }

    private static boolean isNameCharacter(char c) {
        return Character.isLetterOrDigit(c) || c == '_' || c == '-' || c == '.';
    }

    private static boolean isCompound(String word) {
        return word.indexOf('_') > 0
                || word.indexOf('-') > 0
                || word.indexOf('.') > 0
                || word.chars().skip(1).anyMatch(Character::isUpperCase);
    }
}
