package dev.interlock.policy.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Afterwards;
import dev.interlock.policy.Clearing;
import dev.interlock.policy.Entry;
import dev.interlock.policy.Mark;
import dev.interlock.policy.Path;
import dev.interlock.policy.Policy;
import dev.interlock.policy.text.NamePattern;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** How marks are read and written. */
class MarkReadingTest {

    private static final String DOCUMENT = """
            version: "1"
            tools:
              fetch:
                marks:
                  - web
                  - {name: order, value: args.order_id, on: success}
                  - {name: seen-ids, value: "result.structured.orders[*].id", for: 1h30m}
                clears: [web]
              send:
                ask_if: [{path: session.web, op: eq, value: true}]
                deny_if: [{path: args.id, op: not_in, value_from: session.seen-ids}]
            methods:
              resources/read:
                marks: [{name: order, value: params.uri}]
            grants:
              ana:
                servers:
                  mail:
                    tools:
                      send: {require: [{path: session.order, op: contains, value_from: args.id}]}
            """;

    @Test
    void everyPartOfAMarkIsRead() {
        Afterwards end = entry(read(DOCUMENT)).afterwards();

        assertThat(end.marks()).extracting(Mark::name).containsExactly("web", "order", "seen-ids");
        assertThat(end.marks())
                .extracting(Mark::value)
                .containsExactly(null, Path.parse("args.order_id"), Path.parse("result.structured.orders[*].id"));
        assertThat(end.marks()).extracting(Mark::onSuccess).containsExactly(false, true, false);
        assertThat(end.marks()).extracting(Mark::lasting).containsExactly(null, null, Duration.ofMinutes(90));
        assertThat(end.clears()).extracting(Clearing::mark).containsExactly("web");
        assertThat(end.marks().get(1).place().toString()).contains("tools.fetch.marks[1]");
    }

    @Test
    void whatIsWrittenReadsToAnEqualPolicy() {
        Policy policy = read(DOCUMENT);
        String written = PolicyYaml.write(policy);

        assertThat(read(written)).isEqualTo(policy);
        assertThat(written)
                .contains("- web\n")
                .contains("- {name: order, value: args.order_id, on: success}")
                .contains("- {name: seen-ids, value: \"result.structured.orders[*].id\", for: 90m}");
    }

    @Test
    void aMarkMayBeSetAndReadAnywhereInADocument() {
        assertThat(PolicyYaml.read(DOCUMENT, "policy.yaml").diagnostics())
                .extracting(Diagnostic::code)
                .doesNotContain("unknown-mark", "unread-mark");
    }

    @Test
    void aMarkThatOnlyRestrictsNeedsNoSuccess() {
        for (String use : List.of(
                "require: [{path: session.web, op: exists, value: false}]",
                "deny_if: [{path: session.web, op: exists, value: true}]",
                "ask_if: [{path: session.web, op: exists, value: false}]")) {
            assertThat(codes(use)).as(use).doesNotContain("mark-without-success");
        }
        for (String use : List.of(
                "require: [{path: session.web, op: exists, value: true}]",
                "rules: [{conditions: [{path: session.web, op: eq, value: true}]}]",
                "deny_if: [{path: session.web, op: exists, value: false}]")) {
            assertThat(codes(use)).as(use).contains("mark-without-success");
        }
    }

    private static List<String> codes(String use) {
        return PolicyYaml.read("version: \"1\"\ntools:\n  a: {marks: [web]}\n  b: {" + use + "}\n", "p.yaml")
                .diagnostics()
                .stream()
                .map(Diagnostic::code)
                .toList();
    }

    private static Entry entry(Policy policy) {
        return Objects.requireNonNull(policy.body().tools().get(new NamePattern("fetch")));
    }

    private static Policy read(String document) {
        return PolicyYaml.read(document, "policy.yaml").orThrow();
    }
}
