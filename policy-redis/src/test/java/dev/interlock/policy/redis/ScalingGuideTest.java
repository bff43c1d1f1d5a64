package dev.interlock.policy.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Policy;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.limit.remote.FailureMode;
import dev.interlock.policy.limit.remote.StoreListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The guide's code is this class's own, and so compiles. */
class ScalingGuideTest {

    private static final Path GUIDE = Path.of("..", "docs", "scaling.md");
    private static final Path SOURCE =
            Path.of("src", "test", "java", "dev", "interlock", "policy", "redis", "ScalingGuideTest.java");

    @Test
    void theGuidesCodeIsWhatIsCompiledHere() throws IOException {
        Matcher block = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(Files.readString(GUIDE));
        assertThat(block.find()).isTrue();
        String source = Files.readString(SOURCE);
        do {
            assertThat(source.replaceAll("\\s+", "")).contains(block.group(1).replaceAll("\\s+", ""));
        } while (block.find());
    }

    static PolicyEngine example(Policy policy, StoreListener alerts) {
        RedisStore store = RedisStore.server("redis://limits.internal:6379")
                .prefix("billing")
                .onFailure(FailureMode.closed())
                .listener(alerts)
                .build();
        store.connect(); // now, so that the first call need not wait for it
        PolicyEngine engine =
                PolicyEngine.builder(policy).rateLimiter(store.rateLimiter()).build();
        return engine;
    }
}
