package dev.interlock.policy.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Which requests are found in what a server answers. */
class EmbeddedRequestsTest {

    private static List<String> inResult(@Nullable Object result) {
        return EmbeddedRequests.inResult(result).stream()
                .map(EmbeddedRequest::method)
                .toList();
    }

    private static List<String> inError(@Nullable Object code, @Nullable Object data) {
        return EmbeddedRequests.inError(code, data).stream()
                .map(EmbeddedRequest::method)
                .toList();
    }

    private static final Map<String, ?> ELICIT = Map.of("method", "elicitation/create", "params", Map.of());
    private static final Map<String, ?> SAMPLE = Map.of("method", "sampling/createMessage");

    @Test
    void ofAResultItIsTheMapOfRequests() {
        Map<String, Object> requests = new LinkedHashMap<>();
        requests.put("e", ELICIT);
        requests.put("s", SAMPLE);

        assertThat(inResult(Map.of("resultType", "input_required", "inputRequests", requests)))
                .containsExactly("elicitation/create", "sampling/createMessage");
        assertThat(inResult(Map.of("inputRequests", requests)))
                .as("without resultType")
                .hasSize(2);
        assertThat(inResult(Map.of("resultType", "complete", "inputRequests", requests)))
                .hasSize(2);
    }

    @Test
    void aResultThatAsksNothingHasNone() {
        assertThat(inResult(null)).isEmpty();
        assertThat(inResult("inputRequests")).isEmpty();
        assertThat(inResult(Map.of("content", List.of()))).isEmpty();
        assertThat(inResult(Map.of("inputRequests", Map.of()))).isEmpty();
        assertThat(inResult(Map.of("inputRequests", List.of()))).isEmpty();
        Map<String, @Nullable Object> none = new HashMap<>();
        none.put("inputRequests", null);
        assertThat(inResult(none)).isEmpty();
        assertThat(inResult(Map.of("structuredContent", Map.of("inputRequests", Map.of("e", ELICIT)))))
                .as("what no client reads as requests")
                .isEmpty();
    }

    @Test
    void whatCannotBeReadIsARequestWithoutAMethod() {
        Map<String, @Nullable Object> entries = new LinkedHashMap<>();
        entries.put("null", null);
        entries.put("text", "elicitation/create");
        entries.put("list", List.of(ELICIT));
        entries.put("nothing", Map.of());
        entries.put("number", Map.of("method", 5));
        entries.put("another case", Map.of("Method", "elicitation/create"));
        Map<String, Object> twice = new LinkedHashMap<>();
        twice.put("method", "roots/list");
        twice.put("METHOD", "elicitation/create");
        entries.put("twice", twice);

        assertThat(inResult(Map.of("inputRequests", entries))).containsExactly("", "", "", "", "", "", "");
        assertThat(inResult(Map.of("inputRequests", List.of(ELICIT)))).containsExactly("");
        assertThat(inResult(Map.of("inputRequests", "e"))).containsExactly("");
        assertThat(inResult(Map.of("inputRequests", true))).containsExactly("");
    }

    @Test
    void namesInAnotherCaseAreReadByClientsThatDoNotMindIt() {
        assertThat(inResult(Map.of("InputRequests", Map.of("e", ELICIT)))).containsExactly("elicitation/create");
        assertThat(inResult(Map.of("inputreque\u017ft\u017f", Map.of("e", ELICIT))))
                .containsExactly("elicitation/create");
    }

    @Test
    void aTaskHoldsTheAnswerThatItStandsFor() {
        assertThat(inResult(Map.of("taskId", "1", "status", "input_required", "inputRequests", Map.of("e", ELICIT))))
                .containsExactly("elicitation/create");
        assertThat(inResult(Map.of("result", Map.of("inputRequests", Map.of("s", SAMPLE)))))
                .containsExactly("sampling/createMessage");
        assertThat(inResult(Map.of("error", Map.of("code", -32042, "message", "m"))))
                .containsExactly("elicitation/create");
        assertThat(inResult(Map.of("error", Map.of("code", -32603)))).isEmpty();
    }

    @Test
    void whatIsAskedWithinATaskThatIsToldOfIsFound() {
        Map<String, ?> task = Map.of("taskId", "1", "status", "input_required", "inputRequests", Map.of("e", ELICIT));
        for (Map<String, ?> result : List.<Map<String, ?>>of(
                Map.of("task", task),
                Map.of("Task", task),
                Map.of("t\u0430sk", task),
                Map.of("tasks", List.of(Map.of("taskId", "0"), task)),
                Map.of("tasks", Map.of("1", task)),
                Map.of("result", Map.of("task", task)),
                Map.of("task", Map.of("result", Map.of("tasks", List.of(task)))),
                Map.of("task", Map.of("error", Map.of("code", -32603, "data", List.of(task)))),
                Map.of("error", Map.of("inputRequests", Map.of("e", ELICIT))))) {
            assertThat(inResult(result)).as(result.toString()).containsExactly("elicitation/create");
        }
        assertThat(inResult(Map.of("task", Map.of("taskId", "1", "data", task))))
                .isEmpty();
    }

    @Test
    void whatIsAskedUnderANameThatPassesForInputRequestsIsFound() {
        for (String name : List.of(
                "input_requests",
                "INPUT_REQUESTS",
                "inputRequests ",
                "input\u200bRequests",
                "inputRequests\u0000",
                "inputR\u0435quests",
                "\uff49nputRequests",
                "\u0130nputRequests")) {
            assertThat(inResult(Map.of(name, Map.of("s", SAMPLE)))).as(name).containsExactly("sampling/createMessage");
        }
    }

    @Test
    void whatAnErrorAsksInAListOrForOneElicitationIsFound() {
        Map<String, ?> asks = Map.of("inputRequests", Map.of("s", SAMPLE));

        assertThat(inError(-32603, List.of("x", asks))).containsExactly("sampling/createMessage");
        assertThat(inError(-32603, Map.of("task", asks))).containsExactly("sampling/createMessage");
        assertThat(inError(-32603, Map.of("elicitation", Map.of("mode", "url"))))
                .containsExactly("elicitation/create");
        assertThat(inError(-32603, List.of(List.of(Map.of("elicitations", List.of())))))
                .containsExactly("elicitation/create");
    }

    @Test
    void whatLiesTooDeepOrIsTooMuchIsARequestWithoutAMethod() {
        Map<String, ?> deep = Map.of("inputRequests", Map.of("s", SAMPLE));
        for (int i = 0; i < 8; i++) {
            deep = Map.of("task", deep);
        }
        assertThat(inResult(deep)).containsExactly("sampling/createMessage");
        assertThat(inResult(Map.of("task", deep))).containsExactly("");

        List<Object> tasks = new ArrayList<>(Collections.nCopies(9_999, Map.of("taskId", "1")));
        assertThat(inResult(Map.of("tasks", tasks))).isEmpty();
        tasks.add(Map.of("taskId", "1"));
        assertThat(inResult(Map.of("tasks", tasks))).containsExactly("");
    }

    @Test
    void anErrorThatAsksForAUrlIsAnElicitation() {
        Map<String, ?> data = Map.of("elicitations", List.of(Map.of("mode", "url", "url", "https://login.example/")));

        assertThat(inError(-32042, data)).containsExactly("elicitation/create");
        assertThat(inError(-32042, null)).containsExactly("elicitation/create");
        assertThat(inError(new BigDecimal("-32042.0"), "odd")).containsExactly("elicitation/create");
        assertThat(inError("-32042", List.of())).containsExactly("elicitation/create");
        assertThat(inError(-32603, data)).as("whatever the code").containsExactly("elicitation/create");
        assertThat(inError(-32603, Map.of("inputRequests", Map.of("s", SAMPLE))))
                .containsExactly("sampling/createMessage");
        assertThat(inError(-32603, Map.of("detail", "x"))).isEmpty();
        assertThat(inError("9".repeat(1_000_000), null)).isEmpty();
        assertThat(inError(null, null)).isEmpty();
    }

    @Test
    void morePastTheBoundAreNotToldApartButRefused() {
        Map<String, Object> many = new LinkedHashMap<>();
        for (int i = 0; i < 100; i++) {
            many.put("r" + i, SAMPLE);
        }
        List<String> expected = new ArrayList<>(Collections.nCopies(100, "sampling/createMessage"));
        assertThat(inResult(Map.of("inputRequests", many))).isEqualTo(expected);

        many.put("one more", SAMPLE);
        many.put("and more", SAMPLE);
        expected.add("");
        assertThat(inResult(Map.of("inputRequests", many))).isEqualTo(expected);
    }
}
