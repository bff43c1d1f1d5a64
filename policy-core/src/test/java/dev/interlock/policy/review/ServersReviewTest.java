package dev.interlock.policy.review;

import static dev.interlock.policy.review.Policies.body;
import static dev.interlock.policy.review.Policies.brief;
import static dev.interlock.policy.review.Policies.deny;
import static dev.interlock.policy.review.Policies.rules;
import static dev.interlock.policy.review.Policies.tool;
import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Entry;
import dev.interlock.policy.Path;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.Unwrap;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.tool.ToolDefinition;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Reviews of policies that are for several servers, and of those whose tools run others. */
class ServersReviewTest {

    private static PolicyBody with(PolicyBody outer, Map<String, PolicyBody> servers) {
        Map<NamePattern, PolicyBody> bodies = new LinkedHashMap<>();
        servers.forEach((name, inner) -> bodies.put(new NamePattern(name), inner));
        return new PolicyBody(
                outer.posture(),
                outer.hide(),
                outer.tools(),
                outer.categories(),
                outer.risks(),
                outer.star(),
                outer.allTools(),
                Optional.of(bodies));
    }

    private static ServerTools server(@Nullable String name, String... tools) {
        List<ToolDefinition> definitions =
                List.of(tools).stream().map(tool -> tool(tool, Map.of())).toList();
        return new ServerTools(name, definitions);
    }

    private static List<String> review(PolicyBody body, ServerTools... servers) {
        return brief(PolicyReview.of(Policy.of(body), List.of(servers)).findings());
    }

    @Test
    void toolsOfEachServerAreLookedForAmongItsOwn() {
        PolicyBody github = body(
                Posture.ALLOW,
                List.of(),
                Map.of("get_issue", rules("servers.github.tools.get_issue", deny("servers.github.r"))));
        PolicyBody files =
                body(Posture.ALLOW, List.of(), Map.of("get_file", Entry.listed(Place.of("servers.files.tools.f"))));
        PolicyBody top = with(
                body(Posture.DENY, List.of(), Map.of("get_time", Entry.listed(Place.of("tools.get_time")))),
                Map.of("github", github, "files", files));

        assertThat(review(top, server("github", "get_issue", "get_time"), server("files", "get_file")))
                .isEmpty();
        assertThat(review(top, server("github", "get_file", "get_time"), server("files", "get_file")))
                .containsExactly("warning unknown-tool at servers.github.tools.get_issue");
        assertThat(review(top, server("files", "get_file", "get_time")))
                .as("nothing is known of github")
                .isEmpty();
    }

    @Test
    void aRuleOfAServersBodyIsReachedByItsToolsOnly() {
        PolicyBody github = body(
                Posture.ALLOW,
                List.of(),
                Map.of("get_issue", rules("servers.github.tools.get_issue", deny("servers.github.r"))));
        PolicyBody top = with(body(Posture.ALLOW, List.of("get_*"), Map.of()), Map.of("github", github));

        assertThat(review(top, server("github", "get_issue")))
                .containsExactly("note unreachable-rule at servers.github.r");
    }

    @Test
    void whatToolsThatRunOthersMayRunIsNotUnknown() {
        Unwrap unwrap =
                new Unwrap(null, Path.parse("args.name"), null, false, false, null, null, Place.of("tools.run.unwrap"));
        Map<String, Entry> tools = new LinkedHashMap<>();
        tools.put(
                "run",
                new Entry(
                        false,
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        null,
                        unwrap,
                        Place.of("tools.run")));
        tools.put("get_secret", rules("tools.get_secret", deny("tools.get_secret.r")));

        assertThat(review(body(Posture.ALLOW, List.of(), tools), server(null, "run")))
                .noneMatch(finding -> finding.contains("unknown-tool"));
    }
}
