package dev.interlock.policy.yaml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReadResultTest {

    @Test
    void whatIsThrownListsEveryError() {
        ReadResult reading = PolicyYaml.read("default: no\ntools: []\nmethods: {x: y}\n", "policy.yaml");
        assertThat(reading.policy()).isEmpty();
        assertThatThrownBy(reading::orThrow)
                .isInstanceOfSatisfying(
                        PolicyException.class, e -> assertThat(e.diagnostics()).isEqualTo(reading.diagnostics()))
                .hasMessage("""
                        policy.yaml:1:10: error bad-value: default can't be 'no'; it is allow or deny [default]
                        policy.yaml:2:8: error wrong-type: tools must be a map, not a list; each key of it is a tool's name [tools]
                        policy.yaml:3:14: error bad-value: a method's value can't be 'y'; it is allow or deny [methods.x]""");
    }

    @Test
    void aPolicyWithWarningsIsAPolicy(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("policy.yaml");
        Files.writeString(file, "\uFEFFdefault: deny\n");
        ReadResult reading = PolicyYaml.read(file);
        assertThat(reading.isValid()).isTrue();
        assertThat(reading.errors()).isEmpty();
        assertThat(reading.warnings())
                .singleElement()
                .hasToString(file + ":1:1: warning version-missing: there is no 'version'; write version: \"1\"");
        assertThat(reading.orThrow()).isSameAs(reading.policy().orElseThrow());
    }

    @Test
    void aNameThatBreaksTheLineIsEscapedInMessages() {
        assertThat(PolicyYaml.read("version: \"1\"\n\"a\\nb\\e[31m\": 1\n", "x\ny")
                        .errors())
                .singleElement()
                .asString()
                .startsWith("x\\ny:2:1: error unknown-key: unknown key 'a\\nb\\u001b[31m'");
    }
}
