package dev.interlock.policy.cli.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Whatever a log holds, its statistics add up. */
class AuditStatsProperties {

    private static final JsonMapper JSON = new JsonMapper();

    private static AuditStats stats(List<String> lines) {
        AuditStats stats = new AuditStats();
        for (String line : lines) {
            byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
            AuditLine read = AuditLine.read(bytes, 0, bytes.length);
            if (read == null) {
                stats.unreadable();
            } else {
                stats.add(read);
            }
        }
        return stats;
    }

    private static String decision(String id, String decision, String tool, String rule) {
        return "{\"event\":\"decision\",\"id\":\"" + id + "\",\"decision\":\"" + decision + "\",\"tool\":\"" + tool
                + "\",\"rule\":\"" + rule
                + "\",\"code\":\"condition\",\"t\":\"2026-01-05T09:00:00Z\",\"tookMicros\":5}";
    }

    private static String settlement(String id, String outcome) {
        return "{\"event\":\"settlement\",\"id\":\"" + id + "\",\"outcome\":\"" + outcome + "\"}";
    }

    @Provide
    Arbitrary<List<String>> logs() {
        Arbitrary<String> ids = Arbitraries.integers().between(1, 9).map(id -> "d" + id);
        Arbitrary<String> words = Arbitraries.of(
                "allowed", "denied", "hidden", "asked", "approved", "refused", "audited", "no such word");
        Arbitrary<String> tools = Arbitraries.of("pay", "get", "delete");
        Arbitrary<String> rules = Arbitraries.of("cap", "pace", "ask");
        Arbitrary<String> decisions = Combinators.combine(
                        ids.injectNull(0.1).map(id -> id == null ? "" : id), words, tools, rules)
                .as(AuditStatsProperties::decision);
        Arbitrary<String> settlements = Combinators.combine(
                        ids, Arbitraries.of("success", "error", "tool_error", "unsent", "unknown", "no such word"))
                .as(AuditStatsProperties::settlement);
        Arbitrary<String> methods = words.map(word -> "{\"event\":\"method\",\"decision\":\"" + word
                + "\",\"method\":\"resources/read\",\"rule\":\"r\",\"code\":\"method\"}");
        Arbitrary<String> others = Arbitraries.of(
                "{\"event\":\"open\"}", "{\"event\":\"policy\"}", "{\"event\":\"x\"}", "{}", "no JSON", "[]");
        return Arbitraries.oneOf(decisions, decisions, settlements, methods, others)
                .list()
                .ofMaxSize(60);
    }

    private static long sum(JsonNode counts) {
        long sum = 0;
        for (JsonNode count : counts) {
            sum += count.isObject() ? count.get("count").asLong() : count.asLong();
        }
        return sum;
    }

    private static long of(JsonNode counts, String... names) {
        long sum = 0;
        for (String name : names) {
            sum += counts.has(name) ? counts.get(name).asLong() : 0;
        }
        return sum;
    }

    @Property
    void thePartsOfEveryTotalMakeIt(@ForAll("logs") List<String> log) {
        JsonNode json = JSON.readTree(stats(log).json(1_000).toString());
        JsonNode decisions = json.get("decisions");
        JsonNode methods = json.get("methods");

        assertThat(sum(json.get("events")) + json.get("unreadable").asLong()).isEqualTo(log.size());
        assertThat(sum(decisions)).isEqualTo(json.get("calls").asLong());
        assertThat(sum(methods)).isEqualTo(of(json.get("events"), "method"));
        assertThat(sum(json.get("endings")) + json.get("endingsNotOnRecord").asLong())
                .as("each call that was let through has ended somehow")
                .isEqualTo(of(decisions, "allowed", "approved", "audited"));
        assertThat(sum(json.get("endings")) + json.get("endingsOfOthers").asLong())
                .isEqualTo(of(json.get("events"), "settlement"));
        assertThat(sum(json.get("wouldBeDenied")))
                .isEqualTo(json.get("wouldBeDeniedInAll").asLong())
                .isEqualTo(of(decisions, "audited") + of(methods, "audited"));
        assertThat(sum(json.get("denials")))
                .isEqualTo(json.get("denialsInAll").asLong())
                .isEqualTo(of(decisions, "denied", "hidden", "refused") + of(methods, "denied", "hidden", "refused"));
        long tools = 0;
        for (JsonNode tool : json.get("tools")) {
            tools += tool.get("calls").asLong();
        }
        assertThat(tools).isEqualTo(json.get("calls").asLong());
    }

    @Property
    void theRowsOfEveryParagraphMakeTheTotalInItsHeadHoweverFewAreShown(
            @ForAll("logs") List<String> log, @ForAll @IntRange(min = 0, max = 3) int top) {
        String text = stats(log).text(top);

        for (String paragraph : text.split("\n\n", -1)) {
            List<MatchResult> head = Pattern.compile("\\A[a-z ,]+: ([0-9,]+)")
                    .matcher(paragraph)
                    .results()
                    .toList();
            if (head.isEmpty() || paragraph.startsWith("time")) {
                continue;
            }
            List<Long> rows = new ArrayList<>();
            Pattern.compile("\n +([0-9,]+) ")
                    .matcher(paragraph)
                    .results()
                    .forEach(row -> rows.add(Long.valueOf(row.group(1))));
            assertThat(rows.stream().mapToLong(row -> row).sum())
                    .as(paragraph)
                    .isEqualTo(Long.parseLong(head.get(0).group(1)));
        }
    }

    @Example
    void aLogInAuditModeSaysByRuleWhatWouldHaveBeenDenied() {
        String text = stats(List.of(
                        decision("1", "audited", "pay", "cap"),
                        settlement("1", "success"),
                        decision("2", "audited", "pay", "cap"),
                        settlement("2", "tool_error"),
                        decision("3", "audited", "delete", "ask"),
                        decision("4", "allowed", "get", ""),
                        settlement("4", "unknown")))
                .text(10);

        assertThat(text)
                .contains("1 allowed, 3 audited")
                .contains("ended: 1 success, 1 tool_error, 1 unknown, 1 not on record")
                .contains("""
                        would have been denied, but for audit mode: 3
                               2  pay  by cap [condition]
                               1  delete  by ask [condition]
                        """)
                .doesNotContain("\ndenied");
    }

    @Example
    void aCallThatAPersonAnsweredIsOneCall() {
        String text = stats(List.of(
                        decision("1", "asked", "pay", "ask"),
                        decision("1", "approved", "pay", "ask"),
                        decision("2", "asked", "pay", "ask"),
                        decision("2", "refused", "pay", "ask"),
                        decision("3", "asked", "pay", "ask")))
                .text(10);

        assertThat(text)
                .startsWith("3 calls")
                .contains("1 approved, 1 asked, 1 refused")
                .contains("denied: 1\n");
    }
}
