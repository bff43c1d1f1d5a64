package dev.interlock.policy.tool.rating;

import dev.interlock.policy.tool.RiskLevel;
import dev.interlock.policy.tool.ToolCategory;
import dev.interlock.policy.tool.ToolClassifier;
import dev.interlock.policy.tool.ToolRating;
import java.util.List;
import java.util.Locale;

/** How a classifier's ratings compare with labels. */
final class Evaluation {

    private static final ToolCategory[] CATEGORIES = ToolCategory.values();

    private record Outcome(LabelledTool tool, ToolRating rating) {
        boolean hit() {
            return rating.category() == tool.category();
        }

        String miss() {
            return "%s%s/%s: expected %s, got %s %s"
                    .formatted(
                            tool.certain() ? "" : "(uncertain) ",
                            tool.server(),
                            tool.definition().name(),
                            tool.category().text(),
                            rating.category().text(),
                            rating.factors());
        }
    }

    private final List<Outcome> outcomes;

    private Evaluation(List<Outcome> outcomes) {
        this.outcomes = outcomes;
    }

    static Evaluation of(ToolClassifier classifier, List<LabelledTool> tools) {
        return new Evaluation(tools.stream()
                .map(tool -> new Outcome(tool, classifier.rate(tool.definition())))
                .toList());
    }

    /** The share of the certain ones whose category is exactly the label's, from 0 to 1. */
    double accuracy() {
        return (double) certainHits() / certain();
    }

    /** How many are labelled destructive or financial, certain or not, and rated as reading. */
    long criticalRatedRead() {
        return outcomes.stream()
                .filter(outcome -> outcome.tool().category().usualRisk() == RiskLevel.CRITICAL)
                .filter(outcome -> outcome.rating().category() == ToolCategory.READ)
                .count();
    }

    private long certain() {
        return outcomes.stream().filter(outcome -> outcome.tool().certain()).count();
    }

    private long certainHits() {
        return outcomes.stream()
                .filter(outcome -> outcome.tool().certain() && outcome.hit())
                .count();
    }

    private long certain(ToolCategory expected, ToolCategory got) {
        return outcomes.stream()
                .filter(outcome -> outcome.tool().certain())
                .filter(outcome -> outcome.tool().category() == expected
                        && outcome.rating().category() == got)
                .count();
    }

    /** Accuracy, confusion matrix and every miss, the uncertain ones marked. */
    String report(String title) {
        StringBuilder report = new StringBuilder();
        report.append("%n%s: %d of %d certain ones exact (%.1f %%), %d destructive or financial rated read%n"
                .formatted(title, certainHits(), certain(), 100 * accuracy(), criticalRatedRead()));
        report.append("%-22s".formatted("label \\ rated"));
        for (ToolCategory got : CATEGORIES) {
            report.append("%12s".formatted(got.text()));
        }
        report.append("%12s%n".formatted("exact"));
        for (ToolCategory expected : CATEGORIES) {
            report.append("%-22s".formatted(expected.text()));
            long all = 0;
            for (ToolCategory got : CATEGORIES) {
                report.append("%12d".formatted(certain(expected, got)));
                all += certain(expected, got);
            }
            String share =
                    all == 0 ? "-" : String.format(Locale.ROOT, "%.1f %%", 100.0 * certain(expected, expected) / all);
            report.append("%12s%n".formatted(share));
        }
        outcomes.stream()
                .filter(outcome -> !outcome.hit())
                .forEach(outcome -> report.append("  ").append(outcome.miss()).append(System.lineSeparator()));
        return report.toString();
    }
}
