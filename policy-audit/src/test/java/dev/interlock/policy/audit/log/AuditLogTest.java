package dev.interlock.policy.audit.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.interlock.policy.Place;
import dev.interlock.policy.PolicyRef;
import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.audit.AuditEvent.Change;
import dev.interlock.policy.audit.AuditEvent.Decided;
import dev.interlock.policy.audit.AuditEvent.Outcome;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.MethodCall;
import dev.interlock.policy.call.ResultFate;
import dev.interlock.policy.call.ResultReport;
import dev.interlock.policy.call.RuleRef;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.tool.ToolCategory;
import dev.interlock.policy.tool.ToolRating;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class AuditLogTest {

    /** Ends a test that hangs, on however busy a machine; nothing is measured by it. */
    static final Duration PATIENCE = Duration.ofMinutes(5);

    private static final byte[] KEY = "0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    @TempDir
    private Path directory;

    private Path file;

    @BeforeEach
    void nameTheFile() {
        file = directory.resolve("audit.jsonl");
    }

    private void write(AuditEvent... events) throws IOException {
        write(AuditLog.at(file), events);
    }

    private static void write(AuditLog.Builder builder, AuditEvent... events) throws IOException {
        try (AuditLog log = builder.open()) {
            for (AuditEvent event : events) {
                log.record(event);
            }
        }
    }

    private Verification verify() throws IOException {
        return LogVerifier.of(file).verify();
    }

    // ---- what a line says

    @Test
    void aDecisionIsOneLineWithAllThatIsKnownOfIt() throws Exception {
        ToolCall call = ToolCall.of("create_refund", Map.of("note", "canary value"))
                .by("bob")
                .in("s-1")
                .on("billing");
        Decision denied = new Decision(
                Decision.Verdict.DENIED,
                Decision.Code.LIMIT,
                new RuleRef("pace", new Place("tools.create_refund.rules[0]", 6, 9)),
                "told to the agent",
                Duration.ofSeconds(6),
                false);
        write(new Decided(
                Events.TIME,
                "d1",
                Events.POLICY,
                call,
                ToolRating.of(ToolCategory.FINANCIAL),
                denied,
                Outcome.DENIED,
                new AuditEvent.Answer("Ada", "t-1"),
                Duration.ofNanos(12_345)));

        JsonNode line = LogLines.of(file, "decision").get(0);
        Map<String, Object> said = new HashMap<>();
        line.properties()
                .forEach(field -> said.put(field.getKey(), field.getValue().toString()));
        said.keySet().removeAll(List.of("prev", "hash", "argsHmac"));
        assertThat(said)
                .isEqualTo(Map.ofEntries(
                        Map.entry("seq", "2"),
                        Map.entry("t", "\"2026-03-31T23:30:00Z\""),
                        Map.entry("event", "\"decision\""),
                        Map.entry("id", "\"d1\""),
                        Map.entry("decision", "\"denied\""),
                        Map.entry("tool", "\"create_refund\""),
                        Map.entry("server", "\"billing\""),
                        Map.entry("session", "\"s-1\""),
                        Map.entry("identity", "\"bob\""),
                        Map.entry("category", "\"financial\""),
                        Map.entry("risk", "\"critical\""),
                        Map.entry("code", "\"limit\""),
                        Map.entry("rule", "\"pace\""),
                        Map.entry("place", "\"tools.create_refund.rules[0]\""),
                        Map.entry("line", "6"),
                        Map.entry("column", "9"),
                        Map.entry("retryAfterMs", "6000"),
                        Map.entry("policyDigest", "\"" + "ab".repeat(32) + "\""),
                        Map.entry("policyDescription", "\"refunds\""),
                        Map.entry("by", "\"Ada\""),
                        Map.entry("ticket", "\"t-1\""),
                        Map.entry("tookMicros", "12")));
        assertThat(LogLines.text(file)).doesNotContain("canary");
    }

    @Test
    void everyKindOfEventHasALine() throws Exception {
        write(
                new AuditEvent.PolicyChanged(Events.TIME, Change.START, null, Events.POLICY),
                new AuditEvent.PolicyChanged(
                        Events.TIME, Change.POLICY, Events.POLICY, new PolicyRef("cd".repeat(32), "")),
                Events.allowed(1),
                Events.settled(1),
                new AuditEvent.MethodDecided(
                        Events.TIME,
                        "d1",
                        Events.POLICY,
                        MethodCall.of("sampling/createMessage")
                                .askedByServer()
                                .by("bob")
                                .in("s1")
                                .on("bank"),
                        new Decision(Decision.Verdict.DENIED, Decision.Code.METHOD, null, "no", null, false)),
                new AuditEvent.Failed(Events.TIME, ToolCall.of("pay", Map.of()), "java.lang.IllegalStateException"));

        assertThat(LogLines.of(file))
                .extracting(line -> line.get("event").asString())
                .containsExactly("open", "policy", "policy", "decision", "settlement", "method", "failure", "seal");
        assertThat(LogLines.of(file, "settlement").get(0).get("outcome").asString())
                .isEqualTo("success");
        assertThat(LogLines.of(file, "method").get(0).toString())
                .contains("\"method\":\"sampling/createMessage\",\"from\":\"server\",\"server\":\"bank\"")
                .contains("\"session\":\"s1\",\"identity\":\"bob\",\"code\":\"method\"");
        assertThat(LogLines.of(file, "policy").get(1).get("digestBefore").asString())
                .isEqualTo("ab".repeat(32));
        assertThat(verify().intact()).isTrue();
    }

    @Test
    void whatCallsHaveMarkedStandsInTheLogByNameAndCount() throws Exception {
        ToolCall call = ToolCall.of("list", Map.of("q", "secret")).in("s1").on("shop");
        write(
                AuditLog.at(file),
                new AuditEvent.Marked(
                        Events.TIME,
                        "d1",
                        call,
                        List.of(
                                new AuditEvent.SetMark("seen", 2, true),
                                new AuditEvent.SetMark("web", 0, true),
                                new AuditEvent.SetMark("ids", 0, false)),
                        List.of("old")),
                new AuditEvent.Marked(Events.TIME, "d2", call, List.of(), List.of("web")));

        assertThat(LogLines.of(file, "marks").get(0).toString())
                .contains("\"id\":\"d1\",\"tool\":\"list\",\"server\":\"shop\",\"session\":\"s1\"")
                .contains("\"set\":[{\"mark\":\"seen\",\"values\":2},{\"mark\":\"web\"},"
                        + "{\"mark\":\"ids\",\"known\":false}],\"cleared\":[\"old\"]")
                .doesNotContain("secret");
        assertThat(LogLines.of(file, "marks").get(1).toString()).doesNotContain("\"set\"");
        assertThat(verify().intact()).isTrue();
    }

    @Test
    void aSuspensionStandsInTheLogWithWhoWhenAndWhy() throws Exception {
        write(
                new AuditEvent.SuspensionChanged(
                        Events.TIME, true, "Incident 7.", "ada", java.time.Instant.parse("2026-03-31T23:29:00Z")),
                new AuditEvent.SuspensionChanged(Events.TIME, false, "Incident 7.", null));

        assertThat(LogLines.of(file, "suspension").get(0).toString())
                .contains("\"suspended\":true,\"reason\":\"Incident 7.\",\"by\":\"ada\","
                        + "\"since\":\"2026-03-31T23:29:00Z\"");
        assertThat(LogLines.of(file, "suspension").get(1).toString())
                .contains("\"suspended\":false")
                .doesNotContain("\"by\"")
                .doesNotContain("since");
        assertThat(verify().intact()).isTrue();
    }

    @Test
    void resetsStandInTheLogWithoutTheValuesOfCalls() throws Exception {
        write(
                AuditLog.at(file),
                new AuditEvent.LimitReset(Events.TIME, new LimitKey("tools.pay#budget", "bob", "secret"), "ada"),
                new AuditEvent.LimitReset(Events.TIME, new LimitKey("tools.pay#budget", "bob", "other"), "ada"),
                new AuditEvent.LimitReset(Events.TIME, new LimitKey("tools.pay#all", ""), null),
                new AuditEvent.SessionCleared(Events.TIME, "s1", "ada"));

        assertThat(LogLines.of(file, "reset").get(0).toString())
                .contains("\"limit\":\"tools.pay#budget\",\"subject\":\"bob\",\"partitionHmac\":\"")
                .contains("\"by\":\"ada\"")
                .doesNotContain("secret");
        assertThat(LogLines.of(file, "reset").get(0).get("partitionHmac"))
                .isNotEqualTo(LogLines.of(file, "reset").get(1).get("partitionHmac"));
        assertThat(LogLines.of(file, "reset").get(2).toString())
                .doesNotContain("subject")
                .doesNotContain("partition")
                .doesNotContain("\"by\"");
        assertThat(LogLines.of(file, "clear").get(0).toString()).contains("\"session\":\"s1\",\"by\":\"ada\"");
        assertThat(verify().intact()).isTrue();
    }

    @Test
    void whatBecameOfAResultIsThereInNumbers() throws Exception {
        ToolCall call = ToolCall.of("pay", Map.of()).on("bank");
        Decision denial = new Decision(Decision.Verdict.DENIED, Decision.Code.RESULT, null, "no", null, true);

        write(
                new AuditEvent.ResultJudged(Events.TIME, "d1", call, Decision.ALLOWED, ResultReport.PASSED),
                new AuditEvent.ResultJudged(
                        Events.TIME,
                        "d2",
                        call,
                        denial,
                        new ResultReport(ResultFate.CUT, ResultFate.WITHHELD, 2, 1, 500, 3)));

        assertThat(LogLines.of(file, "result").get(0).toString())
                .contains("\"id\":\"d1\",\"result\":\"passed\",\"tool\":\"pay\",\"server\":\"bank\"")
                .doesNotContain("wouldBe", "code", "redactions");
        assertThat(LogLines.of(file, "result").get(1).toString())
                .contains("\"result\":\"cut\"", "\"wouldBe\":\"withheld\",\"code\":\"result\"")
                .contains("\"redactions\":2,\"wouldRedact\":1,\"missingBytes\":500,\"dropped\":3");
        assertThat(verify().intact()).isTrue();
    }

    @Test
    void equalArgumentsHaveEqualDigestsUnderOneKeyAndOthersUnderAnother() throws Exception {
        ToolCall one = ToolCall.of("pay", Map.of("pin", "1234"));
        write(AuditLog.at(file).argumentsKey(KEY), Events.allowed("a", one), Events.allowed("b", one));
        byte[] other = KEY.clone();
        other[0]++;
        write(AuditLog.at(file).argumentsKey(other), Events.allowed("c", one));
        write(Events.allowed("d", one));
        write(Events.allowed("e", one));

        List<String> digests = LogLines.of(file, "decision").stream()
                .map(line -> line.get("argsHmac").asString())
                .toList();
        assertThat(digests.get(0)).isEqualTo(digests.get(1)).hasSize(64);
        assertThat(digests.stream().distinct()).hasSize(4);
        assertThat(LogLines.of(file, "open").stream()
                        .map(line -> line.get("argsKey").asString())
                        .distinct())
                .hasSize(4);
    }

    @Test
    void argumentsStandInTheLogOnlyByPathAndOnlyIfTheHostWantsIt() throws Exception {
        Map<String, Object> arguments = Map.of(
                "amount",
                5,
                "card",
                Map.of("number", "4111", "name", "Bob"),
                "items",
                List.of(Map.of("id", 1, "note", "x"), Map.of("id", 2)));
        write(
                AuditLog.at(file).arguments(Redaction.only("args.amount", "args.items[*].id", "args.card.name")),
                Events.allowed("only", ToolCall.of("pay", arguments)));
        write(
                AuditLog.at(file).arguments(Redaction.allBut("args.card.number", "args.items.0.note")),
                Events.allowed("but", ToolCall.of("pay", arguments)));
        write(
                AuditLog.at(file).arguments(Redaction.allBut("args.card.number")),
                Events.allowed("whole", ToolCall.of("pay", Map.of("amount", 5))));

        List<JsonNode> lines = LogLines.of(file, "decision");
        assertThat(lines.get(0).get("args"))
                .hasToString(json("{'amount':5,'card':{'name':'Bob'},'items':[{'id':1},{'id':2}]}", lines.get(0)));
        assertThat(lines.get(0).get("argsComplete").asBoolean()).isFalse();
        assertThat(lines.get(1).get("args").get("card").get("number").asString())
                .isEqualTo("[redacted]");
        assertThat(lines.get(1).get("args").get("items").get(0).get("note").asString())
                .isEqualTo("[redacted]");
        assertThat(lines.get(1).get("args").get("amount").asInt()).isEqualTo(5);
        assertThat(lines.get(2).get("argsComplete").asBoolean()).isTrue();
        assertThat(LogLines.text(file)).doesNotContain("4111");
    }

    /** Maps have no order here, so the expectation takes the order of the line. */
    private static String json(String expected, JsonNode line) {
        JsonNode wanted = new tools.jackson.databind.json.JsonMapper().readTree(expected.replace('\'', '"'));
        return wanted.equals(line.get("args")) ? line.get("args").toString() : wanted.toString();
    }

    @Test
    void argumentsBeyondABoundAreLeftOutAndTheCallIsNot() throws Exception {
        ToolCall large = ToolCall.of("pay", Map.of("blob", "x".repeat(100_000)));
        write(AuditLog.at(file).arguments(Redaction.allBut()), Events.allowed("large", large));

        JsonNode line = LogLines.of(file, "decision").get(0);
        assertThat(line.has("args")).isFalse();
        assertThat(line.get("argsOmitted").asString()).contains("65536");
    }

    @Test
    void noNameCanBreakOutOfItsLineOrOfATerminal() throws Exception {
        String hostile = "a\n{\"seq\":9}\r\u001b[2J\u202e\u0085\u2028\ud800\"\\\u007f" + "x".repeat(10_000);
        ToolCall call = ToolCall.of(hostile, Map.of("\u2028n\u009b", "\u001b]0;x\u0007é\ud83d\ude00"))
                .by(hostile)
                .in(hostile)
                .on(hostile);
        write(AuditLog.at(file).arguments(Redaction.allBut()), Events.allowed("d1", call));

        String text = LogLines.text(file);
        assertThat(text.lines()).hasSize(3);
        assertThat(text.chars().filter(c -> c != '\n').allMatch(c -> c >= ' ' && c < 0x7f))
                .isTrue();
        assertThat(LogLines.of(file, "decision").get(0).get("tool").asString())
                .startsWith(hostile.substring(0, 30))
                .endsWith("…")
                .hasSizeLessThan(600);
        assertThat(verify().intact()).isTrue();
    }

    // ---- files

    @Test
    void filesAreFinishedAtASizeAndChainedToOneAnother() throws Exception {
        AuditLog.Builder builder = AuditLog.at(file).rotateAt(2_000).queue(1, 1);
        try (AuditLog log = builder.overflow(OverflowPolicy.BLOCK).open()) {
            for (int i = 0; i < 50; i++) {
                log.record(Events.allowed(i));
            }
        }

        assertThat(AuditLog.files(file)).hasSizeGreaterThan(5).last().isEqualTo(file);
        assertThat(AuditLog.files(file).get(0).getFileName()).hasToString("audit.jsonl.000001");
        assertThat(LogLines.ids(file)).hasSize(50).doesNotHaveDuplicates();
        assertThat(verify().findings()).isEmpty();
        assertThat(verify().lines()).isEqualTo(LogLines.of(file).size());
    }

    @Test
    void filesAreFinishedAtAnAgeThatRestartsDoNotReset() throws Exception {
        ManualTime time = new ManualTime(Events.TIME, 0);
        AuditLog.Builder builder = AuditLog.at(file).time(time).rotateAfter(Duration.ofHours(24));
        write(builder, Events.allowed(1));
        time.advance(Duration.ofHours(23));
        write(builder, Events.allowed(2));
        assertThat(AuditLog.files(file)).hasSize(1);
        time.advance(Duration.ofHours(1));
        write(builder, Events.allowed(3));

        assertThat(AuditLog.files(file)).hasSize(2);
        assertThat(LogLines.text(file)).contains("\"d3\"").doesNotContain("\"d2\"");
        assertThat(verify().findings()).isEmpty();
    }

    @Test
    void aFileInTheWayStopsNoEvent() throws Exception {
        Path inTheWay = directory.resolve("audit.jsonl.000001");
        List<IOException> heard = new ArrayList<>();
        CountDownLatch failed = new CountDownLatch(1);
        try (AuditLog log = AuditLog.at(file)
                .rotateAt(1)
                .retry(Duration.ofMillis(1))
                .onFailure(failure -> {
                    heard.add(failure);
                    failed.countDown();
                })
                .open()) {
            Files.writeString(inTheWay, "mine");
            log.record(Events.allowed(1));
            assertThat(failed.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
            Files.delete(inTheWay);
        }
        assertThat(heard.get(0)).hasMessageContaining("000001 is in the way");
        assertThat(LogLines.ids(file)).containsExactly("d1");
        assertThat(verify().findings()).isEmpty();
    }

    @Test
    void aSecondLogOfOneFileIsRefusedAndTheFirstGoesOn() throws Exception {
        try (AuditLog log = AuditLog.at(file).open()) {
            assertThatThrownBy(() -> AuditLog.at(file).open())
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("is being written by another");
            log.record(Events.allowed(1));
        }
        write(Events.allowed(2));
        assertThat(LogLines.ids(file)).containsExactly("d1", "d2");
        assertThat(verify().findings()).isEmpty();
    }

    /** Other names of the same file, made before the log is opened. */
    @ParameterizedTest
    @ValueSource(strings = {"symbolic link", "link to a link", "hard link", "link to the directory"})
    @DisabledOnOs(OS.WINDOWS)
    void aLogByAnotherNameIsTheSameLog(String kind) throws Exception {
        write(Events.allowed(1));
        Path other = directory.resolve("other.jsonl");
        switch (kind) {
            case "hard link" -> Files.createLink(other, file);
            case "link to the directory" ->
                other = Files.createSymbolicLink(directory.resolve("elsewhere"), directory)
                        .resolve(file.getFileName());
            case "link to a link" ->
                Files.createSymbolicLink(
                        other, Files.createSymbolicLink(directory.resolve("between.jsonl"), file.getFileName()));
            default -> Files.createSymbolicLink(other, file.getFileName());
        }
        Path named = other;
        try (AuditLog log = AuditLog.at(file).open()) {
            assertThatThrownBy(() -> AuditLog.at(named).open())
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("is being written by another");
            log.record(Events.allowed(2));
        }
        try (AuditLog log = AuditLog.at(named).open()) {
            assertThatThrownBy(() -> AuditLog.at(file).open()).hasMessageContaining("is being written by another");
            log.record(Events.allowed(3));
        }
        assertThat(LogLines.ids(file)).containsExactly("d1", "d2", "d3");
        assertThat(verify().findings()).isEmpty();
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aLockFileThatSomebodyRemovedLetsNoSecondLogIn() throws Exception {
        try (AuditLog log = AuditLog.at(file).sync(SyncPolicy.everyDecision()).open()) {
            log.record(Events.allowed(1));
            Files.delete(directory.resolve("audit.jsonl.lock"));

            assertThatThrownBy(() -> AuditLog.at(file).open())
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("is being written by another");
            log.record(Events.allowed(2));
        }
        assertThat(LogLines.ids(file)).containsExactly("d1", "d2");
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void afterAFileIsFinishedItsSuccessorIsLockedToo() throws Exception {
        try (AuditLog log =
                AuditLog.at(file).rotateAt(1).sync(SyncPolicy.everyDecision()).open()) {
            log.record(Events.allowed(1));
            log.record(Events.allowed(2));
            Files.delete(directory.resolve("audit.jsonl.lock"));

            assertThatThrownBy(() -> AuditLog.at(file).open()).hasMessageContaining("is being written by another");
            log.record(Events.allowed(3));
        }
        assertThat(LogLines.ids(file)).containsExactly("d1", "d2", "d3");
        assertThat(verify().findings()).isEmpty();
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aLinkToNoFileIsRefused() throws Exception {
        Files.createSymbolicLink(file, Path.of("nowhere.jsonl"));

        assertThatThrownBy(() -> AuditLog.at(file).open()).hasMessageContaining("is a link to a file that isn't there");
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void onlyItsOwnerMayReadOrWriteWhatALogMakes() throws Exception {
        write(Events.allowed(1));
        Files.writeString(file, "half a li", StandardOpenOption.APPEND);
        try (AuditLog log = AuditLog.at(file).rotateAt(1).open()) {
            log.record(Events.allowed(2));
            log.record(Events.allowed(3));
        }

        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files.toList())
                    .hasSizeGreaterThan(3)
                    .allSatisfy(each -> assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(each)))
                            .isEqualTo("rw-------"));
        }
    }

    @Test
    void aLineThatIsNotWholeIsSetAsideAndNeverGluedToTheNext() throws Exception {
        write(Events.allowed(1));
        Files.writeString(file, "{\"seq\":4,\"prev\":\"half a li", StandardOpenOption.APPEND);

        write(Events.allowed(2));

        assertThat(LogLines.ids(file)).containsExactly("d1", "d2");
        JsonNode resumed = LogLines.of(file, "open").get(1);
        assertThat(resumed.get("before").asString()).isEqualTo("torn");
        assertThat(resumed.get("tornBytes").asInt()).isEqualTo(26);
        assertThat(LogLines.text(directory.resolve("audit.jsonl.torn-4"))).isEqualTo("{\"seq\":4,\"prev\":\"half a li");
        assertThat(verify().findings()).isEmpty();
        assertThat(verify().notes()).extracting(Verification.LogFinding::kind).contains(Verification.Kind.RESUMED);
    }

    @Test
    void blocksOfZerosThatALossOfPowerLeavesAreSetAsideToo() throws Exception {
        write(Events.allowed(1));
        Files.write(file, new byte[5_000], StandardOpenOption.APPEND);
        write(Events.allowed(2));

        assertThat(LogLines.ids(file)).containsExactly("d1", "d2");
        assertThat(verify().findings()).isEmpty();
    }

    @Test
    void aFileThatIsAllTornGoesOnFromTheOneBefore() throws Exception {
        write(Events.allowed(1));
        Files.move(file, directory.resolve("audit.jsonl.000001"));
        Files.writeString(file, "{\"seq\"");
        write(Events.allowed(2));

        assertThat(LogLines.ids(file)).containsExactly("d1", "d2");
        assertThat(verify().findings()).isEmpty();
    }

    @Test
    void linesThatWereChangedStayAsTheyAreInAFileOfTheirOwn() throws Exception {
        write(Events.allowed(1), Events.allowed(2));
        String changed = LogLines.text(file).replace("\"d1\"", "\"dX\"");
        Files.writeString(file, changed);

        write(Events.allowed(3));

        assertThat(LogLines.text(directory.resolve("audit.jsonl.000001"))).isEqualTo(changed);
        assertThat(LogLines.of(file).stream()
                        .filter(line -> line.path("before").asString().equals("damaged")))
                .hasSize(1);
        assertThat(verify().findings()).singleElement().satisfies(finding -> {
            assertThat(finding.file().getFileName()).hasToString("audit.jsonl.000001");
            assertThat(finding.line()).isEqualTo(2);
        });
    }

    // ---- durability

    @Test
    void aDecisionIsOnTheDiskBeforeItsCallIsMadeIfTheHostWantsIt() throws Exception {
        FlakyDisk disk = new FlakyDisk();
        try (AuditLog log =
                AuditLog.at(file).sync(SyncPolicy.everyDecision()).opener(disk).open()) {
            for (int i = 0; i < 20; i++) {
                int before = disk.forced.get();
                log.record(Events.allowed(i));
                assertThat(disk.forced.get()).isGreaterThan(before);
                assertThat(LogLines.ids(file)).contains("d" + i);
            }
        }
    }

    @Test
    void callsThatAreDecidedTogetherShareAForcing() throws Exception {
        FlakyDisk disk = new FlakyDisk();
        int before;
        try (AuditLog log =
                AuditLog.at(file).sync(SyncPolicy.everyDecision()).opener(disk).open()) {
            disk.room.set(0);
            for (int i = 0; i < 64; i++) {
                log.record(Events.settled(i));
            }
            before = disk.forced.get();
            disk.room.set(Long.MAX_VALUE);
            await(() -> log.status().written() == 64);
            assertThat(disk.forced.get() - before).isLessThan(64);
        }
    }

    @Test
    void withAnIntervalLinesAreForcedWhenItIsOver() throws Exception {
        FlakyDisk disk = new FlakyDisk();
        try (AuditLog log = AuditLog.at(file)
                .sync(SyncPolicy.every(Duration.ofMillis(5)))
                .opener(disk)
                .open()) {
            int before = disk.forced.get();
            log.record(Events.allowed(1));
            await(() -> disk.forced.get() > before);
        }
    }

    @Test
    void withoutForcingOnlyTheEndOfAFileIsForced() throws Exception {
        FlakyDisk disk = new FlakyDisk();
        try (AuditLog log =
                AuditLog.at(file).sync(SyncPolicy.never()).opener(disk).open()) {
            int before = disk.forced.get();
            log.record(Events.allowed(1));
            await(() -> log.status().written() == 1);
            assertThat(disk.forced.get()).isEqualTo(before);
        }
        assertThat(disk.forced.get()).isGreaterThanOrEqualTo(2);
    }

    private static void await(java.util.function.BooleanSupplier condition) {
        // Polls: what is waited for happens on the disk, which notifies no thread.
        long start = System.nanoTime();
        while (!condition.getAsBoolean() && System.nanoTime() - start < PATIENCE.toNanos()) {
            Thread.onSpinWait();
        }
        assertThat(condition.getAsBoolean()).isTrue();
    }

    // ---- a disk that takes nothing, and a full queue

    @Test
    void aFullDiskLeavesWholeLinesAndIsReportedOnceAndTheLogGoesOnWhenThereIsRoom() throws Exception {
        FlakyDisk disk = new FlakyDisk();
        List<IOException> heard = new ArrayList<>();
        try (AuditLog log = AuditLog.at(file)
                .opener(disk)
                .overflow(OverflowPolicy.BLOCK)
                .retry(Duration.ofMillis(1))
                .onFailure(heard::add)
                .open()) {
            disk.room.set(100);
            log.record(Events.allowed(1));
            await(() -> log.status().failing());
            assertThat(LogLines.text(file)).endsWith("\n");
            assertThat(LogLines.of(file)).hasSize(1);

            disk.room.set(Long.MAX_VALUE);
            await(() -> !log.status().failing());
            log.record(Events.allowed(2));
        }
        assertThat(heard).singleElement().satisfies(e -> assertThat(e).hasMessageContaining("No space"));
        assertThat(LogLines.ids(file)).containsExactly("d1", "d2");
        assertThat(verify().findings()).isEmpty();
    }

    @Test
    void nothingIsWrittenBehindARaggedEndBeforeItIsCutOff() throws Exception {
        FlakyDisk disk = new FlakyDisk();
        try (AuditLog log = AuditLog.at(file)
                .opener(disk)
                .overflow(OverflowPolicy.BLOCK)
                .retry(Duration.ofMillis(1))
                .open()) {
            disk.truncateFails = true;
            disk.room.set(100);
            log.record(Events.allowed(1));
            await(() -> log.status().failing());
            disk.room.set(Long.MAX_VALUE);
            disk.truncateFails = false;
            await(() -> !log.status().failing());
        }
        assertThat(LogLines.ids(file)).containsExactly("d1");
        assertThat(verify().findings()).isEmpty();
    }

    @Test
    void afterAForcingThatFailedTheLinesAreWrittenAnew() throws Exception {
        FlakyDisk disk = new FlakyDisk();
        try (AuditLog log = AuditLog.at(file)
                .opener(disk)
                .sync(SyncPolicy.everyDecision())
                .retry(Duration.ofMillis(1))
                .open()) {
            disk.forceFails = true;
            assertThatThrownBy(() -> log.record(Events.allowed(1))).hasMessageContaining("can't be written");
            disk.forceFails = false;
            await(() -> !log.status().failing());
            log.record(Events.allowed(2));
        }
        assertThat(LogLines.ids(file)).as("the refused one was withdrawn").containsExactly("d2");
        assertThat(verify().findings()).isEmpty();
    }

    @Test
    void aRealFullDiskIsSurvived() throws Exception {
        Path mount = Files.createDirectory(directory.resolve("small"));
        assumeTrue(
                run("mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", mount.toString()) == 0,
                "only who may mount can make a disk this small");
        try {
            file = mount.resolve("audit.jsonl");
            Path ballast = mount.resolve("ballast");
            Files.write(ballast, new byte[16 << 10]);
            int refused = 0;
            try (AuditLog log = AuditLog.at(file)
                    .sync(SyncPolicy.everyDecision())
                    .retry(Duration.ofMillis(1))
                    .open()) {
                for (int i = 0; i < 100; i++) {
                    refused +=
                            catchThrowable(() -> log.record(Events.allowed("x".repeat(400), call()))) == null ? 0 : 1;
                }
                assertThat(refused).isPositive();
                Files.delete(ballast);
                await(() -> !log.status().failing());
                log.record(Events.allowed(1));
            }
            assertThat(LogLines.ids(file)).hasSize(101 - refused).contains("d1");
            assertThat(verify().findings()).isEmpty();
        } finally {
            assertThat(run("umount", mount.toString())).isZero();
        }
    }

    private static ToolCall call() {
        return ToolCall.of("pay", Map.of());
    }

    private static int run(String... command) throws Exception {
        try {
            return new ProcessBuilder(command).redirectErrorStream(true).start().waitFor();
        } catch (IOException e) {
            // There is no such program here.
            return -1;
        }
    }

    /** A log on a disk that takes nothing, with a queue that has room for two. */
    private AuditLog.Builder stuck(FlakyDisk disk) {
        return AuditLog.at(file).opener(disk).queue(2, 1 << 20).retry(Duration.ofMillis(1));
    }

    @Test
    void aFullQueueDropsAndCountsAndTheLogSaysSo() throws Exception {
        FlakyDisk disk = new FlakyDisk();
        try (AuditLog log = stuck(disk).overflow(OverflowPolicy.DROP).open()) {
            disk.room.set(0);
            for (int i = 0; i < 10; i++) {
                log.record(Events.allowed(i));
            }
            assertThat(log.status().dropped()).isEqualTo(8);
            disk.room.set(Long.MAX_VALUE);
            await(() -> log.status().queued() == 0);
            log.record(Events.allowed(10));
        }
        assertThat(LogLines.ids(file)).containsExactly("d0", "d1", "d10");
        assertThat(LogLines.of(file, "lost").stream()
                        .mapToInt(line -> line.get("events").asInt())
                        .sum())
                .isEqualTo(8);
        assertThat(verify().notes()).extracting(Verification.LogFinding::kind).contains(Verification.Kind.LOST);
    }

    @Test
    void aFullQueueRefusesDecisionsAndCountsTheRest() throws Exception {
        FlakyDisk disk = new FlakyDisk();
        try (AuditLog log = stuck(disk).overflow(OverflowPolicy.FAIL_CLOSED).open()) {
            disk.room.set(0);
            log.record(Events.settled(1));
            log.record(Events.denied(2));
            assertThatThrownBy(() -> log.record(Events.allowed(3))).isInstanceOf(IllegalStateException.class);
            log.record(Events.settled(3));
            assertThat(log.status().dropped()).isEqualTo(1);
            disk.room.set(Long.MAX_VALUE);
            await(() -> log.status().queued() == 0);
            log.record(Events.allowed(4));
        }
        assertThat(LogLines.ids(file)).containsExactly("d2", "d4");
        assertThat(LogLines.of(file, "settlement")).hasSize(1);
    }

    @Test
    void whileTheDiskTakesNothingDecisionsAreRefusedAlsoIfTheQueueHasRoom() throws Exception {
        FlakyDisk disk = new FlakyDisk();
        try (AuditLog log =
                AuditLog.at(file).opener(disk).retry(Duration.ofMillis(1)).open()) {
            disk.room.set(0);
            log.record(Events.allowed(1));
            await(() -> log.status().failing());
            assertThatThrownBy(() -> log.record(Events.allowed(2))).hasMessageContaining("can't be written");
            disk.room.set(Long.MAX_VALUE);
            await(() -> !log.status().failing());
            log.record(Events.allowed(3));
        }
        assertThat(LogLines.ids(file)).containsExactly("d1", "d3");
    }

    @Test
    void aFullQueueBlocksUntilThereIsRoom() throws Exception {
        FlakyDisk disk = new FlakyDisk();
        try (AuditLog log = stuck(disk).overflow(OverflowPolicy.BLOCK).open()) {
            disk.room.set(0);
            log.record(Events.allowed(1));
            log.record(Events.allowed(2));
            CompletableFuture<Void> third = CompletableFuture.runAsync(() -> log.record(Events.allowed(3)));
            await(() -> log.status().failing());
            assertThat(third).isNotDone();
            disk.room.set(Long.MAX_VALUE);
            third.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
        assertThat(LogLines.ids(file)).containsExactly("d1", "d2", "d3");
    }

    @Test
    void theQueueIsBoundedByTheSizeOfArgumentsToo() throws Exception {
        FlakyDisk disk = new FlakyDisk();
        ToolCall large = ToolCall.of("pay", Map.of("blob", "x".repeat(600_000)));
        try (AuditLog log = AuditLog.at(file)
                .opener(disk)
                .queue(1_000, 1 << 20)
                .overflow(OverflowPolicy.DROP)
                .retry(Duration.ofMillis(1))
                .open()) {
            disk.room.set(0);
            for (int i = 0; i < 10; i++) {
                log.record(Events.allowed("large" + i, large));
            }
            assertThat(log.status().queued()).isEqualTo(1);
            assertThat(log.status().dropped()).isEqualTo(9);
            disk.room.set(Long.MAX_VALUE);
        }
    }

    @Test
    void anInterruptedThreadRecordsNothingAndKeepsItsInterrupt() throws Exception {
        try (AuditLog log = AuditLog.at(file).open()) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> log.record(Events.allowed(1))).hasMessageContaining("interrupted");
            assertThat(Thread.interrupted()).isTrue();
        }
        assertThat(LogLines.ids(file)).isEmpty();
    }

    @Test
    void aClosedLogRefusesAndItsThreadIsGone() throws Exception {
        AuditLog log = AuditLog.at(file).open();
        log.close();
        log.close();
        assertThatThrownBy(() -> log.record(Events.allowed(1))).hasMessageContaining("closed");
        assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .doesNotContain("interlock-audit-log");
    }

    @Test
    void closingALogWhoseDiskTakesNothingEndsAndCountsWhatIsLost() throws Exception {
        FlakyDisk disk = new FlakyDisk();
        AuditLog log =
                AuditLog.at(file).opener(disk).overflow(OverflowPolicy.BLOCK).open();
        disk.room.set(0);
        log.record(Events.allowed(1));
        log.close();
        assertThat(log.status().dropped()).isEqualTo(1);

        write(Events.allowed(2));
        assertThat(LogLines.ids(file)).containsExactly("d2");
    }
}
