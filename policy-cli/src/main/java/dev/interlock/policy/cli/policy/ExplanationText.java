package dev.interlock.policy.cli.policy;

import dev.interlock.policy.Place;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.RuleRef;
import dev.interlock.policy.cli.io.Colours;
import dev.interlock.policy.cli.io.Printable;
import dev.interlock.policy.engine.Explanation;
import dev.interlock.policy.engine.Explanation.ExplainedStep;
import dev.interlock.policy.tool.ToolRating;
import java.time.Duration;
import java.util.stream.Collectors;

/** Formats an explanation for people: the decision first, then the steps that led to it. */
public final class ExplanationText {

    private final Colours colours;

    public ExplanationText(Colours colours) {
        this.colours = colours;
    }

    /**
     * The whole explanation.
     *
     * @param kind what was decided about: {@code tool} or {@code method}
     * @param name its name
     */
    String show(String kind, String name, Explanation explanation) {
        StringBuilder out = new StringBuilder();
        out.append(headline(explanation.decision())).append('\n');
        Decision decision = explanation.decision();
        if (!decision.message().isEmpty()) {
            out.append("  the agent is told: ")
                    .append(Printable.of(decision.message()))
                    .append('\n');
        }
        Duration wait = decision.retryAfter();
        if (wait != null) {
            out.append("  try again in ").append(wait.toString().substring(2).toLowerCase(java.util.Locale.ROOT));
            out.append('\n');
        }
        out.append('\n')
                .append(kind)
                .append(" ".repeat("entries  ".length() - kind.length()))
                .append(Printable.of(name));
        ToolRating rating = explanation.rating();
        if (rating != null) {
            out.append(": ")
                    .append(rating.category().text())
                    .append(", ")
                    .append(rating.risk().text())
                    .append(" risk");
            if (!rating.factors().isEmpty()) {
                out.append(colours.faint(" (" + Printable.of(String.join("; ", rating.factors())) + ")"));
            }
        }
        out.append('\n').append("entries  ").append(entries(explanation)).append('\n');
        if (!explanation.steps().isEmpty()) {
            out.append('\n').append(steps(explanation, ""));
        }
        return out.toString();
    }

    /** The steps of the decision, each on a separate line. */
    String steps(Explanation explanation, String indent) {
        StringBuilder out = new StringBuilder();
        explanation.steps().forEach(step -> append(out, step, indent));
        return out.toString();
    }

    private static String entries(Explanation explanation) {
        return explanation.entries().isEmpty()
                ? "none"
                : explanation.entries().stream().map(ExplanationText::place).collect(Collectors.joining(", "));
    }

    /** The decision on one line. */
    public String headline(Decision decision) {
        String word = switch (decision.verdict()) {
            case ALLOWED -> colours.green("ALLOWED");
            case DENIED ->
                decision.audited() ? colours.yellow("ALLOWED, but recorded as denied") : colours.red("DENIED");
            case NEEDS_APPROVAL ->
                colours.yellow(decision.audited() ? "ALLOWED, but recorded as needing approval" : "NEEDS APPROVAL");
        };
        RuleRef rule = decision.rule();
        if (rule == null) {
            return word;
        }
        String code = " [" + decision.code().text() + "]";
        String place = rule.place().path().isEmpty() || rule.place().path().equals(rule.name())
                ? line(rule.place())
                : " at " + place(rule.place());
        return word + " by " + colours.bold(Printable.of(rule.name())) + Printable.of(place) + colours.faint(code);
    }

    private static String line(Place place) {
        return place.line() == 0 ? "" : " (line " + place.line() + ")";
    }

    static String place(Place place) {
        return Printable.of(place.path()) + line(place);
    }

    private void append(StringBuilder out, ExplainedStep step, String indent) {
        out.append(indent).append(mark(step)).append(Printable.of(step.text()));
        Place place = step.place();
        if (place != null && place.line() > 0 && step.result() != Explanation.Result.NOTED) {
            out.append(colours.faint("  line " + place.line()));
        }
        out.append('\n');
        step.details().forEach(detail -> append(out, detail, indent + "         "));
    }

    private String mark(ExplainedStep step) {
        return switch (step.result()) {
            case PASSED -> colours.green("passed   ");
            case DENIED -> colours.red("denied   ");
            case ASKS -> colours.yellow("asks     ");
            case AUDITED -> colours.yellow("recorded ");
            case NOTED -> "";
        };
    }
}
