package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.cli.Interlock.Result;
import dev.interlock.policy.cli.proxy.ProxyIT.EchoServer;
import dev.interlock.policy.tool.ToolLock;
import dev.interlock.policy.yaml.ToolLockFile;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the options of the proxy make known to policies, and whom it asks for approvals. */
@Timeout(300)
class ProxyOptionsIT {

    @TempDir
    private Path directory;

    private Interlock interlock;

    @BeforeEach
    void start() throws IOException {
        interlock = new Interlock(directory).file("policy.yaml", """
                version: "1"
                context: [tenant]
                tools:
                  echo:
                    deny_if: [{path: ctx.tenant, op: eq, value: other}]
                  sampler: {rules: [{name: by-session, rate_limit: {max: 1, window: 1d, scope: session}}]}
                """).file("seen", "");
    }

    private static String[] words(Class<?> server, String... options) {
        List<String> words = new ArrayList<>(List.of("proxy", "policy.yaml"));
        words.addAll(List.of(options));
        words.add("--");
        words.addAll(Interlock.java());
        words.addAll(List.of(server.getName(), "seen"));
        return words.toArray(String[]::new);
    }

    private static String call(int id, String tool) {
        return "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"tools/call\",\"params\":{\"name\":\"" + tool
                + "\",\"arguments\":{},\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"}}}\n";
    }

    @Test
    void aPolicyIsRefusedIfItsContextIsNotGivenOrNotReadable() throws Exception {
        String[] server = {"--", "no-such-server"};
        for (String[] options : new String[][] {
            {},
            {"--context", "region=eu"},
            {"--context", "tenant"},
            {"--context", "=secret-value"},
            {"--context", "tenant=a", "--context", "tenant=b"}
        }) {
            List<String> words = new ArrayList<>(List.of("proxy", "policy.yaml"));
            words.addAll(List.of(options));
            words.addAll(List.of(server));
            Result result = interlock.run(words.toArray(String[]::new));
            assertThat(result.code()).isEqualTo(2);
            assertThat(result.err()).contains("--context").doesNotContain("secret-value", "can't be started");
        }
    }

    @Test
    void aPolicyReadsTheContextThatIsGiven() throws Exception {
        assertThat(interlock
                        .runWith(call(1, "echo"), words(WireServer.class, "--context", "tenant=shop"))
                        .out())
                .contains("echo ran");
        assertThat(interlock
                        .runWith(call(1, "echo"), words(WireServer.class, "--context", "tenant=other"))
                        .out())
                .contains("[POLICY DENIED]")
                .doesNotContain("echo ran");
    }

    @Test
    void aLockHoldsAndAChangedOneIsTakenUp() throws Exception {
        List<String> scan = new ArrayList<>(List.of("scan", "--lock", "tools.lock.json", "--"));
        scan.addAll(Interlock.java());
        scan.addAll(List.of(WireServer.class.getName(), "seen"));
        assertThat(interlock.run(scan.toArray(String[]::new)).code()).isZero();
        Path file = directory.resolve("tools.lock.json");
        ToolLock whole = ToolLockFile.read(file);
        ToolLockFile.write(file, whole.without(null, List.of("never")));
        Process proxy = interlock
                .builder(words(WireServer.class, "--context", "tenant=shop", "--lock", "tools.lock.json"))
                .start();
        try (OutputStream in = proxy.getOutputStream();
                BufferedReader out = proxy.inputReader(StandardCharsets.UTF_8);
                BufferedReader err = proxy.errorReader(StandardCharsets.UTF_8)) {
            assertThat(ask(in, out, call(1, "never"))).contains("[POLICY DENIED]", "(lock)");
            assertThat(ask(in, out, call(2, "echo"))).contains("echo ran");

            interlock.file("tools.lock.json", "{\"version\":1");
            assertThat(until(err, "stays in force")).contains("tools.lock.json");
            assertThat(ask(in, out, call(3, "echo"))).contains("echo ran");
            ToolLockFile.write(file, whole);
            assertThat(until(err, "the lock file was changed, and is in force")).isNotEmpty();
            assertThat(ask(in, out, call(4, "never"))).contains("never ran");
        }
        assertThat(proxy.waitFor(Interlock.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(interlock
                        .run("proxy", "policy.yaml", "--lock", "none.json", "--", "no-such-server")
                        .err())
                .contains("none.json")
                .doesNotContain("can't be started");
    }

    private static String until(BufferedReader lines, String part) throws IOException {
        String line = lines.readLine();
        while (line != null && !line.contains(part)) {
            line = lines.readLine();
        }
        return String.valueOf(line);
    }

    private static String ask(OutputStream in, BufferedReader out, String line) throws IOException {
        in.write(Interlock.utf8(line));
        in.flush();
        return out.readLine();
    }

    @Test
    void aHostOfAnOlderProtocolIsAskedByARequest() throws Exception {
        interlock.file("policy.yaml", """
                version: "1"
                tools:
                  pay: {rules: [{name: careful, action: require_approval}]}
                """);
        Process proxy =
                interlock.builder(words(EchoServer.class, "--elicit-approvals")).start();
        try (OutputStream in = proxy.getOutputStream();
                BufferedReader out = proxy.inputReader(StandardCharsets.UTF_8)) {
            String pay = "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"tools/call\",\"params\":"
                    + "{\"name\":\"pay\",\"arguments\":{\"amount\":5}}}\n";
            assertThat(ask(in, out, pay.formatted(1)))
                    .as("who can't ask is not asked")
                    .contains("[POLICY DENIED]");
            assertThat(ask(
                            in,
                            out,
                            "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"initialize\",\"params\":{\"protocolVersion\":"
                                    + "\"2025-11-25\",\"capabilities\":{\"elicitation\":{}},"
                                    + "\"clientInfo\":{\"name\":\"h\",\"version\":\"1\"}}}\n"))
                    .contains("\"id\":2");

            String question = ask(in, out, pay.formatted(3));
            assertThat(question).contains("elicitation/create", "pay", "amount");
            assertThat(ask(in, out, answer(question, "{\"action\":\"accept\",\"content\":{\"decision\":\"approve\"}}")))
                    .contains("\"id\":3", "echo")
                    .doesNotContain("isError");
            assertThat(ask(in, out, answer(ask(in, out, pay.formatted(4)), "{\"action\":\"decline\"}")))
                    .contains("\"id\":4", "[POLICY DENIED]");
        } finally {
            proxy.destroy();
        }
    }

    private static String answer(String question, String result) {
        int id = question.indexOf("\"id\":\"") + 6;
        return "{\"jsonrpc\":\"2.0\",\"id\":\"" + question.substring(id, question.indexOf('"', id)) + "\",\"result\":"
                + result + "}\n";
    }
}
