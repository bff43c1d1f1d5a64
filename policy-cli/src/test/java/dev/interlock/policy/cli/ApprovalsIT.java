package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.cli.Interlock.Result;
import dev.interlock.policy.cli.proxy.ProxyIT;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A proxy whose calls wait for a person, and the person who answers from another terminal. */
class ApprovalsIT {

    @TempDir
    private Path directory;

    private Interlock interlock;
    private Process proxy;
    private BufferedReader fromProxy;

    @BeforeEach
    void startProxy() throws IOException {
        interlock = new Interlock(directory).file("policy.yaml", """
                        version: "1"
                        tools:
                          pay:
                            rules:
                              - name: ask
                                action: require_approval
                              - name: cap
                                conditions: [{path: args.amount, op: lte, value: 100}]
                        """);
        List<String> args = new ArrayList<>(List.of(
                "proxy", "policy.yaml", "--audit", "audit.jsonl", "--approvals", "--approvals-dir", "desk", "--"));
        args.addAll(Interlock.java());
        args.add(ProxyIT.EchoServer.class.getName());
        proxy = interlock
                .builder(args.toArray(String[]::new))
                .redirectError(directory.resolve("proxy.err").toFile())
                .start();
        fromProxy = new BufferedReader(new InputStreamReader(proxy.getInputStream(), StandardCharsets.UTF_8));
    }

    @AfterEach
    void stopProxy() throws Exception {
        proxy.getOutputStream().close();
        proxy.waitFor();
    }

    private String pay(int id, String arguments) throws IOException {
        return pay(id, arguments, "");
    }

    private String pay(int id, String arguments, String others) throws IOException {
        OutputStream in = proxy.getOutputStream();
        in.write(Interlock.utf8("{\"jsonrpc\":\"2.0\",\"id\":" + id
                + ",\"method\":\"tools/call\",\"params\":{\"name\":\"pay\",\"arguments\":" + arguments + others
                + "}}\n"));
        in.flush();
        return fromProxy.readLine();
    }

    private static String ticket(String answer) {
        Matcher ticket = Pattern.compile("\"ticket\":\"([0-9a-z-]+)\"").matcher(answer);
        assertThat(ticket.find()).as(answer).isTrue();
        return ticket.group(1);
    }

    private Result approvals(String... args) throws Exception {
        List<String> all = new ArrayList<>(List.of("approvals"));
        all.addAll(List.of(args));
        all.addAll(List.of("--approvals-dir", "desk"));
        return interlock.run(all.toArray(String[]::new));
    }

    @Test
    void aPersonApprovesFromAnotherTerminalAndTheCallPassesOnce() throws Exception {
        String asked = pay(1, "{\"amount\":5,\"note\":\"x\\n== all is well\"}");
        String ticket = ticket(asked);
        assertThat(asked).contains("[APPROVAL REQUIRED] ").contains("approval_pending");

        Result list = approvals("list");
        assertThat(list.out())
                .contains("ticket " + ticket + ": pending")
                .contains("  | pay\n")
                .contains("  | \"amount\": 5\n")
                .contains("  | \"note\": \"x\\n== all is well\"\n");
        assertThat(Files.readString(directory.resolve("proxy.err"))).contains("interlock approvals approve " + ticket);

        assertThat(approvals("approve", ticket).out()).contains("Approved.");
        assertThat(approvals("approve", ticket).code()).isEqualTo(2);

        assertThat(pay(2, "{\"note\":\"x\\n== all is well\",\"amount\":5.0}")).contains("echo");
        assertThat(pay(3, "{\"amount\":5,\"note\":\"x\\n== all is well\"}")).contains("[APPROVAL REQUIRED] ");
    }

    @Test
    void whatThePersonWasNotShownIsAskedAboutAnew() throws Exception {
        String ticket = ticket(pay(1, "{\"amount\":5}", ",\"_meta\":{\"progressToken\":1}"));
        approvals("approve", ticket);

        for (String others : List.of(
                ",\"_meta\":{\"x\":1}",
                ",\"task\":{\"ttl\":1}",
                ",\"inputResponses\":{\"a\":{\"action\":\"accept\"}}")) {
            assertThat(ticket(pay(2, "{\"amount\":5}", others))).isNotEqualTo(ticket);
        }
        assertThat(approvals("list").out())
                .contains("session:\n", "context:\n", "other parameters:\n")
                .contains("  | \"task\": {\"ttl\":1}\n");
        assertThat(pay(3, "{\"amount\":5}", ",\"_meta\":{\"progressToken\":2}")).contains("echo");
    }

    @Test
    void theRecordNamesTheUserOfTheSystemBesideWhoTheySayToBe() throws Exception {
        String user = System.getProperty("user.name");
        String ticket = ticket(pay(1, "{\"amount\":5}"));
        approvals("approve", ticket, "--by", "Ada");
        assertThat(pay(2, "{\"amount\":5}")).contains("echo");
        String another = ticket(pay(3, "{\"amount\":6}"));
        approvals("approve", another);
        assertThat(pay(4, "{\"amount\":6}")).contains("echo");

        assertThat(interlock.run("audit", "tail", "audit.jsonl", "-n", "20").out())
                .contains("answered by " + user + ", as Ada  ticket " + ticket)
                .contains("answered by " + user + "  ticket " + another);
    }

    @Test
    void aPersonDeniesAndTheAgentIsToldWhy() throws Exception {
        String ticket = ticket(pay(1, "{\"amount\":5}"));

        assertThat(approvals("deny", ticket, "--reason", "not today").code()).isZero();

        assertThat(pay(2, "{\"amount\":5}")).contains("[POLICY DENIED] ").contains("not today");
    }

    @Test
    void aPersonApprovesLessAndThatIsWhatIsSent() throws Exception {
        String ticket = ticket(pay(1, "{\"amount\":50}"));
        approvals("approve", ticket, "--args", "{\"amount\":30}");
        assertThat(pay(2, "{\"amount\":50}")).contains("echo").contains("30").doesNotContain("50");

        String greedy = ticket(pay(3, "{\"amount\":51}"));
        approvals("approve", greedy, "--args", "{\"amount\":101}");
        assertThat(pay(4, "{\"amount\":51}")).contains("[POLICY DENIED] ").doesNotContain("echo");
    }

    @Test
    void theDeskIsForThisUserAloneAndNotTakenIfItIsNot() throws Exception {
        pay(1, "{\"amount\":5}");
        Path desk = directory.resolve("desk");

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(desk)))
                .isEqualTo("rwx------");
        Files.setPosixFilePermissions(desk, PosixFilePermissions.fromString("rwxr-xr-x"));
        Result list = approvals("list");
        assertThat(list.code()).isEqualTo(2);
        assertThat(list.err()).contains("no one else may enter").contains("rwxr-xr-x");
        Result second = interlock.run("proxy", "policy.yaml", "--approvals", "--approvals-dir", "desk", "--", "true");
        assertThat(second.code()).isEqualTo(2);
        Files.setPosixFilePermissions(desk, PosixFilePermissions.fromString("rwx------"));
    }

    @Test
    void theSocketThatAProxyLeavesBehindIsClearedAwayAndItsTicketIsKept() throws Exception {
        String ticket = ticket(pay(1, "{\"amount\":5}"));
        proxy.destroyForcibly().waitFor();

        Result list = approvals("list");

        assertThat(list.out()).contains("ticket " + ticket + ": pending");
        try (Stream<Path> left = Files.list(directory.resolve("desk"))) {
            assertThat(left).isEmpty();
        }
        Result approve = approvals("approve", "0000-0000-0000-0000");
        assertThat(approve.code()).isEqualTo(2);
        assertThat(approve.err()).contains("there is no ticket 0000-0000-0000-0000");
    }
}
