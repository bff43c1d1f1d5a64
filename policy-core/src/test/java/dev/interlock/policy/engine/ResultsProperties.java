package dev.interlock.policy.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Afterwards;
import dev.interlock.policy.Entry;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Place;
import dev.interlock.policy.ResultRule;
import dev.interlock.policy.ResultRule.TextRedaction;
import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.call.ResultFate;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.value.Value;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.LongRange;

/** Laws of what a policy does with results. */
class ResultsProperties {

    private static final List<TextRedaction> REDACTIONS = List.of(
            TextRedaction.Preset.SECRETS,
            TextRedaction.Preset.EMAILS,
            TextRedaction.Preset.CARD_NUMBERS,
            TextRedaction.Preset.IBANS);

    private static Arbitrary<String> texts() {
        return Arbitraries.of(
                        "a@b.example",
                        "4111111111111111",
                        "DE89370400440532013000",
                        "AKIAABCDEFGHIJKLMNOP",
                        "plain ",
                        "\"",
                        "\\",
                        "\n",
                        "\u0001",
                        "/",
                        "é",
                        "€",
                        "😀",
                        "x".repeat(300))
                .list()
                .ofMaxSize(8)
                .map(parts -> String.join("", parts));
    }

    /** At most three levels deep: without a bound, a rare value doesn't fit into memory. */
    private static Arbitrary<Object> values() {
        Arbitrary<Object> leaves = Arbitraries.oneOf(
                texts().map(text -> (Object) text),
                Arbitraries.of(1, -5, 12L, true, new BigDecimal("1.50"), 2.5).map(value -> (Object) value));
        return Arbitraries.recursive(
                () -> leaves,
                inner -> Arbitraries.oneOf(
                        leaves,
                        inner.list().ofMaxSize(3).map(list -> (Object) new ArrayList<>(list)),
                        Arbitraries.maps(texts(), inner).ofMaxSize(3).map(map -> (Object) new HashMap<>(map))),
                0,
                3);
    }

    private static Arbitrary<Map<String, Object>> blocks() {
        Arbitrary<String> texts = texts();
        return Arbitraries.oneOf(
                texts.map(text -> new LinkedHashMap<>(Map.of("type", "text", "text", text))),
                texts.map(text -> new LinkedHashMap<>(Map.of("type", "image", "data", text, "mimeType", "image/png"))),
                texts.map(text -> new LinkedHashMap<>(
                        Map.of("type", "resource", "resource", Map.of("uri", "file:x", "text", text)))));
    }

    @Provide
    Arbitrary<CallResult> results() {
        return Combinators.combine(blocks().list().ofMaxSize(6), values().injectNull(0.6), values().injectNull(0.8))
                .as((content, structured, meta) -> {
                    Map<String, Object> result = new LinkedHashMap<>();
                    result.put("content", content);
                    if (structured != null) {
                        result.put("structuredContent", structured);
                    }
                    if (meta != null) {
                        result.put("_meta", meta);
                    }
                    return CallResult.of(result);
                });
    }

    private static JudgedResult judge(CallResult came, List<TextRedaction> redact, long most, boolean cuts) {
        ResultRule rule = new ResultRule(
                null, List.of(), List.of(), redact, most, cuts, null, Mode.ENFORCE, Place.of("results[0]"));
        Entry entry = Entry.listed(Place.of("tools.fetch")).with(new Afterwards(List.of(rule), List.of(), List.of()));
        Admission admission =
                PolicyEngine.builder(Policies.of("fetch", entry)).build().admit(ToolCall.of("fetch", Map.of()));
        return admission.answered(came, came.outcome()).toCompletableFuture().join();
    }

    private static long bytes(CallResult result) {
        return Value.freeze(result.result()).json().getBytes(StandardCharsets.UTF_8).length;
    }

    @Property
    void theSizeIsThatOfTheJson(@ForAll("results") CallResult came) {
        assertThat(ResultSize.of(came)).isEqualTo(bytes(came));
    }

    @Property
    void aBoundHoldsToTheByte(@ForAll("results") CallResult came) {
        long bytes = bytes(came);

        assertThat(ResultSize.isWithin(came, bytes)).isTrue();
        assertThat(ResultSize.isWithin(came, bytes - 1)).isFalse();
    }

    @Property
    void noResultLargerThanItMayBeGetsBy(
            @ForAll("results") CallResult came,
            @ForAll @LongRange(min = 1, max = 2_000) long most,
            @ForAll boolean redacts,
            @ForAll boolean cuts) {
        JudgedResult judged = judge(came, redacts ? REDACTIONS : List.of(), most, cuts);

        if (judged.decision().allowed()) {
            assertThat(bytes(judged.shown())).isLessThanOrEqualTo(most);
        }
    }

    @Property
    void aCutSaysExactlyHowMuchOfItsTextsIsMissing(
            @ForAll("results") CallResult came, @ForAll @LongRange(min = 100, max = 1_500) long most) {
        JudgedResult judged = judge(came, List.of(), most, true);

        if (judged.report().fate() == ResultFate.CUT) {
            long lost = textBytes(came) - textBytes(judged.shown());
            String note = note(judged.shown());
            assertThat(judged.report().missingBytes()).isEqualTo(lost + note.getBytes(StandardCharsets.UTF_8).length);
        }
    }

    private static String note(CallResult shown) {
        List<?> content = (List<?>) shown.members().get("content");
        return (String) ((Map<?, ?>) content.get(content.size() - 1)).get("text");
    }

    private static long textBytes(CallResult result) {
        long bytes = 0;
        for (Object block : (List<?>) result.members().get("content")) {
            Map<?, ?> map = (Map<?, ?>) block;
            Object text = map.get("resource") instanceof Map<?, ?> resource ? resource.get("text") : map.get("text");
            bytes += text == null ? 0 : text.toString().getBytes(StandardCharsets.UTF_8).length;
        }
        return bytes;
    }

    @Property
    void afterRedactNoPresetMatchesInAnyTextThatItCovers(@ForAll("results") CallResult came) {
        JudgedResult judged = judge(came, REDACTIONS, 1L << 30, false);

        JudgedResult again = judge(judged.shown(), REDACTIONS, 1L << 30, false);
        assertThat(again.shown()).isSameAs(judged.shown());
        assertThat(again.report().fate()).isEqualTo(ResultFate.PASSED);
    }

    @Property
    void aResultIsTheSameObjectExactlyIfNothingWasDoneToIt(@ForAll("results") CallResult came, @ForAll boolean cuts) {
        JudgedResult judged = judge(came, REDACTIONS, 1_000, cuts);

        switch (judged.report().fate()) {
            case PASSED, WITHHELD -> assertThat(judged.shown()).isSameAs(came);
            case REDACTED, CUT -> assertThat(judged.shown()).isNotEqualTo(came);
        }
        assertThat(judged.report().redactions() == 0)
                .isEqualTo(judge(came, REDACTIONS, 1L << 30, false).report().fate() == ResultFate.PASSED);
    }
}
