package dev.interlock.examples.plainsdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.yaml.PolicyYaml;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class PlainHostTest {

    @Test
    @Timeout(60)
    void itPrintsWhatItsReadmeSays() throws IOException {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PlainHost.run(Path.of("policy.yaml"), new PrintStream(printed, true, StandardCharsets.UTF_8));

        assertThat(Files.readString(Path.of("README.md"))).contains("```\n" + text(printed) + "```\n");
    }

    /** As long as it takes, the bucket fills up. */
    private static String text(ByteArrayOutputStream printed) {
        return printed.toString(StandardCharsets.UTF_8)
                .lines()
                .map(line -> line.replaceAll("in \\d+ s\\.", "in 30 s.") + "\n")
                .collect(Collectors.joining());
    }

    @Test
    void itsPolicyHasNoMistakes() {
        assertThat(PolicyYaml.read(Path.of("policy.yaml")).diagnostics()).isEmpty();
    }
}
