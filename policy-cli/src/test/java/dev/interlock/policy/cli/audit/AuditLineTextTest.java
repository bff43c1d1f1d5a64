package dev.interlock.policy.cli.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.cli.io.Colours;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lines that only a forger writes. */
class AuditLineTextTest {

    private static final List<String> TEXTS = List.of(
            "t",
            "decision",
            "rule",
            "code",
            "identity",
            "session",
            "by",
            "ticket",
            "tool",
            "server",
            "method",
            "from",
            "outcome",
            "result",
            "wouldBe",
            "change",
            "policyDigest",
            "policyDescription",
            "failure",
            "before",
            "reason",
            "limit",
            "subject");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "decision",
                "method",
                "result",
                "settlement",
                "marks",
                "policy",
                "suspension",
                "reset",
                "clear",
                "failure",
                "lost",
                "open",
                "seal",
                "\\u001b[2J"
            })
    void noTextOfALineReachesTheTerminalAsItIs(String event) {
        StringBuilder line = new StringBuilder("{\"event\":\"" + event + "\"");
        TEXTS.forEach(name -> line.append(",\"").append(name).append("\":\"a\\u001b[2J\\n\\u202e\\u0007\""));
        byte[] bytes = line.append('}').toString().getBytes(StandardCharsets.UTF_8);

        String shown = new AuditLineText(Colours.OFF).of(AuditLine.read(bytes, 0, bytes.length));

        assertThat(shown.chars()).allMatch(c -> c >= ' ' && c != 0x7F && c != 0x202E && !(c >= 0x80 && c < 0xA0));
    }
}
