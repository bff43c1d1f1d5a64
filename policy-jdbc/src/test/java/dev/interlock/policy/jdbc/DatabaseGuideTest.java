package dev.interlock.policy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Policy;
import dev.interlock.policy.approval.ApprovalTickets;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.limit.remote.FailureMode;
import dev.interlock.policy.limit.remote.StoreListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

/** The guide's code is this class's own, and so compiles. */
class DatabaseGuideTest {

    private static final Path GUIDE = Path.of("..", "docs", "databases.md");
    private static final Path SOURCE =
            Path.of("src", "test", "java", "dev", "interlock", "policy", "jdbc", "DatabaseGuideTest.java");

    @Test
    void theGuidesCodeIsWhatIsCompiledHere() throws IOException {
        Matcher block = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(Files.readString(GUIDE));
        assertThat(block.find()).isTrue();
        String source = Files.readString(SOURCE);
        do {
            assertThat(source.replaceAll("\\s+", "")).contains(block.group(1).replaceAll("\\s+", ""));
        } while (block.find());
    }

    static PolicyEngine example(Policy policy, DataSource connections, StoreListener alerts) {
        JdbcStore store = JdbcStore.on(connections) // a pool
                .timeout(Duration.ofSeconds(2))
                .onFailure(FailureMode.closed())
                .listener(alerts)
                .build()
                .open(); // now, so that the first call need not make the tables
        PolicyEngine engine = PolicyEngine.builder(policy)
                .state(store)
                .approvals(
                        ApprovalTickets.builder().store(store.approvalStore()).build())
                .build();
        return engine;
    }
}
