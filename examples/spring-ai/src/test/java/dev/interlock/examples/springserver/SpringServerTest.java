package dev.interlock.examples.springserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.mcp.EnforcingServerTransports;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.server.McpServerFeatures.SyncToolSpecification;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import io.modelcontextprotocol.spec.McpStreamableServerTransportProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.beans.factory.BeanNotOfRequiredTypeException;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** A server that Spring Boot and Spring AI put together, over streamable HTTP, with a policy in front of it. */
class SpringServerTest {

    private static final Duration PATIENCE = Duration.ofMinutes(5);

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(ServerConfiguration.class)
    static class Application {

        @Bean
        List<SyncToolSpecification> tools() {
            return List.of(tool("read"), tool("drop"), tool("secret"));
        }

        private static SyncToolSpecification tool(String name) {
            return SyncToolSpecification.builder()
                    .tool(Tool.builder(name, Map.of("type", "object")).build())
                    .callHandler((exchange, request) -> CallToolResult.builder()
                            .addTextContent("ran " + name)
                            .build())
                    .build();
        }
    }

    /** What does not work: the routes want the provider's own class. */
    @Configuration(proxyBeanMethods = false)
    static class Replacing {

        @Bean
        static BeanPostProcessor inPlaceOfTheProvider(ObjectProvider<PolicyEngine> engine) {
            return new BeanPostProcessor() {
                @Override
                public Object postProcessAfterInitialization(Object bean, String name) {
                    return bean instanceof McpStreamableServerTransportProvider provider
                                    && name.equals("webMvcStreamableServerTransportProvider")
                            ? EnforcingServerTransports.wrap(provider, engine.getObject())
                            : bean;
                }
            };
        }
    }

    private static ConfigurableApplicationContext run(Path directory, Class<?>... sources) throws IOException {
        Path policy = Files.writeString(directory.resolve("policy.yaml"), """
                version: "1"
                default: allow
                hide: [secret]
                tools:
                  drop:
                    rules: [{action: deny}]
                """);
        return new SpringApplication(sources)
                .run(
                        "--policy=" + policy,
                        "--server.port=0",
                        "--spring.main.web-application-type=servlet",
                        "--spring.ai.mcp.server.enabled=true",
                        "--spring.ai.mcp.server.protocol=STREAMABLE",
                        "--spring.ai.mcp.client.enabled=false");
    }

    @Test
    void aGuardedProviderBesideTheBareOneDecidesEveryCall(@TempDir Path directory) throws IOException {
        try (ConfigurableApplicationContext context = run(directory, Application.class);
                McpSyncClient client = McpClient.sync(HttpClientStreamableHttpTransport.builder("http://localhost:"
                                        + context.getEnvironment().getProperty("local.server.port"))
                                .build())
                        .requestTimeout(PATIENCE)
                        .initializationTimeout(PATIENCE)
                        .build()) {
            client.initialize();

            assertThat(client.listTools().tools()).extracting(Tool::name).containsExactlyInAnyOrder("read", "drop");
            assertThat(client.callTool(call("read")).toString()).contains("ran read");
            assertThat(client.callTool(call("drop")).toString())
                    .contains("[POLICY DENIED]")
                    .doesNotContain("ran drop");
        }
    }

    private static CallToolRequest call(String tool) {
        return CallToolRequest.builder(tool).arguments(Map.of()).build();
    }

    @Test
    void aGuardedProviderInThePlaceOfTheBareOneDoesNotStart(@TempDir Path directory) {
        Assertions.assertThatThrownBy(() -> run(directory, Application.class, Replacing.class))
                .hasStackTraceContaining(BeanNotOfRequiredTypeException.class.getSimpleName());
    }
}
