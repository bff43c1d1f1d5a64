package dev.interlock.policy.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Policy;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.limit.remote.StoreListener;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import dev.interlock.policy.yaml.PolicyYaml;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * What a store that others can read learns of calls: the names of limits, sessions and identities by which they count
 * apart, and the amounts that are counted. Not the arguments, whatever scope a limit has.
 */
class CanaryTest {

    private static final String CANARY = "canary-5c1f9e";

    private static final Policy POLICY = PolicyYaml.read("""
                    version: "1"
                    tools:
                      refund:
                        rules:
                          - name: small
                            conditions: [{path: args.note, op: max_length, value: 1000}]
                          - {name: tool, rate_limit: 100/month}
                          - {name: session, rate_limit: {max: 100, window: 30d}}
                          - {name: identity, rate_limit: {max: 100, window: 30d, scope: identity, algorithm: sliding_window}}
                          - name: spent
                            spend: {per_call: 100, daily: 1000, from: args.amount}
                    all_tools:
                      limits:
                        - {counter: calls, window: day, max: 1000}
                    """, "policy.yaml").orThrow();

    @Test
    void noArgumentAndNothingThatTheHostSaysBesideTheCallerReachesRedis() throws IOException {
        try (RedisServer server = RedisServer.start("--slowlog-log-slower-than", "0", "--slowlog-max-len", "100000");
                RedisStore limiter = RedisStore.server(server.uri())
                        .timeout(RedisServer.PATIENCE)
                        .build()) {
            PolicyEngine engine = PolicyEngine.builder(POLICY)
                    .rateLimiter(limiter.rateLimiter())
                    .build();
            ToolCall call = ToolCall.of("refund", Map.of("amount", 7, "note", CANARY, CANARY, List.of(CANARY)))
                    .by("bob")
                    .in("s1")
                    .with(ObjectValue.of(Map.of("token", new Value.Text(CANARY))));
            for (int i = 0; i < 3; i++) {
                assertThat(engine.admit(call).decision().allowed()).isTrue();
                engine.admitAsync(call).toCompletableFuture().join().failed();
                engine.decide(call);
                engine.explain(call);
            }

            List<String> told = new ArrayList<>(server.keys());
            assertThat(told)
                    .hasSizeGreaterThan(4)
                    .anyMatch(key -> key.contains("s1"))
                    .anyMatch(key -> key.contains("bob"));
            for (String key : List.copyOf(told)) {
                told.add(server.command("DUMP", key));
            }
            String commands = server.command("SLOWLOG", "GET", "100000");
            assertThat(commands).as("all that was ever sent").contains("EVALSHA", "bob");
            told.add(commands);
            assertThat(told).noneMatch(text -> text.contains(CANARY));
        }
    }

    @Test
    void aPasswordIsInNothingThatIsSaidOfAStoreThatCannotBeReached() {
        List<String> told = new ArrayList<>();
        // Nothing listens on port 1.
        try (RedisStore limiter = RedisStore.server("redis://:" + CANARY + "@127.0.0.1:1")
                .timeout(Duration.ofMillis(50))
                .listener(new StoreListener() {
                    @Override
                    public void unavailable(Throwable cause) {
                        for (Throwable each = cause; each != null; each = each.getCause()) {
                            told.add(each.toString());
                        }
                    }
                })
                .build()) {
            PolicyEngine engine = PolicyEngine.builder(POLICY)
                    .rateLimiter(limiter.rateLimiter())
                    .listener((call, failure) -> told.add(failure.toString()))
                    .build();
            ToolCall call = ToolCall.of("refund", Map.of("amount", 7, "note", CANARY));
            RedisServer.await(() -> {
                told.add(engine.admit(call).decision().toString());
                return told.stream().anyMatch(text -> text.contains("Exception"));
            });
            told.add(engine.explain(call).toString());
        }
        assertThat(told).noneMatch(text -> text.contains(CANARY));
    }
}
