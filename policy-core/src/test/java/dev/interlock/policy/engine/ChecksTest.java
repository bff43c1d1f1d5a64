package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.pay;
import static dev.interlock.policy.engine.Policies.rate;
import static dev.interlock.policy.engine.Policies.rateOf;
import static dev.interlock.policy.engine.Policies.schema;
import static dev.interlock.policy.engine.Policies.validate;
import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Algorithm;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Scope;
import dev.interlock.policy.Window;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.value.ObjectValue;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** How often the arguments of a call are checked. */
class ChecksTest {

    private final AtomicInteger checks = new AtomicInteger();

    private final PolicyEngine engine = PolicyEngine.builder(pay(
                    validate("valid", schema()),
                    rate(
                            "one",
                            rateOf(
                                    1,
                                    new Window.Length(Duration.ofDays(1)),
                                    Algorithm.TOKEN_BUCKET,
                                    Scope.SESSION,
                                    ChargeMode.SENT))))
            .schemaValidator((schema, arguments) -> {
                checks.incrementAndGet();
                return arguments.size() > 0 ? Optional.of("no arguments are wanted") : Optional.empty();
            })
            .build();

    private final ToolCall call = Desk.pay(Map.of()).in("session");

    @Test
    void aCallIsCheckedOnceWhetherItsBucketIsNewHasRoomOrIsFull() {
        engine.tools().learn(null, List.of(ToolDefinition.named("pay").withInputSchema(ObjectValue.EMPTY)));

        assertThat(engine.admit(call).decision().allowed()).isTrue();
        assertThat(checks).hasValue(1);
        assertThat(engine.admit(call).decision().allowed()).isFalse();
        assertThat(checks).hasValue(2);
        assertThat(engine.admit(call.in("other")).decision().allowed()).isTrue();
        assertThat(checks).hasValue(3);
        assertThat(engine.admit(Desk.pay(Map.of("x", 1)).in("session"))
                        .decision()
                        .allowed())
                .isFalse();
        assertThat(checks).hasValue(4);
    }
}
