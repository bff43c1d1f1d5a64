package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.call.MethodCall;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.mcp.Callers.ResolvedCaller;
import dev.interlock.policy.value.ObjectValue;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import reactor.util.context.Context;

/** Whose session a call is counted and marked in. */
class CallersTest {

    private static final Context CONNECTED = Context.of(CallContextResolver.MCP_SESSION_ID, "transport-1");

    @Test
    void theSessionOfATransportCountsForLimitsAndNotForMarks() {
        ResolvedCaller caller = callers(null, null).of(CONNECTED);
        ToolCall call = caller.signs(ToolCall.of("fetch", Map.of()));
        MethodCall request = caller.signs(MethodCall.of("resources/read"));

        assertThat(call.session()).isEqualTo("transport-1");
        assertThat(call.markSession()).isNull();
        assertThat(request.session()).isEqualTo("transport-1");
        assertThat(request.markSession()).isNull();
        assertThat(MethodCall.of("x").by(call.identity()).inSessionOf(call).markSession())
                .isNull();
    }

    @Test
    void theSessionThatTheHostNamesCountsForBoth() {
        ToolCall named = callers(null, "s1").of(CONNECTED).signs(ToolCall.of("fetch", Map.of()));
        ToolCall identified = callers("ana", null).of(CONNECTED).signs(ToolCall.of("fetch", Map.of()));

        assertThat(named.markSession()).isEqualTo("s1");
        assertThat(identified.markSession()).isEqualTo("ana");
        assertThat(identified.session()).isEqualTo("ana");
        assertThat(MethodCall.of("x").inSessionOf(named).markSession()).isEqualTo("s1");
    }

    private static Callers callers(@Nullable String identity, @Nullable String session) {
        return new Callers(null, identity, session, ObjectValue.EMPTY, true, CallContextResolver.NONE);
    }
}
