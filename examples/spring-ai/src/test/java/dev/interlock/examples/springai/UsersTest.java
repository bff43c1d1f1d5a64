package dev.interlock.examples.springai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.ToolCallbackProvider;
import org.springframework.ai.tool.execution.ToolExecutionException;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;

/** Two users of one application, with each type of client that Spring AI has. */
class UsersTest {

    private static final String POLICY = """
            version: "1"
            default: deny
            tools:
              get_customer:
                require:
                  - {path: call.identity, op: exists, value: true}
                rules:
                  - {name: once, rate_limit: {max: 1, window: 1d}}
            """;

    @ParameterizedTest
    @ValueSource(strings = {"SYNC", "ASYNC"})
    void twoUsersDoNotShareALimitAndNoOneIsDenied(String type, @TempDir Path directory) throws IOException {
        Path policy = Files.writeString(directory.resolve("policy.yaml"), POLICY);
        try (ConfigurableApplicationContext context = SpringApplication.run(
                SpringHost.class,
                "--policy=" + policy,
                "--spring.ai.mcp.client.type=" + type,
                "--spring.ai.mcp.client.request-timeout=5m")) {
            ToolCallback tool = Arrays.stream(
                            context.getBean(ToolCallbackProvider.class).getToolCallbacks())
                    .filter(offered -> offered.getToolDefinition().name().equals("get_customer"))
                    .findFirst()
                    .orElseThrow();

            CurrentUser.run("ada", () -> assertThat(ask(tool)).contains("Ada"));
            CurrentUser.run(
                    "ada",
                    () -> assertThatThrownBy(() -> ask(tool))
                            .isInstanceOf(ToolExecutionException.class)
                            .hasMessageContaining("Limit of 1 per 24 h reached"));
            CurrentUser.run("bob", () -> assertThat(ask(tool)).contains("Ada"));
            assertThatThrownBy(() -> ask(tool)).hasMessageContaining("[POLICY DENIED]");
        }
    }

    private static String ask(ToolCallback tool) {
        return tool.call("{\"id\": \"c-1\"}");
    }
}
