package dev.interlock.policy.cli.policy;

import dev.interlock.policy.Place;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.RuleRef;
import dev.interlock.policy.cli.io.Json;
import dev.interlock.policy.cli.io.Millis;
import dev.interlock.policy.engine.Explanation;
import dev.interlock.policy.tool.ToolRating;
import dev.interlock.policy.value.Value;
import java.time.Duration;
import java.util.Locale;

/** Formats decisions and explanations for programs. */
final class Explanations {

    private Explanations() {}

    static Json json(String tool, Explanation explanation) {
        return json("tool", tool, explanation);
    }

    /**
     * An explanation.
     *
     * @param kind what was decided about: {@code tool} or {@code method}
     * @param name its name
     */
    static Json json(String kind, String name, Explanation explanation) {
        Json json = new Json().put(kind, name).put("decision", json(explanation.decision()));
        ToolRating rating = explanation.rating();
        if (rating != null) {
            json.put(
                    "rating",
                    new Json()
                            .put("category", rating.category().text())
                            .put("risk", rating.risk().text())
                            .put(
                                    "factors",
                                    new Value.Array(rating.factors().stream()
                                            .<Value>map(Value.Text::new)
                                            .toList())));
        }
        return json.put("entries", explanation.entries(), Json::of)
                .put("steps", explanation.steps(), Explanations::json);
    }

    static Json json(Decision decision) {
        Json json = new Json()
                .put("allowed", decision.allowed())
                .put("verdict", decision.verdict().name().toLowerCase(Locale.ROOT))
                .put("code", decision.code().text());
        RuleRef rule = decision.rule();
        json.put("rule", rule == null ? null : rule.name());
        if (rule != null) {
            json.put("place", Json.of(rule.place()));
        }
        json.put("message", decision.message().isEmpty() ? null : decision.message());
        Duration wait = decision.retryAfter();
        if (wait != null) {
            json.put("retryAfterMs", Millis.up(wait));
        }
        return json.put("audited", decision.audited());
    }

    private static Json json(Explanation.ExplainedStep step) {
        Json json = new Json()
                .put("result", step.result().name().toLowerCase(Locale.ROOT))
                .put("text", step.text());
        Place place = step.place();
        if (place != null) {
            json.put("place", Json.of(place));
        }
        return step.details().isEmpty() ? json : json.put("details", step.details(), Explanations::json);
    }
}
