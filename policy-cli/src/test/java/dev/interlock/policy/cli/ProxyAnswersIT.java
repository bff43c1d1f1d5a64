package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.cli.ProxyLinesIT.ScriptedServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever a server answers, the proxy goes on. One proxy serves all these tests, which is the point: none of the
 * answers may end it, or hold up the next one.
 */
@Timeout(180)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ProxyAnswersIT {

    private Path script;
    private Process proxy;
    private OutputStream in;
    private BufferedReader out;
    private BufferedReader err;

    /** The id of the last call that was answered with a line of the script; the sound call's is the next number. */
    private int scripted = 39;

    @BeforeAll
    void startProxy(@TempDir Path directory) throws IOException {
        Interlock interlock = new Interlock(directory)
                .file("policy.yaml", "version: \"1\"\ndefault: allow\n")
                .file("script.txt", "");
        script = directory.resolve("script.txt");
        proxy = interlock
                .builder(ProxyLinesIT.proxy(ScriptedServer.class, "--max-line", "2"))
                .start();
        in = proxy.getOutputStream();
        out = proxy.inputReader(StandardCharsets.UTF_8);
        err = proxy.errorReader(StandardCharsets.UTF_8);
    }

    @AfterAll
    void endProxy() {
        proxy.descendants().forEach(ProcessHandle::destroyForcibly);
        proxy.destroyForcibly();
    }

    /** Makes a call that is answered so, then one that is answered soundly; the lines that the host gets. */
    private List<String> answered(String answer, int count) throws IOException {
        scripted += 2;
        Files.writeString(script, answer + "\n", StandardOpenOption.APPEND);
        in.write(Interlock.utf8(
                ProxyLinesIT.call(scripted, "scripted") + "\n" + ProxyLinesIT.call(scripted + 1, "sound") + "\n"));
        in.flush();
        List<String> lines = new ArrayList<>();
        while (lines.size() < count) {
            lines.add(out.readLine());
        }
        return lines;
    }

    private boolean isEchoOfTheSoundCall(String line) {
        return line.contains("\"id\":" + (scripted + 1)) && line.contains("echo");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"jsonrpc\":\"2.0\",\"id\":$ID,\"error\":{\"code\":\"ECONNREFUSED\",\"message\":\"x\"}}",
                "{\"jsonrpc\":\"2.0\",\"id\":$ID,\"error\":{\"code\":-3200000000000,\"message\":\"m\"}}",
                "{\"jsonrpc\":\"2.0\",\"id\":$ID,\"error\":{\"code\":-32000}}",
                "{\"jsonrpc\":\"2.0\",\"id\":$ID,\"error\":\"boom\"}",
                "{\"jsonrpc\":\"2.0\",\"id\":$ID,\"error\":null}",
                "{\"jsonrpc\":\"2.0\",\"id\":$ID}",
                "{\"id\":$ID,\"result\":{}}",
                "{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":{},\"error\":{\"code\":1,\"message\":\"m\"}}",
                "{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":{\"a\":1,\"a\":2}}",
                "{\"jsonrpc\":\"2.0\",\"result\":{\"a\":1,\"a\":2},\"id\":$ID}",
                "{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":{\"a\":NaN}}",
                "{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":{\"a\":1",
                "[{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":{}}]",
                "{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":{\"text\":\"@big@\"}}",
            })
    void aCallWhoseAnswerCannotBeReadIsAnsweredWithAnErrorAndTheNextOneWithItsResult(String answer) throws Exception {
        assertThat(answered(answer, 2))
                .anyMatch(line -> line.contains("\"id\":" + scripted + ",")
                        && line.contains("-32603")
                        && line.contains("the server's answer could not be read: "))
                .anyMatch(this::isEchoOfTheSoundCall);
        assertThat(err.readLine()).contains("dropped a line from the server");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":null}",
                "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"Parse error\"}}",
            })
    void anOddAnswerThatJsonRpcAllowsIsPassedOnAsItIs(String answer) throws Exception {
        List<String> lines = answered(answer, 2);

        assertThat(lines)
                .contains(answer.replace("$ID", String.valueOf(scripted)))
                .anyMatch(this::isEchoOfTheSoundCall);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"jsonrpc\":\"2.0\",\"id\":18446744073709551616,\"result\":{}}",
                "{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":{}}",
                "{\"jsonrpc\":\"2.0\",\"id\":true,\"error\":{\"code\":1,\"message\":\"m\"}}",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"result\":{}}",
                "not json",
                "[[[[[[",
                "\u0000",
            })
    void aLineOfTheServersThatAnswersNoOneEndsNothing(String answer) throws Exception {
        assertThat(answered(answer, 1)).allMatch(this::isEchoOfTheSoundCall);
        assertThat(err.readLine()).contains("dropped a line from the server");
    }

    @Test
    void anErrorThatAnswersNoOneCarriesNoQuestionAndNoMethodToTheHost() throws Exception {
        List<String> lines = answered(
                "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32042,\"message\":\"m\","
                        + "\"data\":{\"elicitations\":[{\"mode\":\"url\"}]}},\"Method\":\"sampling/createMessage\","
                        + "\"Id\":5}",
                2);

        assertThat(lines)
                .anyMatch(this::isEchoOfTheSoundCall)
                .contains("{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32042,\"message\":\"m\"}}");
        assertThat(String.join("", lines)).doesNotContain("elicitations", "Method", "sampling");
    }
}
