package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.cli.Interlock.Result;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Numbers go through the proxy as they were written, in both directions, and are decided by their values. */
@Timeout(180)
class ProxyNumbersIT {

    private static final String POLICY = """
            version: "1"
            default: allow
            tools:
              pay:
                rules:
                  - name: cap
                    conditions: [{path: args.amount, op: lte, value: 100000}]
              refund:
                rules:
                  - name: not nothing
                    conditions: [{path: args.amount, op: neq, value: 0}]
            """;

    /** A writer that kept only the values would write most of these differently. */
    private static final List<String> SPELLINGS = List.of(
            "1e400",
            "1E+400",
            "1E5",
            "1e5",
            "1.0e2",
            "-1.50E-03",
            "0.0000001",
            "1e-7",
            "1.0",
            "0.10",
            "100",
            "-0",
            "-0.0",
            "-0e0",
            "0E5",
            "0.0",
            "0.12345678901234567",
            "1.0000000000000000",
            "123456789012345678901234567890",
            "-123456789012345678901234567890.0");

    /** The numbers in a list, in objects of a list, and below one another. */
    private static final String NUMBERS = "[" + String.join(",", SPELLINGS) + ",{\"n\":"
            + String.join("},{\"n\":", SPELLINGS) + "},{\"a\":{\"b\":[[-0.0],{\"c\":1E5}]}}]";

    @TempDir
    private Path directory;

    private Interlock interlock;

    @BeforeEach
    void writePolicy() throws Exception {
        interlock = new Interlock(directory).file("policy.yaml", POLICY).file("script.txt", "");
    }

    private Result run(String... lines) throws Exception {
        return interlock.runWith(
                String.join("\n", lines) + "\n", ProxyLinesIT.proxy(ProxyLinesIT.ScriptedServer.class));
    }

    private static String call(int id, String tool, String arguments) {
        return ProxyLinesIT.call(id, tool).replace("{}", arguments);
    }

    /** What the server echoes of a line that it was sent. */
    private static String echoed(String part) {
        return part.replace("\"", "\\\"");
    }

    @Test
    void theNumbersOfACallReachTheServerAsTheyWereWritten() throws Exception {
        String params = "{\"_meta\":{\"progressToken\":1E2,\"x/n\":" + NUMBERS + "},\"n\":" + NUMBERS
                + ",\"name\":\"any\",\"arguments\":{\"n\":" + NUMBERS + "}}";

        Result result = run("{\"jsonrpc\":\"2.0\",\"method\":\"tools/call\",\"id\":1,\"params\":" + params + "}");

        assertThat(result.out())
                .contains(echoed("\"progressToken\":1E2,\"x/n\":" + NUMBERS))
                .contains(echoed("\"n\":" + NUMBERS + ",\"name\":\"any\""))
                .contains(echoed("\"arguments\":{\"n\":" + NUMBERS + "}"));
    }

    @Test
    void theNumbersOfAnyOtherRequestReachTheServerAsTheyWereWritten() throws Exception {
        Result result = run("{\"jsonrpc\":\"2.0\",\"method\":\"x/y\",\"id\":1,\"params\":{\"n\":" + NUMBERS + "}}");

        assertThat(result.out()).contains(echoed("\"params\":{\"n\":" + NUMBERS + "}"));
    }

    @Test
    void theNumbersOfAnAnswerReachTheHostAsTheyWereWritten() throws Exception {
        String result =
                "{\"_meta\":{\"n\":" + NUMBERS + "},\"content\":[{\"type\":\"text\",\"text\":\"1E5\",\"n\":1E5}],"
                        + "\"structuredContent\":{\"n\":" + NUMBERS + "}}";
        String error = "{\"code\":-32000,\"message\":\"m\",\"data\":" + NUMBERS + "}";
        interlock.file(
                "script.txt",
                "{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":" + result + "}\n{\"jsonrpc\":\"2.0\",\"id\":$ID,\"error\":"
                        + error + "}\n");

        assertThat(run(call(1, "scripted", "{}"), call(2, "scripted", "{}")).out())
                .isEqualTo("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":" + result + "}\n"
                        + "{\"jsonrpc\":\"2.0\",\"id\":2,\"error\":" + error + "}\n");
    }

    @Test
    void theNumbersInAListOfToolsReachTheHostAsTheyWereWritten() throws Exception {
        String tools = "{\"tools\":[{\"name\":\"pay\",\"inputSchema\":{\"type\":\"object\",\"properties\":{\"amount\":"
                + "{\"type\":\"number\",\"minimum\":-0.0,\"maximum\":1E5,\"enum\":" + NUMBERS + "}}}}]}";
        interlock.file("script.txt", "{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":" + tools + "}\n");

        assertThat(run("{\"jsonrpc\":\"2.0\",\"id\":\"scripted\",\"method\":\"tools/list\"}")
                        .out())
                .contains("\"minimum\":-0.0,\"maximum\":1E5,\"enum\":" + NUMBERS);
    }

    @Test
    void aNumberIsDecidedByItsValue() throws Exception {
        Result result = run(
                call(1, "pay", "{\"amount\":1E5}"),
                call(2, "pay", "{\"amount\":1e+5}"),
                call(3, "pay", "{\"amount\":100000.0}"),
                call(4, "pay", "{\"amount\":1E6}"),
                call(5, "pay", "{\"amount\":1.000001e5}"),
                call(6, "refund", "{\"amount\":-0}"),
                call(7, "refund", "{\"amount\":-0.0}"),
                call(8, "refund", "{\"amount\":0e9}"),
                call(9, "refund", "{\"amount\":-0.1}"));

        for (String sent : List.of(
                "1,|\"amount\":1E5}", "2,|\"amount\":1e+5}", "3,|\"amount\":100000.0}", "9,|\"amount\":-0.1}")) {
            String[] parts = sent.split("\\|", -1);
            assertThat(result.out().lines())
                    .as(sent)
                    .anyMatch(line -> line.contains("\"id\":" + parts[0]) && line.contains(echoed(parts[1])));
        }
        for (int id = 4; id <= 8; id++) {
            String denied = "\"id\":" + id + ",";
            assertThat(result.out().lines())
                    .as(denied)
                    .anyMatch(line -> line.contains(denied) && line.contains("\"isError\":true"));
        }
    }

    @Test
    void aNumberPastTheBoundsIsNotPassedOnHoweverItIsSpelled() throws Exception {
        String zeros = "0".repeat(2_000);

        assertThat(run(
                                call(1, "any", "{\"n\":1e10001}"),
                                call(2, "any", "{\"n\":1e99999999999}"),
                                call(3, "any", "{\"n\":1e+" + zeros + "5}"),
                                call(4, "any", "{\"n\":1." + zeros + "}"))
                        .out()
                        .lines())
                .hasSize(4)
                .allMatch(line -> line.contains("\"isError\":true") || line.contains("-32600"))
                .noneMatch(line -> line.contains("echo"));
    }

    @Test
    void theRecordHasTheNumbersAsTheyWereSentAndReplaysToTheSameDecisions() throws Exception {
        interlock.runWith(
                call(1, "pay", "{\"amount\":1E5,\"n\":" + NUMBERS + "}") + "\n" + call(2, "pay", "{\"amount\":1E6}")
                        + "\n",
                ProxyLinesIT.proxy(ProxyLinesIT.ScriptedServer.class, "--audit", "audit.jsonl", "--audit-args", "all"));

        assertThat(Files.readString(directory.resolve("audit.jsonl")))
                .contains("{\"amount\":1E5,\"n\":" + NUMBERS + "}", "{\"amount\":1E6}");
        assertThat(interlock.run("audit", "verify", "audit.jsonl").code()).isZero();
        assertThat(interlock.run("replay", "policy.yaml", "audit.jsonl").out().lines())
                .filteredOn(line -> line.contains("\"tool\":\"pay\""))
                .satisfiesExactly(
                        first -> assertThat(first).contains("\"allowed\":true"),
                        second -> assertThat(second).contains("\"allowed\":false"));
    }
}
