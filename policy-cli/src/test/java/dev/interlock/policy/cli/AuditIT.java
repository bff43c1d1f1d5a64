package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.approval.ApprovalTickets;
import dev.interlock.policy.audit.log.AuditLog;
import dev.interlock.policy.audit.log.Redaction;
import dev.interlock.policy.audit.log.SealKey;
import dev.interlock.policy.audit.log.SyncPolicy;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.MethodCall;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.cli.Interlock.Result;
import dev.interlock.policy.engine.Admission;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.yaml.PolicyYaml;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The command on logs that an engine has written. */
class AuditIT {

    private static final String POLICY = """
            version: "1"
            description: refunds
            tools:
              pay:
                rules:
                  - name: cap
                    conditions: [{path: args.amount, op: lte, value: 100}]
                  - name: pace
                    rate_limit: 3/hour
            """;

    @TempDir
    private Path directory;

    private Interlock interlock;
    private Path file;

    @BeforeEach
    void prepare() throws IOException {
        interlock = new Interlock(directory).file("policy.yaml", POLICY);
        file = directory.resolve("audit.jsonl");
    }

    /**
     * Three calls are let through, of which one fails and gives its room back, so that a fourth is too; two are denied.
     */
    private void write(AuditLog.Builder builder) throws IOException {
        try (AuditLog log = builder.open()) {
            PolicyEngine engine = PolicyEngine.builder(
                            PolicyYaml.read(POLICY, "policy.yaml").orThrow())
                    .audit(log)
                    .build();
            for (int amount : new int[] {1, 101, 2, 3, 4, 5}) {
                try (Admission admission = engine.admit(
                        ToolCall.of("pay", Map.of("amount", amount)).by("bob"))) {
                    admission.settle(amount == 2 ? CallOutcome.FAILED : CallOutcome.SUCCEEDED);
                }
            }
        }
    }

    private String in(String name) {
        return directory.resolve(name).toString();
    }

    private void tamper(int line, String from, String to) throws IOException {
        List<String> lines = new ArrayList<>(Files.readAllLines(file));
        assertThat(lines.get(line - 1)).contains(from);
        lines.set(line - 1, lines.get(line - 1).replace(from, to));
        Files.write(file, lines);
    }

    @Test
    void verifyFindsNothingInASoundLogAndTellsItsHead() throws Exception {
        write(AuditLog.at(file));
        CommandRun result = CommandRun.of("audit", "verify", in("audit.jsonl"));
        assertThat(result.code()).isZero();
        assertThat(result.out()).matches("(?s)13 lines in 1 file: intact\nhead 13:[0-9a-f]{64}\n");

        String head = result.out().substring(result.out().indexOf("head ") + 5).strip();
        assertThat(CommandRun.of("audit", "verify", in("audit.jsonl"), "--head", head)
                        .code())
                .isZero();
        Files.delete(file);
        write(AuditLog.at(file));
        CommandRun other = CommandRun.of("audit", "verify", in("audit.jsonl"), "--head", head);
        assertThat(other.code()).isEqualTo(1);
        assertThat(other.out()).contains("line 13 is not the one that the given head speaks of");
    }

    @Test
    void verifySaysWhichLineWasChanged() throws Exception {
        write(AuditLog.at(file));
        tamper(5, "\"denied\"", "\"allowed\"");
        CommandRun result = CommandRun.of("audit", "verify", in("audit.jsonl"));
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.out()).contains("audit.jsonl:5: changed: line 5 was changed after it was written");

        JsonNode json = new JsonMapper()
                .readTree(CommandRun.of("audit", "verify", in("audit.jsonl"), "--format", "json")
                        .out());
        assertThat(json.get("intact").asBoolean()).isFalse();
        assertThat(json.get("findings").get(0).get("line").asInt()).isEqualTo(5);
    }

    @Test
    void verifyChecksSignaturesByAPublicKeyOrASecret() throws Exception {
        KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        interlock.file(
                "public.pem",
                "-----BEGIN PUBLIC KEY-----\n"
                        + Base64.getMimeEncoder()
                                .encodeToString(pair.getPublic().getEncoded())
                        + "\n-----END PUBLIC KEY-----\n");
        interlock.file("secret", "0123456789abcdef0123456789abcdef\n");
        write(AuditLog.at(file).sealedBy(SealKey.ed25519(pair.getPrivate())));

        assertThat(CommandRun.of("audit", "verify", in("audit.jsonl"), "--key", in("public.pem"))
                        .code())
                .isZero();
        CommandRun wrong = CommandRun.of("audit", "verify", in("audit.jsonl"), "--key", in("secret"));
        assertThat(wrong.code()).isEqualTo(1);
        assertThat(wrong.out()).contains("was not signed by the key");
        interlock.file("short", "0123");
        CommandRun shortKey = CommandRun.of("audit", "verify", in("audit.jsonl"), "--key", in("short"));
        assertThat(shortKey.code()).isEqualTo(2);
        assertThat(shortKey.err()).contains("at least 32 bytes");
    }

    @Test
    void aLogThatIsNotThereAndAHeadThatIsNoneAreWrongUsage() throws Exception {
        for (String command : List.of("verify", "stats", "tail")) {
            CommandRun result = CommandRun.of("audit", command, in("nowhere.jsonl"));
            assertThat(result.code()).as(command).isEqualTo(2);
            assertThat(result.err()).contains("there is no such file").doesNotContain("\tat ");
        }
        write(AuditLog.at(file));
        assertThat(CommandRun.of("audit", "verify", in("audit.jsonl"), "--head", "12")
                        .code())
                .isEqualTo(2);
        assertThat(CommandRun.of("audit").code()).isEqualTo(2);
    }

    @Test
    void statsCountsDecisionsDenialsAndCalls() throws Exception {
        write(AuditLog.at(file).rotateAt(2_000));
        CommandRun result = CommandRun.of("audit", "stats", in("audit.jsonl"));
        assertThat(result.code()).isZero();
        assertThat(result.out())
                .startsWith("6 calls, ")
                .contains("4 allowed, 2 denied\nended: 1 error, 3 success\n")
                .contains("\ndenied: 2\n       1  pay  by cap [condition]\n       1  pay  by pace [limit]\n")
                .contains("       6      6.0        6  pay\n")
                .contains("time to decide: half in ");

        JsonNode json = new JsonMapper()
                .readTree(CommandRun.of("audit", "stats", in("audit.jsonl"), "--format", "json")
                        .out());
        assertThat(json.get("calls").asInt()).isEqualTo(6);
        assertThat(json.get("decisions").get("denied").asInt()).isEqualTo(2);
        assertThat(json.get("tookMicros").get("max").asLong())
                .isGreaterThanOrEqualTo(json.get("tookMicros").get("p50").asLong());

        Files.writeString(file, "garbage\n");
        assertThat(CommandRun.of("audit", "stats", in("audit.jsonl")).code()).isEqualTo(1);
    }

    @Test
    void tailShowsTheLastLinesAndNothingThatATerminalWouldObey() throws Exception {
        try (AuditLog log = AuditLog.at(file).open()) {
            PolicyEngine engine = PolicyEngine.builder(
                            PolicyYaml.read(POLICY, "policy.yaml").orThrow())
                    .audit(log)
                    .build();
            engine.admit(ToolCall.of("pay\u001b[2J\nx\u202e", Map.of()));
        }
        CommandRun result = CommandRun.of("audit", "tail", in("audit.jsonl"), "-n", "2");
        assertThat(result.out().lines()).hasSize(2);
        assertThat(result.out()).contains("denied   pay\\u001b[2J\\nx\\u202e  by (name) [name]");
        assertThat(result.out().chars().filter(c -> c < ' ' && c != '\n')).isEmpty();
    }

    @Test
    void tailFollowsTheLogIntoItsNextFile() throws Exception {
        try (AuditLog log = AuditLog.at(file).rotateAt(1_500).open()) {
            PolicyEngine engine = PolicyEngine.builder(
                            PolicyYaml.read("version: \"1\"\ntools: {a: {}, b: {}}\n", "policy.yaml")
                                    .orThrow())
                    .audit(log)
                    .build();
            engine.admit(ToolCall.of("first", Map.of())).succeeded();
            Process tail = interlock
                    .builder("audit", "tail", "audit.jsonl", "--follow")
                    .start();
            try (BufferedReader out = tail.inputReader(StandardCharsets.UTF_8)) {
                await(out, "first");
                for (int i = 0; i < 10; i++) {
                    engine.admit(ToolCall.of("call" + i, Map.of())).succeeded();
                    await(out, "call" + i);
                }
            } finally {
                tail.destroy();
            }
        }
        assertThat(AuditLog.files(file)).hasSizeGreaterThan(2);
    }

    private static void await(BufferedReader out, String text) throws IOException {
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            if (line.contains(text)) {
                return;
            }
        }
        throw new AssertionError("the end came before '" + text + "'");
    }

    // ---- replay

    @Test
    void aLogWithItsArgumentsIsReplayedToTheSameDecisions() throws Exception {
        write(AuditLog.at(file).arguments(Redaction.allBut()));
        Result result = interlock.run("replay", "policy.yaml", "audit.jsonl");
        assertThat(result.err()).contains("6 calls: 4 allowed, 2 denied");
        assertThat(result.code()).isZero();
        assertThat(result.out().lines().map(line -> line.contains("\"allowed\":true")))
                .containsExactly(true, false, true, true, true, false);

        interlock.file("stricter.yaml", POLICY.replace("value: 100", "value: 3"));
        Result against = interlock.run("replay", "stricter.yaml", "audit.jsonl", "--against", "policy.yaml");
        assertThat(against.code()).isEqualTo(1);
        assertThat(against.err()).contains("would have refused 1 of 6 calls that were allowed");
    }

    @Test
    void callsWhoseArgumentsAreNotInTheLogAreLeftOutAndSaidSo() throws Exception {
        write(AuditLog.at(file).arguments(Redaction.only("args.other")));
        Result result = interlock.run("replay", "policy.yaml", "audit.jsonl");
        assertThat(result.code()).isEqualTo(2);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).contains("line 3: the log does not have all arguments of this call");

        Result partial = interlock.run("replay", "policy.yaml", "audit.jsonl", "--partial");
        assertThat(partial.code()).isZero();
        assertThat(partial.out().lines()).hasSize(6);
    }

    @Test
    void aLogIsReplayedOverAllItsFilesAndFromTheStandardInput() throws Exception {
        write(inSeveralFiles().arguments(Redaction.allBut()));
        interlock.file("more.jsonl", "{\"tool\": \"pay\", \"args\": {\"amount\": 7}}\nnonsense\n");

        Result piped = interlock.runWith(concatenated(), "replay", "policy.yaml", "-");
        assertThat(piped.err()).contains("6 calls: 4 allowed, 2 denied");
        assertThat(piped.out().lines().map(line -> line.contains("\"allowed\":true")))
                .containsExactly(true, false, true, true, true, false);
        Result named = interlock.run("replay", "policy.yaml", "audit.jsonl", "more.jsonl");
        assertThat(named.code()).isEqualTo(2);
        assertThat(named.out()).contains("\"file\":\"audit.jsonl\",\"line\":");
        assertThat(named.err()).contains("7 calls: 4 allowed, 3 denied").contains("more.jsonl, line 2: ");
    }

    @Test
    void aLogOnTheStandardInputIsReadLikeOneInFiles() throws Exception {
        write(inSeveralFiles());
        String all = concatenated();

        assertThat(interlock.runWith(all, "audit", "stats", "-").out()).startsWith("6 calls, ");
        assertThat(interlock.runWith(all, "audit", "tail", "-n", "3", "-").out().lines())
                .hasSize(3);
        Result changed = interlock.runWith(all.replaceFirst("denied", "hidden"), "audit", "verify", "-");
        assertThat(changed.out())
                .contains("<stdin>:5: changed: line 5 was changed after it was written")
                .contains(": 1 finding\n");
        assertThat(changed.code()).isEqualTo(1);
    }

    @Test
    void severalLogsAreReadInTheirOrderAndEachIsVerifiedByItself() throws Exception {
        write(AuditLog.at(file));
        write(AuditLog.at(directory.resolve("other.jsonl")));

        assertThat(CommandRun.of("audit", "stats", in("audit.jsonl"), in("other.jsonl"), in("audit.jsonl"))
                        .out())
                .startsWith("12 calls, ");
        tamper(5, "\"denied\"", "\"allowed\"");
        CommandRun both = CommandRun.of("audit", "verify", in("other.jsonl"), in("audit.jsonl"));
        assertThat(both.out())
                .contains("other.jsonl: 13 lines in 1 file: intact")
                .contains("audit.jsonl: 13 lines in 1 file: 1 finding");
        assertThat(both.code()).isEqualTo(1);
    }

    private AuditLog.Builder inSeveralFiles() {
        // What is written at one go goes to one file: so each decision is waited for.
        return AuditLog.at(file).rotateAt(2_500).sync(SyncPolicy.everyDecision());
    }

    private String concatenated() throws IOException {
        assertThat(AuditLog.files(file)).hasSizeGreaterThan(1);
        StringBuilder all = new StringBuilder();
        for (Path each : AuditLog.files(file)) {
            all.append(Files.readString(each));
        }
        return all.toString();
    }

    @Test
    void whoAnsweredAndWhatElseWasAskedForIsShown() throws Exception {
        String policy = """
                version: "1"
                methods: {"resources/*": deny}
                tools:
                  pay: {rules: [{name: a person, action: require_approval}]}
                """;
        ApprovalTickets tickets = ApprovalTickets.builder().build();
        try (AuditLog log = AuditLog.at(file).open()) {
            PolicyEngine engine = PolicyEngine.builder(
                            PolicyYaml.read(policy, "policy.yaml").orThrow())
                    .approvals(tickets)
                    .audit(log)
                    .build();
            ToolCall call = ToolCall.of("pay", Map.of());
            engine.admit(call);
            tickets.approve(tickets.list().get(0).id(), "Ada\u001b[2J");
            engine.admit(call).succeeded();
            engine.admit(MethodCall.of("resources/read").on("files"));
        }
        assertThat(CommandRun.of("audit", "tail", in("audit.jsonl"), "-n", "4").out())
                .containsPattern(
                        "approved pay  by a person \\[approved\\]" + "  answered by Ada\\\\u001b\\[2J  ticket \\S+")
                .contains("denied   to files: resources/read  by methods.resources/* [method]");
        assertThat(CommandRun.of("audit", "stats", in("audit.jsonl")).out())
                .contains("other requests: 1 denied")
                .contains("who answered: 1\n       1  approved by Ada\\u001b[2J")
                .contains("       1  resources/read  by methods.resources/* [method]");
    }
}
