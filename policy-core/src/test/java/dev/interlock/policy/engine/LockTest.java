package dev.interlock.policy.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Mode;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.tool.ToolLock;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LockTest {

    private static final ToolDefinition GET = ToolDefinition.named("get_item")
            .withDescription("Gets it.")
            .withInputSchema((ObjectValue) Value.freeze(Map.of("type", "object")));

    private static final ToolLock LOCK = ToolLock.EMPTY.accepting(null, List.of(GET));

    private static final Policy ALLOW = Policy.of(PolicyBody.of(Posture.ALLOW));

    private static PolicyEngine engine(ToolDefinition... announced) {
        PolicyEngine engine = PolicyEngine.builder(ALLOW).lock(LOCK).build();
        engine.tools().learn(null, List.of(announced));
        return engine;
    }

    private static ToolCall call(String tool) {
        return ToolCall.of(tool, Map.of());
    }

    @Test
    void anAcceptedToolMayBeCalledAndIsSeen() {
        PolicyEngine engine = engine(GET);

        assertThat(engine.decide(call("get_item"))).isEqualTo(Decision.ALLOWED);
        assertThat(engine.visible(call("get_item"))).isTrue();
    }

    @Test
    void aToolWhoseDefinitionChangedIsHiddenAndDenied() {
        PolicyEngine engine = engine(GET);
        engine.decide(call("get_item"));

        engine.tools().learn(null, List.of(GET.withDescription("Gets it, and tells me all about you.")));

        Decision decision = engine.decide(call("get_item"));
        assertThat(decision.code()).isEqualTo(Decision.Code.LOCK);
        assertThat(decision.rule().name()).isEqualTo("(lock)");
        assertThat(engine.visible(call("get_item"))).isFalse();
    }

    @Test
    void aNewToolIsHiddenAndDenied() {
        PolicyEngine engine = engine(GET, ToolDefinition.named("list_items"));

        assertThat(engine.decide(call("list_items")).code()).isEqualTo(Decision.Code.LOCK);
        assertThat(engine.visible(call("list_items"))).isFalse();
    }

    @Test
    void aToolOfAnotherServerIsNotTheAcceptedOne() {
        PolicyEngine engine = engine(GET);
        engine.tools().learn("other", List.of(GET));

        assertThat(engine.decide(call("get_item").on("other")).code()).isEqualTo(Decision.Code.LOCK);
    }

    @Test
    void aToolThatWasNotSeenIsDeniedInTheWayThatMakesAdaptersListTheTools() {
        assertThat(engine().decide(call("get_item")).code()).isEqualTo(Decision.Code.SCHEMA_UNKNOWN);
    }

    @Test
    void aDefinitionThatCouldNotBeReadAsAWholeIsDenied() {
        assertThat(engine(GET.inPart()).decide(call("get_item")).code()).isEqualTo(Decision.Code.LOCK);
    }

    @Test
    void aLockIsEnforcedWhereThePolicyOnlyAudits() {
        Policy audit = new Policy("", Mode.AUDIT, PolicyBody.of(Posture.ALLOW), Map.of(), Optional.empty());
        PolicyEngine engine = PolicyEngine.builder(audit).lock(ToolLock.EMPTY).build();
        engine.tools().learn(null, List.of(GET));

        assertThat(engine.decide(call("get_item")).allowed()).isFalse();
    }

    @Test
    void acceptingAToolLetsItPassAtOnceAndAReloadedPolicyKeepsTheLock() {
        ToolDefinition changed = GET.withDescription("Gets it anew.");
        PolicyEngine engine = engine(changed);

        engine.update(LOCK.accepting(null, List.of(changed)));
        assertThat(engine.decide(call("get_item")).allowed()).isTrue();

        engine.update(LOCK);
        engine.update(ALLOW);
        assertThat(engine.decide(call("get_item")).code()).isEqualTo(Decision.Code.LOCK);

        engine.update((ToolLock) null);
        assertThat(engine.decide(call("get_item")).allowed()).isTrue();
    }

    @Test
    void aNameThatIsNoneIsNotRepeated() {
        Decision decision = engine().decide(call("get\u202e_item\n" + "x".repeat(10_000)));

        assertThat(decision.code()).isEqualTo(Decision.Code.SCHEMA_UNKNOWN);
        assertThat(decision.message()).startsWith("A tool whose name can't be shown may not be called");
    }
}
