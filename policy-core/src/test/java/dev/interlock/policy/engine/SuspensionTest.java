package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.ask;
import static dev.interlock.policy.engine.Policies.audited;
import static dev.interlock.policy.engine.Policies.deny;
import static dev.interlock.policy.engine.Policies.hourly;
import static dev.interlock.policy.engine.Policies.pay;
import static dev.interlock.policy.engine.Policies.rate;
import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyEdits;
import dev.interlock.policy.Posture;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.MethodCall;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.text.NamePattern;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Policies and hosts that suspend every call. */
class SuspensionTest {

    private static final ToolCall CALL = Desk.pay(Map.of("amount", 5));

    private static Policy suspended(String text, Policy policy) {
        return PolicyEdits.suspended(Optional.of(text), policy);
    }

    private static void assertSuspended(Decision decision, String message) {
        assertThat(decision.allowed()).isFalse();
        assertThat(decision.audited()).isFalse();
        assertThat(decision.code()).isEqualTo(Code.SUSPENDED);
        assertThat(decision.rule().name()).isEqualTo("(suspended)");
        assertThat(decision.message()).isEqualTo(message);
    }

    @Test
    void aPolicySuspendsBeforeEverythingElseAndInModeAuditToo() {
        Policy rules = pay(deny("never"));
        for (Policy policy : List.of(rules, audited(rules))) {
            PolicyEngine engine =
                    PolicyEngine.builder(suspended("Back at noon.", policy)).build();

            assertSuspended(engine.decide(CALL), "Back at noon.");
            assertSuspended(
                    engine.admit(ToolCall.of("unheard\u200bof", Map.of())).decision(), "Back at noon.");
            assertSuspended(engine.explain(CALL).decision(), "Back at noon.");
            assertThat(engine.explain(CALL).steps()).hasSize(1);
        }
    }

    @Test
    void withoutATextAMessageOfOursIsTold() {
        PolicyEngine engine = PolicyEngine.builder(suspended("", pay())).build();

        assertSuspended(engine.decide(CALL), Messages.SUSPENDED);
        assertThat(engine.isSuspended()).isTrue();
        engine.update(pay());
        assertThat(engine.decide(CALL).allowed()).isTrue();
    }

    @Test
    void listsShowWhatMayBeCalledAfterwards() {
        PolicyEngine engine = PolicyEngine.builder(suspended(
                        "", Policies.granting(Policies.hiding("secret"), Map.of("bob", Policies.hiding("pay")))))
                .build();

        assertThat(engine.visible(ToolCall.of("read", Map.of()).by("eve"))).isFalse();
        assertThat(engine.visible(ToolCall.of("secret", Map.of()).by("bob"))).isFalse();
        PolicyEngine open = PolicyEngine.builder(suspended("", pay())).build();
        assertThat(open.visible(CALL)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "resources/read",
                "prompts/get",
                "completion/complete",
                "logging/setLevel",
                "sampling/createMessage",
                "elicitation/create",
                "tasks/get",
                "tasks/result",
                "resources/subscribe",
                "subscriptions/listen",
                "vendor/anything",
                "vendor/list",
                "notifications/vendor"
            })
    void otherRequestsAreDeniedInBothDirections(String method) {
        Policy policy = PolicyEdits.suspended(
                Optional.of("Stop."),
                new Policy(
                        "",
                        dev.interlock.policy.Mode.AUDIT,
                        pay().body(),
                        Map.of(new NamePattern(method), Posture.ALLOW),
                        Optional.empty()));
        PolicyEngine engine = PolicyEngine.builder(policy).build();

        assertSuspended(engine.decideMethod(method), "Stop.");
        assertSuspended(engine.admit(MethodCall.of(method).askedByServer()), "Stop.");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "initialize",
                "ping",
                "server/discover",
                "notifications/initialized",
                "notifications/cancelled",
                "notifications/progress",
                "tools/list",
                "prompts/list",
                "resources/list",
                "resources/templates/list",
                "roots/list",
                "tasks/list",
                "tasks/cancel"
            })
    void lifecycleListsAndCancellationPassUnlessThePolicyDeniesThem(String method) {
        Policy policy = suspended("", pay());
        assertThat(PolicyEngine.builder(policy).build().decideMethod(method).allowed())
                .isTrue();

        Policy denying = suspended(
                "",
                new Policy(
                        "",
                        dev.interlock.policy.Mode.ENFORCE,
                        pay().body(),
                        Map.of(new NamePattern(method), Posture.DENY),
                        Optional.empty()));
        Decision denied = PolicyEngine.builder(denying).build().decideMethod(method);
        assertThat(denied.code()).isEqualTo(Code.METHOD);
    }

    @Test
    void whatAServerAsksWithinAnAnswerIsDenied() {
        PolicyEngine engine = PolicyEngine.builder(suspended("Stop.", pay())).build();

        Decision decision =
                engine.admitEmbedded(MethodEntriesTest.requests("elicitation/create"), MethodCall.of("tools/call"));

        assertThat(decision.code()).isEqualTo(Code.SUSPENDED);
        assertThat(decision.allowed()).isFalse();
    }

    @Test
    void theHostSuspendsAndResumesOnRecord() {
        ManualTime clock = ManualTime.at("2026-03-31T23:30:00Z");
        List<AuditEvent> events = new ArrayList<>();
        PolicyEngine engine = PolicyEngine.builder(pay(rate("one", hourly(1))))
                .time(clock)
                .audit(events::add)
                .build();
        events.clear();
        java.time.Instant at = java.time.Instant.ofEpochMilli(clock.wallMillis());

        engine.suspend("Incident 7.", "ada");
        assertSuspended(engine.decide(CALL), "Incident 7.");
        engine.update(pay(rate("one", hourly(1))));
        assertSuspended(engine.decide(CALL), "Incident 7.");
        engine.resume("bob");
        engine.resume("bob");

        assertThat(engine.isSuspended()).isFalse();
        assertThat(engine.decide(CALL).allowed()).as("nothing was counted").isTrue();
        assertThat(events)
                .filteredOn(AuditEvent.SuspensionChanged.class::isInstance)
                .containsExactly(
                        new AuditEvent.SuspensionChanged(at, true, "Incident 7.", "ada", at),
                        new AuditEvent.SuspensionChanged(at, false, "Incident 7.", "bob", at));
    }

    @Test
    void aSinkOrClockThatThrowsKeepsNoSuspensionOff() {
        PolicyEngine engine = PolicyEngine.builder(pay())
                .audit(event -> {
                    throw new IllegalStateException("full");
                })
                .build();

        engine.suspend("", null);

        assertSuspended(engine.decide(CALL), Messages.SUSPENDED);
    }

    @Test
    void callsThatWaitForAPersonEndAsDeniedAndGiveBackWhatTheyTook() {
        for (boolean byPolicy : List.of(true, false)) {
            List<CompletableFuture<ApprovalAnswer>> questions = new ArrayList<>();
            Policy policy = pay(ask("a person"), rate("one", hourly(1)));
            PolicyEngine engine = PolicyEngine.builder(policy)
                    .approvals(request -> {
                        CompletableFuture<ApprovalAnswer> question = new CompletableFuture<>();
                        questions.add(question);
                        return question;
                    })
                    .build();
            CompletableFuture<Admission> waiting = engine.admitAsync(CALL).toCompletableFuture();
            assertThat(waiting).isNotDone();

            if (byPolicy) {
                engine.update(suspended("Stop.", policy));
            } else {
                engine.suspend("Stop.", null);
            }

            assertSuspended(waiting.join().decision(), "Stop.");
            assertThat(questions.get(0)).isCancelled();
            if (byPolicy) {
                engine.update(policy);
            } else {
                engine.resume(null);
            }
            assertThat(engine.decide(CALL).asks()).as("the place is free").isTrue();
        }
    }

    @Test
    void aCallUnderWayGoesOnInNoFurtherRound() {
        PolicyEngine engine = PolicyEngine.builder(pay()).audit(event -> {}).build();
        Admission first = engine.admit(CALL);
        first.inputRequired();

        engine.suspend("Stop.", null);
        Admission second = engine.continueAsync(CALL, first, 1, AdmitOptions.DEFAULT)
                .toCompletableFuture()
                .join();

        assertSuspended(second.decision(), "Stop.");
        assertSuspended(engine.decideAgain(CALL, first).toCompletableFuture().join(), "Stop.");
    }
}
