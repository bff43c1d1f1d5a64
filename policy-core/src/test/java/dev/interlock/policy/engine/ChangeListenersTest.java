package dev.interlock.policy.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Policy;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.tool.ToolLock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Who is told that tools may be shown or hidden otherwise. */
class ChangeListenersTest {

    private final PolicyEngine engine =
            PolicyEngine.builder(Policy.of(Policies.hiding("a"))).build();

    private final AtomicInteger told = new AtomicInteger();

    private static ToolLock locked(String tool) {
        return ToolLock.EMPTY.accepting(null, List.of(ToolDefinition.named(tool)));
    }

    @Test
    void anotherPolicyAndAnotherLockAreChangesAndEqualOnesAreNone() {
        engine.onChange(told::incrementAndGet);

        engine.update(Policy.of(Policies.hiding("a")));
        assertThat(told).hasValue(0);
        engine.update(Policy.of(Policies.hiding("b")));
        assertThat(told).hasValue(1);
        engine.update(locked("a"));
        assertThat(told).hasValue(2);
        engine.update(locked("a"));
        assertThat(told).hasValue(2);
        engine.update((ToolLock) null);
        assertThat(told).hasValue(3);
    }

    @Test
    void aListenerFindsTheChangeInForce() {
        ToolCall call = ToolCall.of("b", Map.of());
        boolean[] shown = {true};
        engine.onChange(() -> shown[0] = engine.visible(call));

        engine.update(Policy.of(Policies.hiding("b")));

        assertThat(shown[0]).isFalse();
    }

    @Test
    void oneThatThrowsKeepsNoneFromHearingAndNoPolicyOut() {
        engine.onChange(() -> {
            throw new AssertionError("broken");
        });
        engine.onChange(told::incrementAndGet);
        Policy next = Policy.of(Policies.hiding("b"));

        engine.update(next);

        assertThat(told).hasValue(1);
        assertThat(engine.policy()).isEqualTo(next);
    }

    @Test
    void oneThatIsTakenAwayHearsNoMoreAndIsNotHeld() {
        ChangeListeners listeners = new ChangeListeners();
        Runnable first = listeners.add(told::incrementAndGet);
        Runnable second = listeners.add(told::incrementAndGet);
        first.run();
        first.run();
        listeners.tell();
        assertThat(told).hasValue(1);

        second.run();

        assertThat(listeners.size()).isZero();
    }
}
