package dev.interlock.examples.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.yaml.PolicyYaml;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class LangChain4jHostTest {

    @Test
    void itPrintsWhatItsReadmeSays() throws Exception {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        LangChain4jHost.run(Path.of("policy.yaml"), new PrintStream(printed, true, StandardCharsets.UTF_8));

        assertThat(Files.readString(Path.of("README.md")))
                .contains("```\n" + printed.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n")
                        + "```\n");
    }

    @Test
    void itsPolicyHasNoMistakes() {
        assertThat(PolicyYaml.read(Path.of("policy.yaml")).diagnostics()).isEmpty();
    }
}
