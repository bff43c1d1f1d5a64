package dev.interlock.policy.cli.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.text.LookAlikes;
import dev.interlock.policy.tool.ToolCategory;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.tool.ToolRating;
import dev.interlock.policy.tool.rating.StandardToolClassifier;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import dev.interlock.policy.yaml.PolicyYaml;
import dev.interlock.policy.yaml.ReadResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** A starter policy is a policy whatever the server says, and does for each tool what its category asks for. */
class StarterPolicyProperties {

    private static final ObjectValue SCHEMA = (ObjectValue)
            Value.freeze(Map.of("type", "object", "properties", Map.of("id", Map.of()), "required", List.of("id")));

    @Property(edgeCases = EdgeCasesMode.NONE)
    void itReadsBackWithoutErrorsAndDeniesWhatItShould(
            @ForAll("servers") List<RatedTool> tools, @ForAll boolean denyOthers, @ForAll("texts") String source) {
        String text = new StarterPolicy(source, tools, denyOthers).text();

        ReadResult reading = PolicyYaml.read(text, "starter");
        assertThat(reading.errors()).as(text).isEmpty();
        assertThat(text.lines().filter(line -> !line.startsWith("  #") && !line.startsWith("#")))
                .as("outside of comments there are keys and rules alone")
                .allMatch(line -> line.matches(
                        "|version: \"1\"|default: (allow|deny)|tools:|  (\\w+|\".*\"):|    rules:|      .*"));
        PolicyEngine engine = PolicyEngine.builder(reading.orThrow()).build();
        tools.forEach(tool -> engine.tools().learn(null, List.of(tool.definition())));
        for (RatedTool tool : tools) {
            holds(tool, tools, engine);
        }
    }

    private static void holds(RatedTool tool, List<RatedTool> tools, PolicyEngine engine) {
        ToolCategory category = tool.rating().category();
        Decision bare = engine.decide(ToolCall.of(tool.name(), Map.of()));
        if (category == ToolCategory.DESTRUCTIVE
                || category == ToolCategory.FINANCIAL
                || LookAlikes.defect(tool.name()) != null) {
            assertThat(bare.verdict()).as(tool.name()).isEqualTo(Decision.Verdict.DENIED);
            return;
        }
        boolean plain = tools.stream().allMatch(other -> other.name().matches("[a-z_]+"));
        if (!plain) {
            // A name that needs a glob may put another tool under stricter rules.
            return;
        }
        assertThat(bare.allowed()).as(tool.name()).isEqualTo(category != ToolCategory.EXECUTE);
        int room = category == ToolCategory.READ ? 60 : category == ToolCategory.WRITE ? 30 : 10;
        ToolCall call = ToolCall.of(tool.name(), Map.of("id", 1)).in("s");
        for (int i = 0; i < room; i++) {
            assertThat(engine.admit(call).decision().allowed()).isTrue();
        }
    }

    @Provide
    Arbitrary<List<RatedTool>> servers() {
        Arbitrary<String> names = Arbitraries.frequencyOf(
                net.jqwik.api.Tuple.of(
                        4,
                        Arbitraries.of("get_item", "delete_item", "run_job", "create_item", "pay_bill", "null", "yes")),
                net.jqwik.api.Tuple.of(3, texts()),
                net.jqwik.api.Tuple.of(
                        2,
                        Arbitraries.of(
                                "x-tool",
                                "*",
                                "?",
                                "a*",
                                "<<",
                                "~",
                                "- a",
                                "a: b",
                                "#a",
                                "\"",
                                "\\",
                                "x-",
                                "1",
                                "get_\u0456tem",
                                "")));
        Arbitrary<ToolRating> ratings = Combinators.combine(Arbitraries.of(ToolCategory.class), texts())
                .as((category, factor) -> new ToolRating(category, category.usualRisk(), List.of(factor)));
        Arbitrary<RatedTool> tools = Combinators.combine(names, texts(), ratings)
                .as((name, description, rating) -> new RatedTool(
                        ToolDefinition.named(name).withDescription(description).withInputSchema(SCHEMA),
                        rating,
                        Doubt.NONE));
        return tools.list().ofMaxSize(6).uniqueElements(RatedTool::name);
    }

    @Provide
    Arbitrary<String> texts() {
        Arbitrary<String> pieces = Arbitraries.of(
                "a",
                "B",
                "0",
                "_",
                "-",
                ".",
                " ",
                "\n",
                "\r",
                "\r\n",
                "\t",
                "#",
                ":",
                "\"",
                "'",
                "\\",
                "\u0085",
                "\u2028",
                "\u2029",
                "\u202e",
                "\u200b",
                "\u001b[31m",
                "\0",
                "\ufeff",
                "\ud83d\ude00",
                "\ud800",
                "é",
                "\ue000",
                "\ufffe",
                "tools:",
                "\n  delete_item: {}\n",
                "---",
                "...",
                "*",
                "?",
                "&a",
                "!!x",
                "{",
                "]",
                "%");
        return pieces.list().ofMaxSize(12).map(list -> String.join("", list));
    }

    @Example
    void aServerOfThousandsOfWordyToolsStillGetsAPolicyThatReads() {
        List<RatedTool> tools = new ArrayList<>();
        for (int i = 0; i < 6_000; i++) {
            ToolDefinition tool =
                    ToolDefinition.named("get_" + "item".repeat(25) + i).withDescription("Gets it. ".repeat(80));
            tools.add(new RatedTool(tool, StandardToolClassifier.create().rate(tool), Doubt.NONE));
        }
        String text = new StarterPolicy("server", tools, false).text();

        assertThat(PolicyYaml.read(text, "starter").errors()).isEmpty();
    }
}
