package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.pay;
import static dev.interlock.policy.engine.Policies.rate;
import static dev.interlock.policy.engine.Policies.rateOf;
import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Algorithm;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Policy;
import dev.interlock.policy.Scope;
import dev.interlock.policy.Window;
import dev.interlock.policy.call.MethodCall;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which session a call is in. */
class SessionTest {

    private static final Policy TWO_A_SESSION =
            pay(rate("two", rateOf(2, Window.Calendar.HOUR, Algorithm.FIXED_WINDOW, Scope.SESSION, ChargeMode.SENT)));

    private static ToolCall call() {
        return ToolCall.of("pay", Map.of());
    }

    @ParameterizedTest
    @CsvSource({"s-1, ada, s-1", "s-1, , s-1", ", ada, ada", ", , (engine)"})
    void isWhatTheHostSaysElseTheIdentityElseOneForTheEngine(
            @Nullable String said, @Nullable String identity, String session) {
        assertThat(call().in(said).by(identity).session()).isEqualTo(session);
        assertThat(MethodCall.of("resources/read").by(identity).in(said).session())
                .isEqualTo(session);
    }

    @Test
    void limitsOfOneAgentHoldOverAllItsServersWhereNoOneNamesASession() {
        PolicyEngine engine = PolicyEngine.builder(TWO_A_SESSION).build();

        assertThat(List.of("mail", "files", "web"))
                .extracting(server -> engine.admit(call().on(server)).decision().allowed())
                .containsExactly(true, true, false);
        assertThat(List.of("mail", "files", "web"))
                .extracting(server ->
                        engine.admit(call().by("ada").on(server)).decision().allowed())
                .containsExactly(true, true, false);
    }

    @Test
    void enginesThatShareALimiterShareTheSessionOfCallsOfWhichNothingIsKnown() {
        RateLimiter shared = InMemoryRateLimiter.create();
        List<PolicyEngine> engines = List.of(
                PolicyEngine.builder(TWO_A_SESSION).rateLimiter(shared).build(),
                PolicyEngine.builder(TWO_A_SESSION).rateLimiter(shared).build(),
                PolicyEngine.builder(TWO_A_SESSION).rateLimiter(shared).build());

        assertThat(engines)
                .extracting(engine -> engine.admit(call()).decision().allowed())
                .containsExactly(true, true, false);
    }
}
