package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.adapter.DenialText;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.yaml.PolicyYaml;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What a client's side gets of the answers that the policy judges, on one way from a client to a server. */
abstract class JudgedAnswersContract {

    /** This way, with a server that answers as told. Calls are ada's. */
    abstract Way open(PolicyEngine engine, Scripted server);

    /** A way from a client to a server. */
    interface Way {

        /** Sends a request. Completes with the response that the client gets, as plain JSON. */
        CompletableFuture<Map<String, Object>> ask(String method, Map<String, Object> params);

        /** Everything that the client's side was ever handed, as JSON. */
        String held();
    }

    /** Says what a server answers. */
    interface Scripted {
        CompletableFuture<Said> answer(String method, Map<?, ?> params);
    }

    /**
     * An answer.
     *
     * @param result null for an error
     */
    record Said(
            @Nullable Map<String, Object> result,
            String message,
            @Nullable Object data) {

        static final int CODE = -32050;

        static Said result(Map<String, Object> result) {
            return new Said(result, "", null);
        }

        static Said error(String message, Object data) {
            return new Said(null, message, data);
        }
    }

    static final CallContextResolver ADA = (transport, reactor) -> CallContext.by("ada");

    private final RecordingLimiter limiter = new RecordingLimiter();

    private Way open(String policy, Said said) {
        return open(engine(policy).build(), (method, params) -> CompletableFuture.completedFuture(said));
    }

    PolicyEngine.Builder engine(String policy) {
        return PolicyEngine.builder(
                        PolicyYaml.read("version: \"1\"\n" + policy, "test").orThrow())
                .rateLimiter(limiter);
    }

    private static Map<String, Object> await(CompletableFuture<Map<String, Object>> answer) {
        return answer.orTimeout(Await.PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
    }

    private static Map<String, Object> call(Way way) {
        return await(way.ask("tools/call", Map.of("name", "read", "arguments", Map.of("id", 1))));
    }

    private static Map<String, Object> text(String text) {
        return new LinkedHashMap<>(Map.of("content", List.of(Map.of("type", "text", "text", text))));
    }

    private static Map<String, Object> full() {
        Map<String, Object> result = text("the key is SECRET-1, keep it");
        result.put("structuredContent", Map.of("keys", List.of("SECRET-2", 3), "n", 12));
        result.put("_meta", Map.of("note", "SECRET-3"));
        return result;
    }

    private static final String REDACTING = """
            tools:
              read:
                limits: [{counter: n, window: hour, max: 10, charge: success}]
                results: [{redact: [{pattern: "SECRET-[0-9]+"}]}]
            """;

    private static final String WITHHOLDING = """
            tools:
              read:
                limits: [{counter: n, window: hour, max: 10, charge: success}]
                results:
                  - deny_if: [{path: result.text, op: contains, value: SECRET}]
                    on_deny: It holds a key.
            """;

    @Test
    void whatIsRedactedNeverReachesTheClient() {
        Way way = open(REDACTING, Said.result(full()));

        String shown = call(way).toString();

        assertThat(shown).contains("the key is [redacted], keep it", "keys=[[redacted], 3]", "n=12", "note=[redacted]");
        assertThat(way.held()).contains("[redacted]").doesNotContain("SECRET");
        assertThat(limiter.settlements()).containsExactly(CallOutcome.SUCCEEDED);
    }

    @Test
    void anAnswerInWhichNothingIsFoundPassesAsItCame() {
        Way way = open(REDACTING, Said.result(text("nothing to hide")));

        assertThat(call(way).get("result").toString()).contains("nothing to hide");
        assertThat(limiter.settlements()).containsExactly(CallOutcome.SUCCEEDED);
    }

    @Test
    void aWithheldResultIsAToolResultThatSaysSoAndTheCallStaysCharged() {
        Way way = open(WITHHOLDING, Said.result(full()));

        assertWithheld(call(way), "It holds a key.");

        assertThat(way.held()).doesNotContain("SECRET");
        assertThat(limiter.settlements()).containsExactly(CallOutcome.SUCCEEDED);
    }

    private static void assertWithheld(Map<String, Object> response, String because) {
        assertThat(response).doesNotContainKey("error");
        assertThat(response.get("result").toString())
                .contains("isError=true", "[RESULT WITHHELD] " + because, DenialText.META_KEY, "code=result");
    }

    @Test
    void whatIsTooLargeIsCut() {
        Way way = open("""
                tools:
                  read:
                    results: [{max_bytes: 400, on_exceed: cut}]
                """, Said.result(text("x".repeat(1_000) + "END")));

        assertThat(call(way).get("result").toString()).contains("xxx");
        assertThat(way.held()).doesNotContain("END").hasSizeLessThan(1_000);
    }

    @Test
    void anErrorIsJudgedLikeAResult() {
        Way way = open(REDACTING, Said.error("no SECRET-1", Map.of("why", List.of("SECRET-2"))));

        assertThat(call(way).get("error").toString())
                .contains("code=" + Said.CODE, "no [redacted]", "why=[[redacted]]");
        assertThat(way.held()).doesNotContain("SECRET");
        assertThat(limiter.settlements()).containsExactly(CallOutcome.FAILED);
    }

    @Test
    void aWithheldErrorIsAToolResultToo() {
        Way way = open(WITHHOLDING, Said.error("no SECRET-1", Map.of()));

        assertWithheld(call(way), "It holds a key.");

        assertThat(way.held()).doesNotContain("SECRET");
        assertThat(limiter.settlements()).containsExactly(CallOutcome.TOOL_ERROR);
    }

    private static final String PROMPTS = """
            methods:
              prompts/get:
                limits: [{counter: n, window: hour, max: 10, charge: success}]
                results:
                  - deny_if: [{path: result.is_error, op: eq, value: true}]
                  - redact: [{pattern: "SECRET-[0-9]+"}]
            """;

    @Test
    void theAnswersToOtherRequestsAreJudgedAlike() {
        Map<String, Object> prompt = new LinkedHashMap<>(Map.of("description", "SECRET-9 is it"));
        prompt.put(
                "messages", List.of(Map.of("role", "user", "content", Map.of("type", "text", "text", "say SECRET-1"))));
        Way way = open(PROMPTS, Said.result(prompt));

        assertThat(await(way.ask("prompts/get", Map.of("name", "greet"))).toString())
                .contains("say [redacted]");
        assertThat(way.held()).doesNotContain("SECRET-1");
        assertThat(limiter.settlements()).containsExactly(CallOutcome.SUCCEEDED);
    }

    @Test
    void aWithheldAnswerToAnotherRequestIsAnError() {
        Way way = open(PROMPTS, Said.error("no SECRET-1", Map.of()));

        assertThat(await(way.ask("prompts/get", Map.of("name", "greet")))
                        .get("error")
                        .toString())
                .contains("[RESULT WITHHELD] ");
        assertThat(way.held()).doesNotContain("SECRET");
    }

    @Test
    void whatNoRuleSpeaksOfPassesUnread() {
        Way way = open(REDACTING, Said.result(Map.of("messages", List.of(), "description", "SECRET-1")));

        assertThat(await(way.ask("prompts/get", Map.of("name", "greet"))).toString())
                .contains("SECRET-1");
    }

    @Test
    void theCallIsSettledBeforeTheClientSeesTheAnswer() {
        CompletableFuture<Said> answer = new CompletableFuture<>();
        Way way = open(engine(REDACTING).build(), (method, params) -> answer);

        CompletableFuture<List<CallOutcome>> settled = way.ask(
                        "tools/call", Map.of("name", "read", "arguments", Map.of()))
                .thenApply(seen -> List.copyOf(limiter.settlements()));
        answer.complete(Said.result(full()));

        assertThat(settled.orTimeout(Await.PATIENCE.toSeconds(), TimeUnit.SECONDS)
                        .join())
                .containsExactly(CallOutcome.SUCCEEDED);
    }

    private static final String MARKING = """
            tools:
              read: {marks: [untrusted]}
              send:
                deny_if: [{path: session.untrusted, op: exists, value: true}]
            """;

    @Test
    void marksAreThereBeforeTheClientSeesTheAnswerAndNothingElseWaits() {
        SlowMemory memory = new SlowMemory();
        Way way = open(
                engine(MARKING).sessionMemory(memory).build(),
                (method, params) -> CompletableFuture.completedFuture(Said.result(text("page"))));

        CompletableFuture<Map<String, Object>> read =
                way.ask("tools/call", Map.of("name", "read", "arguments", Map.of()));
        Await.until(() -> memory.waiting() == 1);
        Map<String, Object> meanwhile = await(way.ask("tools/call", Map.of("name", "other", "arguments", Map.of())));
        assertThat(meanwhile.toString()).contains("page");
        assertThat(read).isNotDone();
        memory.proceed();
        assertThat(await(read).toString()).contains("page");

        assertThat(await(way.ask("tools/call", Map.of("name", "send", "arguments", Map.of())))
                        .toString())
                .contains("[POLICY DENIED] ");
    }

    @Test
    void whatAServerAsksInAnAnswerIsJudgedAsWell() {
        Map<String, Object> question = new LinkedHashMap<>(Map.of("resultType", "input_required"));
        question.put("requestState", "s");
        question.put(
                "inputRequests",
                Map.of(
                        "q",
                        Map.of(
                                "method",
                                "elicitation/create",
                                "params",
                                Map.of("mode", "form", "message", "Is SECRET-1 yours?"))));
        Way way = open(REDACTING, Said.result(question));

        assertThat(call(way).toString()).contains("Is [redacted] yours?", "input_required");
        assertThat(way.held()).doesNotContain("SECRET");
    }

    @Test
    void nothingIsReleasedThatWasWithheldUnderSixteenThreads() {
        Map<Object, Integer> answers = new ConcurrentHashMap<>();
        Way way = open(engine(REDACTING).build(), (method, params) -> {
            Object id = ((Map<?, ?>) params.get("arguments")).get("id");
            answers.merge(id, 1, Integer::sum);
            return CompletableFuture.supplyAsync(() -> Said.result(text(id + " is SECRET-" + id)));
        });
        List<Thread> threads = new ArrayList<>();
        Map<Integer, String> shown = new ConcurrentHashMap<>();
        for (int thread = 0; thread < 16; thread++) {
            int first = thread * 20;
            threads.add(new Thread(() -> {
                for (int id = first; id < first + 20; id++) {
                    shown.put(
                            id,
                            await(way.ask("tools/call", Map.of("name", "plain", "arguments", Map.of("id", id))))
                                            .get("result")
                                    + ""
                                    + await(way.ask(
                                                    "tools/call",
                                                    Map.of("name", "read", "arguments", Map.of("id", id + 1_000))))
                                            .get("result"));
                }
            }));
        }
        threads.forEach(Thread::start);
        threads.forEach(thread -> Await.until(() -> !thread.isAlive()));

        assertThat(shown).hasSize(320);
        shown.forEach(
                (id, both) -> assertThat(both).contains(id + " is SECRET-" + id, (id + 1_000) + " is [redacted]"));
        assertThat(way.held()).doesNotContainPattern("SECRET-1[0-9]{3}");
        assertThat(answers)
                .hasSize(640)
                .allSatisfy((id, times) -> assertThat(times).isOne());
        assertThat(limiter.reserved()).isEqualTo(320);
        assertThat(limiter.settledEachOnce()).isTrue();
    }
}
