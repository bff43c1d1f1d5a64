package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.ask;
import static dev.interlock.policy.engine.Policies.check;
import static dev.interlock.policy.engine.Policies.denyIf;
import static dev.interlock.policy.engine.Policies.pay;
import static dev.interlock.policy.engine.Policies.recorded;
import static dev.interlock.policy.engine.Policies.require;
import static dev.interlock.policy.engine.Policies.when;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Condition;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.TimeWindow;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.Decision.Verdict;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.tool.ToolCatalog;
import dev.interlock.policy.value.Value;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Time windows in conditions and on grants. A desk's clock starts on Tuesday, 2026-03-31, at 23:30 UTC. */
class DuringTest {

    private static final Map<String, ?> NIGHT = Map.of("hours", "23:00-01:00");
    private static final Map<String, ?> MORNING = Map.of("hours", "06:00-12:00");

    private static Condition during(Map<String, ?> window) {
        return when("call.time", Operator.DURING, window);
    }

    private static TimeWindow window(Map<String, ?> window) {
        return TimeWindow.of(Value.freeze(window));
    }

    @Test
    void aRequiredWindowDeniesOutsideAndTellsWhenItNextHolds() {
        Desk desk = new Desk(require(during(MORNING)));

        Decision denied = desk.decide(Map.of());

        assertThat(denied.code()).isEqualTo(Code.CONDITION);
        assertThat(denied.retryAfter()).isEqualTo(Duration.ofMinutes(390));
        assertThat(denied.message())
                .isEqualTo("The call does not meet rule 'tools.pay.require[0]': call.time must be within 06:00-12:00"
                        + " (UTC); try again in 7 h.");
        desk.pass(Duration.ofMinutes(390).minusMillis(1));
        assertThat(desk.decide(Map.of()).retryAfter()).isEqualTo(Duration.ofMillis(1));
        desk.pass(Duration.ofMillis(1));
        assertThat(desk.decide(Map.of()).allowed()).isTrue();
        desk.pass(Duration.ofHours(6));
        assertThat(desk.decide(Map.of()).allowed()).isFalse();
    }

    @Test
    void aWindowThatIsOverTellsNoTime() {
        Decision denied = new Desk(require(during(Map.of("until", "2026-03-30")))).decide(Map.of());

        assertThat(denied.retryAfter()).isNull();
        assertThat(denied.message()).endsWith("call.time must be within until 2026-03-30 (UTC).");
    }

    @Test
    void theRulesOwnMessageStands() {
        Condition own = new Condition(
                dev.interlock.policy.Path.parse("call.time"),
                Operator.DURING,
                Value.freeze(MORNING),
                "Not now.",
                dev.interlock.policy.Place.of("c"));
        Decision denied = new Desk(pay(check("r", own))).decide(Map.of());

        assertThat(denied.message()).isEqualTo("Not now.");
        assertThat(denied.retryAfter()).isEqualTo(Duration.ofMinutes(390));
    }

    @Test
    void aForbiddenWindowDeniesWithin() {
        assertThat(new Desk(denyIf(during(NIGHT))).decide(Map.of()).allowed()).isFalse();
        assertThat(new Desk(denyIf(during(NIGHT))).decide(Map.of()).retryAfter())
                .isNull();
        assertThat(new Desk(denyIf(during(MORNING))).decide(Map.of()).allowed()).isTrue();
        assertThat(new Desk(denyIf(during(NIGHT), when("args.a", Operator.EQ, 1)))
                        .decide(Map.of("a", 2))
                        .allowed())
                .isTrue();
    }

    @Test
    void aPersonIsAskedWithinTheWindowOnly() {
        assertThat(new Desk(pay(ask("r", during(NIGHT)))).decide(Map.of()).verdict())
                .isEqualTo(Verdict.NEEDS_APPROVAL);
        assertThat(new Desk(pay(ask("r", during(MORNING)))).decide(Map.of()).allowed())
                .isTrue();
    }

    @Test
    void conditionsOfSeveralRulesAreJoinedWithTheirOwnTimes() {
        Desk desk = new Desk(pay(
                check("a", when("args.a", Operator.EXISTS, true), during(NIGHT)),
                check("b", during(Map.of("hours", "23:45-24:00")))));

        Decision denied = desk.decide(Map.of("a", 1));

        assertThat(denied.rule()).extracting("name").isEqualTo("b");
        assertThat(denied.retryAfter()).isEqualTo(Duration.ofMinutes(15));
    }

    @Test
    void anAuditedRuleRecordsWhenItNextHolds() {
        Decision decision = new Desk(pay(recorded(check("r", during(MORNING))))).decide(Map.of());

        assertThat(decision.audited()).isTrue();
        assertThat(decision.retryAfter()).isEqualTo(Duration.ofMinutes(390));
    }

    @Test
    void anExplanationTellsTheTimeAndWhenTheWindowNextHolds() {
        Explanation explained = new Desk(require(during(MORNING))).engine.explain(Desk.pay(Map.of()));

        assertThat(explained.decision().retryAfter()).isEqualTo(Duration.ofMinutes(390));
        assertThat(explained.steps().get(0).details().get(0).text())
                .isEqualTo("call.time must be within 06:00-12:00 (UTC): false, the value is"
                        + " \"2026-03-31T23:30:00Z\", and it holds in 7 h");
    }

    @Test
    void aClockThatStepsBackDecidesByWhatItShows() {
        Desk desk = new Desk(require(during(NIGHT)));

        assertThat(desk.decide(Map.of()).allowed()).isTrue();
        desk.clock.set(desk.clock.wallMillis() - 3_600_000);
        assertThat(desk.decide(Map.of()).allowed()).isFalse();
    }

    @Test
    void theTimeIsComparedWithWindowsOnlyAndWindowsWithTheTimeOnly() {
        assertThatThrownBy(() -> when("ctx.now", Operator.DURING, MORNING))
                .hasMessage("'during' compares call.time, and not ctx.now");
        for (Operator operator : List.of(Operator.EXISTS, Operator.EQ, Operator.NEQ)) {
            assertThatThrownBy(() -> when("call.time", operator, true))
                    .hasMessage("call.time is compared with a time window, and so takes no operator but 'during'");
        }
    }

    private static Desk granting(PolicyBody top) {
        return new Desk(Policies.granting(
                top,
                Map.of(
                        "ana",
                        PolicyBody.of(Posture.ALLOW).during(window(MORNING)),
                        "*",
                        PolicyBody.of(Posture.ALLOW))));
    }

    @Test
    void aGrantIsInForceWithinItsWindowOnlyAndNoOtherTakesItsPlace() {
        Desk desk = granting(PolicyBody.of(Posture.ALLOW));

        Decision denied = desk.decide(Desk.pay(Map.of()).by("ana"));

        assertThat(denied.code()).isEqualTo(Code.GRANT_NOT_IN_FORCE);
        assertThat(denied.rule()).extracting("name").isEqualTo("(grant not in force)");
        assertThat(denied.rule()).extracting("place").hasToString("grants.ana.during");
        assertThat(denied.retryAfter()).isEqualTo(Duration.ofMinutes(390));
        assertThat(denied.message())
                .isEqualTo("The policy's grant to this caller is not in force now; try again in 7 h.");
        assertThat(desk.decide(Desk.pay(Map.of()).by("bob")).allowed()).isTrue();
        assertThat(desk.engine.explain(Desk.pay(Map.of()).by("ana")).steps())
                .singleElement()
                .extracting("text")
                .isEqualTo("(grant not in force): in force 06:00-12:00 (UTC)");
        desk.pass(Duration.ofMinutes(390));
        assertThat(desk.decide(Desk.pay(Map.of()).by("ana")).allowed()).isTrue();
    }

    @Test
    void aCallerWithoutAGrantInForceCanTellNoToolFromAnother() {
        Desk desk = granting(Policies.hiding("secret"));

        Decision hidden = desk.decide(ToolCall.of("secret", Map.of()).by("ana"));

        assertThat(hidden)
                .isEqualTo(desk.decide(ToolCall.of("unheard_of", Map.of()).by("ana")));
        assertThat(hidden)
                .isEqualTo(desk.decide(ToolCall.of("sec\u200bret", Map.of()).by("ana")));
    }

    @Test
    void aGrantThatIsNotInForceShowsNoTool() {
        Desk desk = granting(PolicyBody.of(Posture.ALLOW));
        ToolCall call = Desk.pay(Map.of()).by("ana");

        assertThat(desk.engine.visible(call)).isFalse();
        assertThat(desk.engine.visible(call, (ToolCatalog.KnownTool) null)).isFalse();
        assertThat(desk.engine.visible(Desk.pay(Map.of()).by("bob"))).isTrue();
        desk.pass(Duration.ofMinutes(390));
        assertThat(desk.engine.visible(call)).isTrue();
        assertThat(desk.engine.visible(call, (ToolCatalog.KnownTool) null)).isTrue();
    }

    @Test
    void listenersAreToldWhenAGrantBeginsAndCeasesToBeInForce() {
        ManualTime clock = ManualTime.at("2026-03-31T23:30:00Z");
        PolicyEngine engine = PolicyEngine.builder(Policies.granting(
                        PolicyBody.of(Posture.ALLOW),
                        Map.of("ana", PolicyBody.of(Posture.ALLOW).during(window(MORNING)))))
                .time(clock)
                .alarm(clock)
                .build();
        List<Boolean> told = new ArrayList<>();
        ToolCall call = Desk.pay(Map.of()).by("ana");
        Runnable remove = engine.onChange(() -> told.add(engine.visible(call)));

        for (int minutes = 0; minutes < 24 * 60; minutes += 10) {
            clock.advance(Duration.ofMinutes(10));
        }
        assertThat(told).containsExactly(true, false);

        engine.update(Policy.of(PolicyBody.of(Posture.ALLOW)));
        assertThat(told).containsExactly(true, false, true);
        remove.run();
        clock.advance(Duration.ofDays(2));
        assertThat(told).hasSize(3);
    }

    @Test
    void anAuditedPolicyRecordsThatTheGrantIsNotInForce() {
        Policy enforced = Policies.granting(
                PolicyBody.of(Posture.ALLOW),
                Map.of("ana", PolicyBody.of(Posture.ALLOW).during(window(MORNING))));
        Desk desk = new Desk(Policies.audited(enforced));

        Decision decision = desk.decide(Desk.pay(Map.of()).by("ana"));

        assertThat(desk.engine.visible(Desk.pay(Map.of()).by("ana"))).isTrue();
        assertThat(decision.audited()).isTrue();
        assertThat(decision.rule()).extracting("name").isEqualTo("(grant not in force)");
        assertThat(Policies.audited(enforced).mode()).isEqualTo(Mode.AUDIT);
    }
}
