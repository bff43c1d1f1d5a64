package dev.interlock.policy.cli.demo;

import dev.interlock.policy.Entry;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Policy;
import dev.interlock.policy.Rule;
import dev.interlock.policy.Window;
import dev.interlock.policy.adapter.DenialText;
import dev.interlock.policy.audit.AuditSink;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import dev.interlock.policy.mcp.EnforcingClientTransport;
import dev.interlock.policy.time.TimeSource;
import dev.interlock.policy.yaml.PolicyYaml;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.ReadResourceRequest;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import io.modelcontextprotocol.spec.McpSchema.TextResourceContents;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Plays the script against a server, through the policy, and compares the results with what the script expects. */
final class Demo {

    private static final Duration TIMEOUT = Duration.ofMinutes(1);

    /**
     * The limits' clock, which stands still for the whole script: even on a slow machine, no bucket refills meanwhile.
     */
    private record Standstill(long wallMillis) implements TimeSource {

        @Override
        public long monotonicNanos() {
            return 0;
        }
    }

    private final Report report;
    private final Policy policy;
    private final PolicyEngine engine;

    /** Whether an earlier run may have used what the limits admit. */
    private final boolean remembers;

    /**
     * @param audit receives the events; null to record none
     * @param kept what counts in place of a limiter that begins with nothing; null for that one
     */
    Demo(Report report, @Nullable AuditSink audit, @Nullable RateLimiter kept) {
        this.report = report;
        this.remembers = kept != null;
        this.policy = PolicyYaml.read(resource("aws-healthimaging.yaml"), "aws-healthimaging.yaml")
                .orThrow();
        PolicyEngine.Builder builder = PolicyEngine.builder(policy)
                .rateLimiter(
                        kept != null
                                ? kept
                                : InMemoryRateLimiter.builder()
                                        .time(new Standstill(TimeSource.system().wallMillis()))
                                        .build());
        if (audit != null) {
            builder.audit(audit);
        }
        this.engine = builder.build();
    }

    private static String resource(String name) {
        try (InputStream in = Demo.class.getResourceAsStream(name)) {
            return new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException(name + " can't be read from the jar", e);
        }
    }

    /** Whether everything went as expected. */
    boolean play(McpClientTransport server) throws IOException {
        McpSyncClient client = McpClient.sync(EnforcingClientTransport.builder(server, engine)
                        .identity("demo-agent")
                        .build())
                .jsonSchemaValidator(Unvalidated.INSTANCE)
                .initializationTimeout(TIMEOUT)
                .requestTimeout(TIMEOUT)
                .build();
        try {
            client.initialize();
            return play(client);
        } finally {
            client.closeGracefully();
        }
    }

    private boolean play(McpSyncClient client) throws IOException {
        List<Tool> shown = client.listTools().tools();
        List<Played> calls = new ArrayList<>();
        for (Script.Step step : Script.steps()) {
            calls.add(play(client, step));
        }
        Map<String, Integer> reached = reached(client);

        int offered = offered();
        report.opening(offered, shown.size());
        report.calls(calls);
        report.counts(calls, reached);
        if (!check(offered, shown, calls, reached)) {
            report.failure();
            return false;
        }
        report.closing(Script.EXPORTS_ALLOWED + 1, reached.getOrDefault(Script.LIMITED, 0), remembers);
        return true;
    }

    private Played play(McpSyncClient client, Script.Step step) {
        CallToolRequest request =
                CallToolRequest.builder(step.tool()).arguments(step.arguments()).build();
        long start = System.nanoTime();
        CallToolResult result = client.callTool(request);
        long nanos = System.nanoTime() - start;
        if (decision(result) instanceof Map<?, ?> denial && result.content().get(0) instanceof TextContent content) {
            return new Played(
                    step,
                    String.valueOf(denial.get("code")),
                    String.valueOf(denial.get("rule")),
                    content.text().replace(DenialText.DEFAULT_PREFIX, ""),
                    nanos);
        }
        return new Played(step, Code.ALLOWED.text(), rules(step.tool()), demands(step.tool()), nanos);
    }

    /** The decision in a denial, as programs read it; null for an answer from the server. */
    private static @Nullable Object decision(CallToolResult result) {
        Map<String, Object> meta = result.meta();
        return meta == null ? null : meta.get("dev.interlock/decision");
    }

    private List<Rule> rulesOf(String tool) {
        Entry entry = policy.body().tool(tool);
        return entry == null ? List.of() : entry.rules();
    }

    private String rules(String tool) {
        List<Rule> rules = rulesOf(tool);
        return rules.isEmpty() ? "(listed)" : rules.stream().map(Rule::label).collect(Collectors.joining(" "));
    }

    /** What the tool's rules demand of a call, in short. */
    private String demands(String tool) {
        List<String> demands = new ArrayList<>();
        for (Rule rule : rulesOf(tool)) {
            if (rule instanceof Rule.Check check && check.demands().validation() != null) {
                demands.add("all arguments");
            }
            Limit rate = rule instanceof Rule.Check ? rule.demands().limit(Limit.Form.RATE_LIMIT) : null;
            if (rate != null && rate.window() != null) {
                demands.add("within " + rate.max() + " per " + text(rate.window()));
            }
        }
        return demands.isEmpty() ? "nothing to check" : String.join(", ", demands);
    }

    private static String text(Window window) {
        return window instanceof Window.Length length ? length.duration().toSeconds() + " s" : window.text();
    }

    /** How many of the tools in the policy the server has announced. */
    private int offered() {
        return (int) policy.body().tools().keySet().stream()
                .filter(name -> engine.tools().find(null, name.text()) != null)
                .count();
    }

    /** The calls that reached the server, by its own count. */
    private static Map<String, Integer> reached(McpSyncClient client) throws IOException {
        TextResourceContents contents = (TextResourceContents) client.readResource(
                        ReadResourceRequest.builder(DemoServer.CALLS).build())
                .contents()
                .get(0);
        return McpJsonDefaults.getMapper().readValue(contents.text(), new TypeRef<Map<String, Integer>>() {});
    }

    private boolean check(int offered, List<Tool> shown, List<Played> calls, Map<String, Integer> reached) {
        boolean fine = true;
        Map<String, Integer> expected = new HashMap<>();
        Set<String> everCallable = new HashSet<>();
        for (Played call : calls) {
            if (!call.isAsExpected(remembers)) {
                fine = false;
                report.unexpected("a call to " + call.step().tool() + " should have been "
                        + call.step().expected().text() + ", was " + call.code());
            }
            if (call.isAllowed()) {
                expected.merge(call.step().tool(), 1, Integer::sum);
            }
            if (call.step().expected() == Code.ALLOWED) {
                everCallable.add(call.step().tool());
            }
        }
        if (!reached.equals(expected)) {
            fine = false;
            report.unexpected("the server should have counted " + expected + ", counted " + reached);
        }
        if (offered != policy.body().tools().size()) {
            fine = false;
            report.unexpected(
                    "the policy names " + policy.body().tools().size() + " tools, of which the server has " + offered);
        }
        if (!shown.stream().map(Tool::name).collect(Collectors.toSet()).containsAll(everCallable)) {
            fine = false;
            report.unexpected("tools/list lacks a tool that may be called");
        }
        return fine;
    }
}
