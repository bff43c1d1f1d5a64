package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.interlock.policy.Policy;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import dev.interlock.policy.yaml.PolicyYaml;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What maps under {@code methods} say of a client's requests, on one way from a client to a server. */
abstract class MethodMapsContract {

    /** This way, with a server that answers {@code logging/setLevel} with an error and all else with a result. */
    abstract Way open(PolicyEngine engine, @Nullable CallContextResolver callers);

    /** A way from a client to a server. */
    interface Way {

        /** Sends a request. Completes with the message of the error that answers it; empty if it has a result. */
        CompletableFuture<String> ask(String method, Map<String, Object> params);

        /** Sends a notification; false if this way has none. */
        boolean tell(String method, Map<String, Object> params);

        /** The methods of what has reached the server. */
        List<String> reached();
    }

    private final List<CompletableFuture<ApprovalAnswer>> asked = new CopyOnWriteArrayList<>();

    private static Policy policy(String methods) {
        return PolicyYaml.read("version: \"1\"\nmethods:\n" + methods, "test").orThrow();
    }

    private Way open(String methods, @Nullable CallContextResolver callers) {
        return open(
                PolicyEngine.builder(policy(methods))
                        .approvals(request -> {
                            CompletableFuture<ApprovalAnswer> answer = new CompletableFuture<>();
                            asked.add(answer);
                            return answer;
                        })
                        .build(),
                callers);
    }

    private static String await(CompletableFuture<String> answer) {
        return answer.orTimeout(Await.PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
    }

    private static final String ASKING = """
              completion/complete:
                ask_if: [{path: params.ref, op: exists, value: true}]
              notifications/progress:
                ask_if: [{path: params.progress, op: exists, value: true}]
            """;

    @Test
    void aPersonIsAskedAboutARequestAndNothingIsSentBeforeTheYes() {
        Way way = open(ASKING, null);

        CompletableFuture<String> yes = way.ask("completion/complete", Map.of("ref", "a"));
        Await.until(() -> asked.size() == 1);
        assertThat(yes).isNotDone();
        assertThat(way.reached()).isEmpty();
        asked.get(0).complete(ApprovalAnswer.approved("Ada"));
        assertThat(await(yes)).isEmpty();
        assertThat(way.reached()).containsExactly("completion/complete");

        CompletableFuture<String> no = way.ask("completion/complete", Map.of("ref", "b"));
        Await.until(() -> asked.size() == 2);
        asked.get(1).complete(ApprovalAnswer.refused("Ada", "not today"));
        assertThat(await(no)).contains("not today");
        assertThat(await(way.ask("completion/complete", Map.of()))).isEmpty();
        assertThat(asked).hasSize(2);
        assertThat(way.reached()).hasSize(2);
    }

    @Test
    void nobodyIsAskedAboutANotificationWhichIsDropped() {
        Way way = open(ASKING, null);

        assumeTrue(way.tell("notifications/progress", Map.of("progress", 1)), "there are no notifications on this way");

        assertThat(asked).isEmpty();
        assertThat(way.reached()).isEmpty();
        way.tell("notifications/progress", Map.of());
        assertThat(way.reached()).containsExactly("notifications/progress");
    }

    @ParameterizedTest
    @ValueSource(strings = {"success", "sent"})
    void aLimitGetsBackWhatAFailedRequestTookByItsCharge(String charge) {
        Way way = open("""
                  logging/setLevel:
                    limits: [{counter: n, window: 1h, max: 1, algorithm: sliding_window, charge: %1$s}]
                  completion/complete:
                    limits: [{counter: n, window: 1h, max: 1, algorithm: sliding_window, charge: %1$s}]
                """.formatted(charge), null);

        assertThat(await(way.ask("logging/setLevel", Map.of()))).isEqualTo("broken");
        assertThat(await(way.ask("logging/setLevel", Map.of())))
                .contains(charge.equals("success") ? "broken" : "Limit of 1");
        assertThat(await(way.ask("completion/complete", Map.of()))).isEmpty();
        assertThat(await(way.ask("completion/complete", Map.of()))).contains("Limit of 1");
    }

    private static final String OF_CALLERS = """
              completion/complete:
                deny_if: [{path: ctx.role, op: eq, value: guest}]
              ping:
                deny_if: [{path: call.identity, op: eq, value: eve}]
            """;

    private static CallContext caller(String identity, String role) {
        return CallContext.by(identity).with((ObjectValue) Value.freeze(Map.of("role", role)));
    }

    @Test
    void theResolverOfCallersSaysWhoMakesARequest() {
        Way staff = open(OF_CALLERS, (transport, reactor) -> caller("ada", "staff"));
        assertThat(await(staff.ask("completion/complete", Map.of()))).isEmpty();
        assertThat(await(staff.ask("ping", Map.of()))).isEmpty();

        Way guest = open(OF_CALLERS, (transport, reactor) -> caller("eve", "guest"));
        assertThat(await(guest.ask("completion/complete", Map.of()))).contains("forbids");
        assertThat(await(guest.ask("ping", Map.of()))).contains("forbids");
        assertThat(guest.reached()).isEmpty();
    }

    @Test
    void aCallerWhoCannotBeToldIsDeniedWhatIsDeniedToSome() {
        Way way = open(OF_CALLERS, (transport, reactor) -> {
            throw new IllegalStateException("who?");
        });

        assertThat(await(way.ask("completion/complete", Map.of()))).contains("forbids");
        assertThat(await(way.ask("ping", Map.of()))).contains("forbids");
        assertThat(await(way.ask("logging/setLevel", Map.of()))).isEqualTo("broken");
        assertThat(way.reached()).containsExactly("logging/setLevel");
    }
}
