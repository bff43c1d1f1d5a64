package dev.interlock.examples.springai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.yaml.PolicyYaml;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class SpringHostTest {

    @Test
    void itPrintsWhatItsReadmeSays() throws IOException {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        SpringHost.run(
                new PrintStream(printed, true, StandardCharsets.UTF_8), "--spring.ai.mcp.client.request-timeout=5m");

        assertThat(Files.readString(Path.of("README.md")))
                .contains("```\n" + printed.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n")
                        + "```\n");
    }

    @Test
    void itsPolicyHasNoMistakes() {
        assertThat(PolicyYaml.read(Path.of("policy.yaml")).diagnostics()).isEmpty();
    }
}
