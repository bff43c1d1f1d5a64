package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.hourly;
import static dev.interlock.policy.engine.Policies.rate;
import static dev.interlock.policy.engine.Policies.when;
import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Afterwards;
import dev.interlock.policy.Block;
import dev.interlock.policy.Condition;
import dev.interlock.policy.Entry;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Operand;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Path;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.ResultRule;
import dev.interlock.policy.ResultRule.TextRedaction;
import dev.interlock.policy.adapter.DenialText;
import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.ResultFate;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.tool.SchemaValidator;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.nio.charset.StandardCharsets;
import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a policy does with what comes back of a call. */
class ResultsTest {

    private static final CallResult FINE = text("fine");

    private final ManualTime clock = new ManualTime();
    private final List<AuditEvent> events = new ArrayList<>();

    private static CallResult text(String... texts) {
        return CallResult.of(Map.of("content", blocks(texts)));
    }

    private static List<Map<String, ?>> blocks(String... texts) {
        return Arrays.stream(texts)
                .<Map<String, ?>>map(text -> Map.of("type", "text", "text", text))
                .toList();
    }

    private static CallResult structured(Object structured, String... texts) {
        return CallResult.of(Map.of("content", blocks(texts), "structuredContent", structured));
    }

    private static ResultRule rule(
            List<Condition> require,
            List<Condition> denyIf,
            List<TextRedaction> redact,
            @Nullable Long most,
            boolean cuts) {
        return new ResultRule(
                "r", clauses(require), clauses(denyIf), redact, most, cuts, null, Mode.ENFORCE, Place.of("results[0]"));
    }

    private static List<Block> clauses(List<Condition> conditions) {
        return conditions.stream()
                .map(condition -> new Block(List.of(condition), null, Place.of("results[0].x")))
                .toList();
    }

    private static ResultRule requires(Condition... conditions) {
        return rule(List.of(conditions), List.of(), List.of(), null, false);
    }

    private static ResultRule deniesIf(Condition... conditions) {
        return rule(List.of(), List.of(conditions), List.of(), null, false);
    }

    private static ResultRule redacts(TextRedaction... redactions) {
        return rule(List.of(), List.of(), List.of(redactions), null, false);
    }

    private static ResultRule most(long bytes) {
        return rule(List.of(), List.of(), List.of(), bytes, false);
    }

    private static ResultRule cutsTo(long bytes) {
        return rule(List.of(), List.of(), List.of(), bytes, true);
    }

    private static ResultRule recorded(ResultRule rule) {
        return new ResultRule(
                rule.name(),
                rule.require(),
                rule.denyIf(),
                rule.redact(),
                rule.maxBytes(),
                rule.cuts(),
                rule.message(),
                Mode.AUDIT,
                rule.place());
    }

    private static TextRedaction secret() {
        return new TextRedaction.Matches("SECRET-[0-9]+", "[gone]");
    }

    private static Entry entry(ResultRule... rules) {
        return Policies.entry(List.of(rate("r", hourly(99))), List.of(), List.of())
                .with(new Afterwards(List.of(rules), List.of(), List.of()));
    }

    private static Policy policy(ResultRule... rules) {
        return Policies.of("fetch", entry(rules));
    }

    private PolicyEngine.Builder builder(Policy policy) {
        return PolicyEngine.builder(policy).time(clock).audit(events::add);
    }

    private static ToolCall fetch() {
        return ToolCall.of("fetch", Map.of("q", "x")).by("ann");
    }

    private JudgedResult judge(CallResult came, ResultRule... rules) {
        return judge(builder(policy(rules)).build(), came);
    }

    private static JudgedResult judge(PolicyEngine engine, CallResult came) {
        Admission admission = engine.admit(fetch());
        assertThat(admission.decision().allowed()).isTrue();
        return admission.answered(came, came.outcome()).toCompletableFuture().join();
    }

    private static void assertWithheld(JudgedResult judged) {
        assertThat(judged.decision().allowed()).isFalse();
        assertThat(judged.decision().code()).isEqualTo(Code.RESULT);
        assertThat(judged.report().fate()).isEqualTo(ResultFate.WITHHELD);
        assertThat(new DenialText(DenialText.DEFAULT_PREFIX).of(judged.decision()))
                .startsWith("[RESULT WITHHELD] ");
    }

    private static void assertPassed(JudgedResult judged, CallResult came) {
        assertThat(judged.decision().allowed()).isTrue();
        assertThat(judged.shown()).isSameAs(came);
        assertThat(judged.report().fate()).isEqualTo(ResultFate.PASSED);
    }

    private AuditEvent.ResultJudged event() {
        return events.stream()
                .filter(AuditEvent.ResultJudged.class::isInstance)
                .map(AuditEvent.ResultJudged.class::cast)
                .reduce((first, second) -> second)
                .orElseThrow();
    }

    private static List<?> textsOf(JudgedResult judged) {
        List<Object> texts = new ArrayList<>();
        for (Object block : (List<?>) judged.shown().members().get("content")) {
            texts.add(((Map<?, ?>) block).get("text"));
        }
        return texts;
    }

    @Test
    void aResultThatARuleDoesNotObjectToIsTheSameObject() {
        assertPassed(
                judge(FINE, requires(when("result.text", Operator.EQ, "fine")), redacts(secret()), most(1_000)), FINE);
    }

    @Test
    void aResultThatLacksWhatIsRequiredIsWithheld() {
        ResultRule rule = requires(when("result.structured.status", Operator.EQ, "public"));

        assertPassedWith(structured(Map.of("status", "public")), rule);
        assertWithheld(judge(structured(Map.of("status", "secret")), rule));
        assertWithheld(judge(FINE, rule));
    }

    private void assertPassedWith(CallResult came, ResultRule... rules) {
        assertPassed(judge(came, rules), came);
    }

    @Test
    void aConditionThatIsInvalidWithholdsUnderRequireAndUnderDenyIf() {
        Condition condition = when("result.structured.level", Operator.GT, 3);
        CallResult unclear = structured(Map.of("level", "high"));

        assertWithheld(judge(unclear, requires(condition)));
        assertWithheld(judge(unclear, deniesIf(condition)));
        assertPassedWith(structured(Map.of()), deniesIf(condition));
    }

    @Test
    void conditionsReadEveryTextTheErrorFlagTheSizeAndTheNumberOfBlocks() {
        CallResult came = CallResult.of(Map.of("content", blocks("a", "b"), "isError", true));
        long bytes = Value.freeze(came.result()).json().getBytes(StandardCharsets.UTF_8).length;

        assertPassedWith(
                came,
                requires(
                        when("result.text", Operator.EQ, "a\nb"),
                        when("result.is_error", Operator.EQ, true),
                        when("result.blocks", Operator.EQ, 2),
                        when("result.bytes", Operator.EQ, bytes)));
        assertPassedWith(CallResult.of(Map.of()), requires(when("result.text", Operator.EQ, "")));
    }

    @Test
    void conditionsReadTheCallAsItWasDecided() {
        ResultRule rule = requires(
                when("args.q", Operator.EQ, "x"),
                new Condition(
                        Path.parse("result.structured.owner"),
                        Operator.EQ,
                        Operand.from(Operator.EQ, Path.parse("call.identity")),
                        null,
                        Place.of("c")));

        assertPassedWith(structured(Map.of("owner", "ann")), rule);
        assertWithheld(judge(structured(Map.of("owner", "bob")), rule));
    }

    @Test
    void conditionsLookAtWhatTheServerSaidAndNotAtWhatIsLeftOfIt() {
        ResultRule rule = rule(
                List.of(), List.of(when("result.text", Operator.CONTAINS, "SECRET")), List.of(secret()), null, false);

        assertWithheld(judge(text("a SECRET-1"), rule));
    }

    @Test
    void theMessageOfTheConditionOfItsBlockOrOfTheRuleIsTold() {
        Condition own = new Condition(
                Path.parse("result.text"),
                Operator.EQ,
                Operand.of(Operator.EQ, Value.freeze("x")),
                "Own.",
                Place.of("c"));
        ResultRule rule = new ResultRule(
                null,
                List.of(new Block(List.of(own), null, Place.of("b"))),
                List.of(new Block(List.of(when("result.text", Operator.EQ, "x")), "Block.", Place.of("b"))),
                List.of(),
                4L,
                false,
                "Rule.",
                Mode.ENFORCE,
                Place.of("results[0]"));

        assertThat(judge(FINE, rule).decision().message()).isEqualTo("Own.");
        assertThat(judge(text("x"), rule).decision().message()).isEqualTo("Block.");
        assertThat(judge(
                                FINE,
                                new ResultRule(
                                        null,
                                        List.of(),
                                        List.of(),
                                        List.of(),
                                        4L,
                                        false,
                                        "Rule.",
                                        Mode.ENFORCE,
                                        Place.of("r")))
                        .decision()
                        .message())
                .isEqualTo("Rule.");
    }

    @Test
    void aWithheldResultTellsTheAgentThatTheCallHasRunAndNothingOfTheResult() {
        JudgedResult judged = judge(text("SECRET-1"), deniesIf(when("result.text", Operator.CONTAINS, "SECRET")));

        assertThat(judged.decision().message()).contains("'fetch' has run").doesNotContain("SECRET");
    }

    @Test
    void everyTextIsRedactedAndKeysNumbersTypesAndBytesStay() {
        Map<String, Object> result = Map.of(
                "content",
                List.of(
                        Map.of("type", "text", "text", "a SECRET-1", "annotations", Map.of("x", "SECRET-2")),
                        Map.of("type", "resource", "resource", Map.of("uri", "f:SECRET-3", "text", "SECRET-4")),
                        Map.of("type", "resource", "resource", Map.of("uri", "f:x", "blob", "SECRET-5")),
                        Map.of(
                                "type",
                                "resource_link",
                                "uri",
                                "SECRET-6",
                                "name",
                                "SECRET-7",
                                "title",
                                "SECRET-8",
                                "description",
                                "SECRET-9"),
                        Map.of("type", "image", "data", "SECRET-1", "mimeType", "SECRET-2"),
                        Map.of("type", "SECRET-3", "data", "SECRET-4")),
                "structuredContent",
                Map.of("SECRET-1", "SECRET-2", "n", 5, "type", "SECRET-3", "list", List.of("SECRET-4", true)),
                "_meta",
                Map.of("data", "SECRET-5"));

        JudgedResult judged = judge(CallResult.of(result), redacts(secret()));

        assertThat(judged.shown().result())
                .isEqualTo(Map.of(
                        "content",
                        List.of(
                                Map.of("type", "text", "text", "a [gone]", "annotations", Map.of("x", "[gone]")),
                                Map.of("type", "resource", "resource", Map.of("uri", "f:[gone]", "text", "[gone]")),
                                Map.of("type", "resource", "resource", Map.of("uri", "f:x", "blob", "SECRET-5")),
                                Map.of(
                                        "type",
                                        "resource_link",
                                        "uri",
                                        "[gone]",
                                        "name",
                                        "[gone]",
                                        "title",
                                        "[gone]",
                                        "description",
                                        "[gone]"),
                                Map.of("type", "image", "data", "SECRET-1", "mimeType", "SECRET-2"),
                                Map.of("type", "[gone]", "data", "[gone]")),
                        "structuredContent",
                        Map.of("SECRET-1", "[gone]", "n", 5, "type", "[gone]", "list", List.of("[gone]", true)),
                        "_meta",
                        Map.of("data", "[gone]")));
        assertThat(judged.report().fate()).isEqualTo(ResultFate.REDACTED);
        assertThat(judged.report().redactions()).isEqualTo(14);
    }

    @Test
    void partsWithoutAMatchAreTheSameObjects() {
        CallResult came = structured(Map.of("a", "fine"), "SECRET-1", "other");

        CallResult shown = judge(came, redacts(secret())).shown();

        assertThat(shown.members().get("structuredContent"))
                .isSameAs(came.members().get("structuredContent"));
        assertThat(((List<?>) shown.members().get("content")).get(1))
                .isSameAs(((List<?>) came.members().get("content")).get(1));
    }

    @Test
    void redactionsOfAllRulesApplyInOrder() {
        JudgedResult judged = judge(
                text("one"),
                redacts(new TextRedaction.Matches("one", "two"), new TextRedaction.Matches("two", "three")),
                redacts(new TextRedaction.Matches("three", "four")));

        assertThat(textsOf(judged)).isEqualTo(List.of("four"));
    }

    @Test
    void theMessageAndTheDataOfAnErrorAreRedacted() {
        CallResult came = CallResult.failed(-32000, "no SECRET-1", Map.of("why", List.of("SECRET-2")));

        CallResult shown = judge(came, redacts(secret())).shown();

        assertThat(shown).isEqualTo(CallResult.failed(-32000, "no [gone]", Map.of("why", List.of("[gone]"))));
    }

    @Test
    void anErrorIsJudgedLikeAResultThatIsAnError() {
        CallResult came = CallResult.failed(-32000, "no SECRET-1", null);

        assertPassedWith(
                came,
                requires(when("result.is_error", Operator.EQ, true), when("result.text", Operator.EQ, "no SECRET-1")));
        assertWithheld(judge(came, deniesIf(when("result.is_error", Operator.EQ, true))));
    }

    @Test
    void anErrorThatIsWithheldKeepsWhatTheCallTook() {
        Policy policy = policy(deniesIf(when("result.is_error", Operator.EQ, true)));
        PolicyEngine engine = builder(policy).build();

        assertWithheld(judge(engine, CallResult.failed(-32000, "no", null)));

        assertThat(events)
                .filteredOn(AuditEvent.Settled.class::isInstance)
                .extracting(event -> ((AuditEvent.Settled) event).outcome())
                .containsExactly(CallOutcome.TOOL_ERROR);
    }

    @Test
    void theSmallestBoundHoldsAndARuleThatWithholdsComesBeforeOneThatCuts() {
        CallResult came = text("x".repeat(2_000));

        assertThat(judge(came, most(5_000), cutsTo(500)).report().fate()).isEqualTo(ResultFate.CUT);
        assertWithheld(judge(came, cutsTo(500), most(500)));
        assertWithheld(judge(came, most(400), cutsTo(500)));
        assertPassedWith(came, most(5_000));
    }

    @Test
    void aResultIsCountedByteForByteWhereABoundIsClose() {
        CallResult came = text("é\n\"/😀\u0001");
        int bytes = Value.freeze(came.result()).json().getBytes(StandardCharsets.UTF_8).length;

        assertPassedWith(came, most(bytes));
        assertWithheld(judge(came, most(bytes - 1)));
    }

    @Test
    void aCutSaysHowMuchIsMissingAndKeepsWholeCharacters() {
        JudgedResult judged = judge(text("first", "😀".repeat(500)), cutsTo(400));

        List<?> texts = textsOf(judged);
        assertThat(texts).hasSize(3);
        assertThat(texts.get(0)).isEqualTo("first");
        String kept = (String) texts.get(1);
        assertThat(kept).isNotEmpty().matches("(?:😀)+");
        int missing = (500 - kept.codePointCount(0, kept.length())) * 4;
        assertThat(texts.get(2)).isEqualTo("[cut by the policy: " + missing + " bytes of text are missing]");
        assertThat(judged.report().missingBytes()).isEqualTo(missing);
        assertThat(ResultSize.of(judged.shown())).isLessThanOrEqualTo(400);
    }

    @Test
    void aCutLeavesOutImagesThatDoNotFitAndKeepsTextsThatDo() {
        CallResult came = CallResult.of(Map.of(
                "content",
                List.of(
                        Map.of("type", "image", "data", "A".repeat(900), "mimeType", "image/png"),
                        Map.of("type", "text", "text", "kept"))));

        JudgedResult judged = judge(came, cutsTo(500));

        assertThat(textsOf(judged))
                .isEqualTo(List.of("kept", "[cut by the policy: 1 images or other parts were left out]"));
        assertThat(judged.report().dropped()).isEqualTo(1);
    }

    @Test
    void aTextOfAResourceIsCutLikeAnother() {
        CallResult came = CallResult.of(Map.of(
                "content",
                List.of(Map.of("type", "resource", "resource", Map.of("uri", "f:x", "text", "y".repeat(900))))));

        JudgedResult judged = judge(came, cutsTo(500));

        assertThat(judged.report().fate()).isEqualTo(ResultFate.CUT);
        assertThat(judged.shown().result().toString()).contains("uri=f:x").contains("yyy");
    }

    @Test
    void whatCanNotBeCutIsWithheld() {
        String large = "x".repeat(900);
        CallResult asking = CallResult.of(Map.of(
                "resultType",
                "input_required",
                "content",
                blocks(large),
                "inputRequests",
                Map.of(),
                "requestState",
                "s"));

        assertWithheld(judge(structured(Map.of("a", large)), cutsTo(500)));
        assertWithheld(judge(CallResult.of(Map.of("content", List.of(), "_meta", Map.of("a", large))), cutsTo(500)));
        assertWithheld(judge(asking, cutsTo(500)));
        assertWithheld(judge(CallResult.failed(1, large, null), cutsTo(500)));
        assertWithheld(judge(text(large), cutsTo(10)));
    }

    @Test
    void whatIsAskedOfTheClientIsRedactedAndTheStateOfTheServerIsNot() {
        CallResult came = CallResult.of(Map.of(
                "resultType",
                "input_required",
                "requestState",
                "SECRET-1",
                "inputRequests",
                Map.of("k", Map.of("method", "elicitation/create", "params", Map.of("message", "SECRET-2?")))));

        Admission admission = builder(policy(redacts(secret()))).build().admit(fetch());
        CallResult shown =
                admission.answered(came, null).toCompletableFuture().join().shown();

        assertThat(shown.members().get("requestState")).isEqualTo("SECRET-1");
        assertThat(shown.members().get("inputRequests"))
                .isEqualTo(Map.of("k", Map.of("method", "elicitation/create", "params", Map.of("message", "[gone]?"))));
    }

    @Test
    void whatWasRedactedAndThenCutCountsAsCut() {
        JudgedResult judged = judge(text("SECRET-1 " + "x".repeat(900)), redacts(secret()), cutsTo(500));

        assertThat(judged.report().fate()).isEqualTo(ResultFate.CUT);
        assertThat(judged.report().redactions()).isEqualTo(1);
        assertThat((String) textsOf(judged).get(0)).startsWith("[gone] x");
    }

    @Test
    void whatOnlyARedactionMakesSmallEnoughPasses() {
        ResultRule rule = rule(List.of(), List.of(), List.of(new TextRedaction.Matches("x+", "x")), 200L, false);

        assertThat(judge(text("x".repeat(900)), rule).report().fate()).isEqualTo(ResultFate.REDACTED);
    }

    @Test
    void aRuleThatOnlyRecordsChangesNothingAndSaysWhatItWouldHaveDone() {
        CallResult came = text("SECRET-1 SECRET-2");

        assertPassed(judge(came, recorded(deniesIf(when("result.text", Operator.CONTAINS, "SECRET")))), came);
        assertThat(event().report().recorded()).isEqualTo(ResultFate.WITHHELD);
        assertThat(event().decision().audited()).isTrue();
        assertPassed(judge(came, recorded(redacts(secret()))), came);
        assertThat(event().report().recorded()).isEqualTo(ResultFate.REDACTED);
        assertThat(event().report().recordedRedactions()).isEqualTo(2);
        assertPassed(judge(came, recorded(most(10))), came);
        assertThat(event().report().recorded()).isEqualTo(ResultFate.WITHHELD);
        CallResult large = text("x".repeat(900));
        assertPassed(judge(large, recorded(cutsTo(500))), large);
        assertThat(event().report().recorded()).isEqualTo(ResultFate.CUT);
    }

    @Test
    void aPolicyThatOnlyRecordsLetsEveryResultPass() {
        Policy enforced = policy(deniesIf(when("result.text", Operator.CONTAINS, "SECRET")), redacts(secret()));
        Policy policy = new Policy("", Mode.AUDIT, enforced.body(), Map.of(), Optional.empty());
        CallResult came = text("SECRET-1");

        assertPassed(judge(builder(policy).build(), came), came);
        assertThat(event().report().recorded()).isEqualTo(ResultFate.WITHHELD);
    }

    @Test
    void whatCanNotBeReadIsWithheldAndReported() {
        Map<Object, Object> notJson = new HashMap<>(Map.of("content", List.of()));
        notJson.put("x", new Object());
        Object deep = "x";
        for (int i = 0; i < 1_000; i++) {
            deep = List.of(deep);
        }

        assertWithheld(judge(CallResult.of(notJson), redacts(secret())));
        assertWithheld(judge(CallResult.of(Map.of("content", List.of(), "deep", deep)), redacts(secret())));
        assertWithheld(judge(CallResult.of(Map.of("content", List.of(), "deep", deep)), most(100)));
        assertWithheld(judge(text("\ud800"), most(10)));
        assertThat(events).hasAtLeastOneElementOfType(AuditEvent.Failed.class);
    }

    @Test
    void anExplanationSaysWhatWillBeDoneWithTheResult() {
        PolicyEngine engine = builder(policy(
                        requires(when("result.text", Operator.EQ, "fine")),
                        redacts(TextRedaction.Preset.EMAILS, secret()),
                        recorded(cutsTo(500))))
                .build();

        assertThat(engine.explain(fetch()).steps())
                .extracting(Explanation.ExplainedStep::text)
                .contains(
                        "r: looks at the result: has 1 condition on it",
                        "r: looks at the result: replaces emails, what matches SECRET-[0-9]+",
                        "r: only records what it would do with the result: cuts it to 500 bytes");
    }

    @Test
    void aSecondAnswerIsWithheld() {
        Admission admission = builder(policy(redacts(secret()))).build().admit(fetch());

        assertPassed(
                admission
                        .answered(FINE, CallOutcome.SUCCEEDED)
                        .toCompletableFuture()
                        .join(),
                FINE);
        assertWithheld(admission
                .answered(FINE, CallOutcome.SUCCEEDED)
                .toCompletableFuture()
                .join());
    }

    @Test
    void aCallAsATaskIsDeniedAndSoIsAnAnswerThatMakesOneOfIt() {
        PolicyEngine engine = builder(policy(redacts(secret()))).build();
        ToolCall call = fetch().saying((ObjectValue) Value.freeze(Map.of("task", Map.of())));

        assertThat(engine.admit(call).decision().code()).isEqualTo(Code.TASK);
        Admission admission = engine.admit(fetch());
        assertThat(engine.admitTask(fetch(), admission, 0).code()).isEqualTo(Code.TASK);
        assertThat(engine.admitTask(fetch(), admission, 0).allowed()).isFalse();
    }

    @Test
    void rulesThatOnlyRecordOnlyRecordTasks() {
        PolicyEngine engine = builder(policy(recorded(redacts(secret())))).build();
        ToolCall call = fetch().saying((ObjectValue) Value.freeze(Map.of("task", Map.of())));

        assertThat(engine.admit(call).decision().allowed()).isTrue();
        assertThat(engine.admit(call).decision().code()).isEqualTo(Code.TASK);
    }

    @Test
    void theRecordSaysWhatBecameOfAResultAndNothingOfItsContent() {
        judge(text("SECRET-1 SECRET-2"), redacts(secret()));

        assertThat(event().report().fate()).isEqualTo(ResultFate.REDACTED);
        assertThat(event().report().redactions()).isEqualTo(2);
        assertThat(event().toString()).doesNotContain("SECRET");
        judge(FINE, redacts(secret()));
        assertThat(event().report().fate()).isEqualTo(ResultFate.PASSED);
    }

    @Test
    void aCallAboutWhoseResultThePolicySaysNothingHasNoSuchRecord() {
        PolicyEngine engine = builder(Policies.of(
                        "fetch", Policies.entry(List.of(rate("r", hourly(99))), List.of(), List.of())))
                .build();

        Admission admission = engine.admit(fetch());

        assertThat(admission.judgesAnswer()).isFalse();
        assertThat(admission
                        .answered(FINE, CallOutcome.SUCCEEDED)
                        .toCompletableFuture()
                        .join()
                        .shown())
                .isSameAs(FINE);
        assertThat(events).noneMatch(AuditEvent.ResultJudged.class::isInstance);
    }

    @ParameterizedTest
    @MethodSource("validators")
    void structuredContentThatNoLongerFitsItsSchemaIsWithheld(@Nullable SchemaValidator validator, boolean fits) {
        ObjectValue schema = (ObjectValue) Value.freeze(Map.of("type", "object"));
        PolicyEngine.Builder builder = builder(policy(redacts(secret())));
        if (validator != null) {
            builder.schemaValidator(validator);
        }
        PolicyEngine engine = builder.build();
        engine.tools()
                .learn(
                        null,
                        List.of(new ToolDefinition(
                                "fetch", "", "", ObjectValue.EMPTY, schema, ObjectValue.EMPTY, true)));

        JudgedResult judged = judge(engine, structured(Map.of("a", "SECRET-1")));

        assertThat(judged.decision().allowed()).isEqualTo(fits);
        CallResult unchanged = structured(Map.of("a", "b"));
        assertPassed(judge(engine, unchanged), unchanged);
    }

    @Test
    void structuredContentThatIsUnchangedNeedsNoSchemaThoughItIsAViewMadeAnewAtEachLook() {
        ObjectValue schema = (ObjectValue) Value.freeze(Map.of("type", "object"));
        PolicyEngine engine = builder(policy(redacts(secret()))).build();
        engine.tools()
                .learn(
                        null,
                        List.of(new ToolDefinition(
                                "fetch", "", "", ObjectValue.EMPTY, schema, ObjectValue.EMPTY, true)));
        Map<String, Object> result = Map.of("content", blocks("a SECRET-1"), "structuredContent", Map.of("a", "b"));
        Map<String, Object> view = new AbstractMap<>() {
            @Override
            public Set<Map.Entry<String, Object>> entrySet() {
                return result.entrySet().stream()
                        .map(entry -> Map.entry(
                                entry.getKey(),
                                entry.getValue() instanceof Map<?, ?> map ? new HashMap<>(map) : entry.getValue()))
                        .collect(Collectors.toSet());
            }
        };

        JudgedResult judged = judge(engine, CallResult.of(view));

        assertThat(judged.decision().allowed()).isTrue();
        assertThat(textsOf(judged)).isEqualTo(List.of("a [gone]"));
    }

    static List<org.junit.jupiter.params.provider.Arguments> validators() {
        SchemaValidator none = (schema, value) -> Optional.empty();
        SchemaValidator always = (schema, value) -> Optional.of("no");
        return List.of(
                org.junit.jupiter.params.provider.Arguments.of(none, true),
                org.junit.jupiter.params.provider.Arguments.of(always, false),
                org.junit.jupiter.params.provider.Arguments.of(null, false));
    }

    @Test
    void aPredicateOfTheHostsIsAskedWithoutBlockingWhoeverBringsTheAnswer() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CompletableFuture<Boolean> said = new CompletableFuture<>();
        Condition condition = new Condition(
                Path.parse("result.text"),
                Operator.CUSTOM,
                Operand.custom("fine", Value.Nil.NULL),
                null,
                Place.of("c"));
        PolicyEngine engine = builder(policy(requires(condition)))
                .predicate("fine", (value, operand) -> {
                    asked.countDown();
                    return said.join() && value.equals(Value.freeze("fine"));
                })
                .build();
        Admission admission = engine.admit(fetch());

        CompletionStage<JudgedResult> judged = admission.answered(FINE, CallOutcome.SUCCEEDED);
        asked.await();
        boolean before = judged.toCompletableFuture().isDone();
        said.complete(true);

        assertThat(before).isFalse();
        assertPassed(judged.toCompletableFuture().join(), FINE);
        assertWithheld(judge(engine, text("other")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "StructuredContent",
                "structured\u0441ontent",
                "CONTENT",
                "IsError",
                "_Meta",
                "structuredContent\u200b"
            })
    void aMemberThatOnlyLooksLikeOneThatIsJudgedWithholdsTheResult(String name) {
        CallResult came = CallResult.of(Map.of("content", blocks("fine"), name, Map.of("blob", "SECRET-1")));

        assertWithheld(judge(came, redacts(secret())));
        assertWithheld(judge(came, most(10_000)));
        assertThat(judge(came, recorded(most(10_000))).shown()).isSameAs(came);
        CallResult beneath = structured(Map.of("Content", "x"), "fine");
        assertPassed(judge(beneath, most(10_000)), beneath);
    }
}
