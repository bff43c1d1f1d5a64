package dev.interlock.policy.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Algorithm;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Policy;
import dev.interlock.policy.Scope;
import dev.interlock.policy.Window;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A caller that invents tools' names, or opens sessions, under a limit for all tools shuts out only itself. */
class CallersKeysTest {

    private static final int MAX_KEYS = 2_000;

    private final InMemoryRateLimiter limiter =
            InMemoryRateLimiter.builder().maxKeys(MAX_KEYS).build();
    private final PolicyEngine engine = PolicyEngine.builder(Policy.of(Policies.star(Policies.entry(
                    List.of(Policies.rate(
                            "pace",
                            Policies.rateOf(
                                    5,
                                    new Window.Length(Duration.ofDays(1)),
                                    Algorithm.TOKEN_BUCKET,
                                    Scope.SESSION,
                                    ChargeMode.SENT))),
                    List.of(),
                    List.of()))))
            .rateLimiter(limiter)
            .build();

    private static ToolCall call(String tool) {
        return ToolCall.of(tool, Map.of());
    }

    private Decision flood(ToolCall... calls) {
        for (int i = 0; ; i++) {
            ToolCall next = calls[i % calls.length];
            ToolCall named = next.identity() == null
                    ? call("x" + i).in(next.session())
                    : call("x" + i).by(next.identity()).in("s" + i);
            Decision decision = engine.admit(named).decision();
            if (!decision.allowed()) {
                return decision;
            }
        }
    }

    @Test
    void aSessionThatInventsToolsShutsOnlyItself() {
        Decision denied = flood(call("").in("mallory"));

        assertThat(denied.code()).isEqualTo(Code.LIMITER_UNAVAILABLE);
        assertThat(denied.message())
                .startsWith("Too many different tools, sessions or values are being counted for this caller");
        assertThat(limiter.keyCount()).isLessThan(MAX_KEYS / 10);
        assertThat(engine.admit(call("get").in("bob")).decision().allowed()).isTrue();
        assertThat(engine.admit(call("get").by("ada")).decision().allowed()).isTrue();
        assertThat(engine.admit(call("get")).decision().allowed()).isTrue();
    }

    @Test
    void anIdentityThatInventsToolsAndSessionsShutsOnlyItself() {
        flood(call("").by("mallory"));

        assertThat(limiter.keyCount()).isLessThan(MAX_KEYS / 10);
        assertThat(engine.admit(call("get").by("ada").in("s")).decision().allowed())
                .isTrue();
        assertThat(engine.admit(call("get").in("s-unknown")).decision().allowed())
                .isTrue();
    }

    @Test
    void whatItCalledBeforeItMayGoOnCallingAsOftenAsTheRuleSays() {
        ToolCall get = call("get").in("mallory");
        assertThat(engine.admit(get).decision().allowed()).isTrue();
        flood(call("").in("mallory"));

        for (int i = 0; i < 4; i++) {
            assertThat(engine.admit(get).decision().allowed()).isTrue();
        }
        assertThat(engine.admit(get).decision().code()).isEqualTo(Code.LIMIT);
    }
}
