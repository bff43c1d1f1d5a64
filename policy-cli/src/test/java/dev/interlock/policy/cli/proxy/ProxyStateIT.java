package dev.interlock.policy.cli.proxy;

import static dev.interlock.policy.cli.proxy.RunningProxy.call;
import static dev.interlock.policy.cli.proxy.RunningProxy.served;
import static dev.interlock.policy.cli.proxy.RunningProxy.tallied;
import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.cli.Interlock;
import dev.interlock.policy.cli.Interlock.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What proxies keep outlives them, and is shared by those with the same policy. */
class ProxyStateIT {

    private static final String FIVE = """
            version: "1"
            tools:
              pay:
                marks: [{name: paid, on: success}]
                rules:
                  - {name: five, rate_limit: {max: 5, window: month, scope: global}}
              ship:
                require: [{path: session.paid, op: exists, value: true}]
            """;

    private static final String ASKING = """
            version: "1"
            tools:
              pay: {rules: [{name: ask, action: require_approval}]}
            """;

    @TempDir
    private Path directory;

    private Interlock interlock;
    private Path tally;

    @BeforeEach
    void writePolicy() throws IOException {
        tally = directory.resolve("tally");
        interlock = new Interlock(directory).file("policy.yaml", FIVE);
    }

    private RunningProxy proxy(String... options) throws IOException {
        return RunningProxy.start(interlock, "policy.yaml", tally, options);
    }

    @Test
    void threeStartsSpendOneBudgetOnce() throws Exception {
        List<String> answers = new ArrayList<>();
        for (int start = 0; start < 3; start++) {
            try (RunningProxy proxy = proxy()) {
                for (int id = 1; id <= 3; id++) {
                    answers.add(proxy.pay(id));
                }
            }
        }

        assertThat(answers.subList(0, 5)).allMatch(RunningProxy::served);
        assertThat(answers.subList(5, 9)).allMatch(answer -> answer.contains("Limit of 5"));
        assertThat(tallied(tally)).isEqualTo(5);
    }

    @Test
    void withStateNoneEachStartBeginsAnew() throws Exception {
        for (int start = 0; start < 2; start++) {
            try (RunningProxy proxy = proxy("--state", "none")) {
                for (int id = 1; id <= 6; id++) {
                    assertThat(served(proxy.pay(id))).isEqualTo(id <= 5);
                }
            }
        }

        assertThat(interlock.stateHome()).doesNotExist();
    }

    @Test
    void twoProxiesAtOnceShareOneBudget() throws Exception {
        StringBuilder calls = new StringBuilder();
        for (int id = 1; id <= 10; id++) {
            calls.append(call(id, "pay", 5));
        }
        List<String> answers = new ArrayList<>();
        try (RunningProxy one = proxy();
                RunningProxy other = proxy()) {
            one.send(calls.toString());
            other.send(calls.toString());
            for (int id = 1; id <= 10; id++) {
                answers.add(one.answer());
                answers.add(other.answer());
            }
        }

        assertThat(answers.stream().filter(RunningProxy::served)).hasSize(5);
        assertThat(tallied(tally)).isEqualTo(5);
    }

    @Test
    void proxiesOfOtherPoliciesAndServersCountForThemselves() throws Exception {
        for (String[] options : new String[][] {{}, {"--server", "shop"}, {"--server", "bank"}}) {
            try (RunningProxy proxy = proxy(options)) {
                for (int id = 1; id <= 6; id++) {
                    assertThat(served(proxy.pay(id))).isEqualTo(id <= 5);
                }
            }
        }

        assertThat(interlock.run("limits", "list", "--policy", "policy.yaml").out())
                .contains("tools.pay", "five")
                .doesNotContain("shop");
        assertThat(interlock.run("limits", "list").out()).contains("server shop", "server bank");
    }

    @Test
    void aTicketThatIsApprovedAfterItsProxyWasKilledIsUsedOnceOnAnother() throws Exception {
        interlock.file("policy.yaml", ASKING);
        String[] options = {"--identity", "bot", "--approvals-dir", "desk"};
        String ticket;
        try (RunningProxy one = proxy(options)) {
            ticket = ticket(one.pay(1));
            one.kill();
        }

        Result list = interlock.run("approvals", "list", "--approvals-dir", "desk");
        assertThat(list.out()).containsOnlyOnce("ticket " + ticket + ": pending");
        Result approve = interlock.run("approvals", "approve", ticket, "--approvals-dir", "desk");
        assertThat(approve.out()).as(approve.err()).contains("Approved.");

        try (RunningProxy other = proxy(options);
                RunningProxy third = proxy(options)) {
            assertThat(other.pay(1)).contains("\"served\"");
            assertThat(ticket(third.pay(1))).isNotEqualTo(ticket);
            assertThat(ticket(other.pay(2))).isNotEqualTo(ticket);
        }
        assertThat(tallied(tally)).isEqualTo(1);
        assertThat(interlock
                        .run("approvals", "approve", ticket, "--approvals-dir", "desk")
                        .err())
                .contains("ticket " + ticket + " has been answered already");
    }

    @Test
    void aTicketThatWasApprovedOnAProxyThatWasKilledIsUsedOnceOnAnother() throws Exception {
        interlock.file("policy.yaml", ASKING);
        String[] options = {"--identity", "bot", "--approvals-dir", "desk"};
        try (RunningProxy one = proxy(options)) {
            String ticket = ticket(one.pay(1));
            // The proxy and its store both know the ticket.
            Result list = interlock.run("approvals", "list", "--approvals-dir", "desk");
            assertThat(list.out()).containsOnlyOnce("ticket " + ticket + ": pending");
            assertThat(interlock
                            .run("approvals", "approve", ticket, "--approvals-dir", "desk")
                            .code())
                    .isZero();
            one.kill();
        }

        try (RunningProxy other = proxy(options)) {
            assertThat(other.pay(1)).contains("\"served\"");
            assertThat(other.pay(2)).contains("[APPROVAL REQUIRED] ");
        }
    }

    private static String ticket(String answer) {
        Matcher ticket = Pattern.compile("\"ticket\":\"([0-9a-z-]+)\"").matcher(answer);
        assertThat(ticket.find()).as(answer).isTrue();
        return ticket.group(1);
    }

    @Test
    void suspendStopsARunningProxyAndHoldsWhenItIsKilled() throws Exception {
        interlock.file("policy.yaml", FIVE.replace("max: 5", "max: 1000000"));
        try (RunningProxy proxy = proxy()) {
            assertThat(proxy.pay(1)).contains("\"served\"");

            Result suspended = interlock.run("suspend", "--reason", "The agent sends wrong invoices.");
            assertThat(suspended.out()).as(suspended.err()).contains("Suspended: ");
            assertThat(until(proxy, answer -> !served(answer))).contains("The agent sends wrong invoices.");
            proxy.kill();
        }

        long before = tallied(tally);
        try (RunningProxy proxy = proxy()) {
            assertThat(proxy.pay(1)).contains("The agent sends wrong invoices.");
            assertThat(tallied(tally)).isEqualTo(before);

            assertThat(interlock.run("resume").out()).contains("Resumed: ", "The agent sends wrong invoices.");
            assertThat(until(proxy, RunningProxy::served)).contains("\"served\"");
        }
        assertThat(interlock.run("resume").out()).isEqualTo("Calls were not suspended.\n");
    }

    /** Calls until an answer is as it should be. One that never is ends the test by its bound on time. */
    private static String until(RunningProxy proxy, Predicate<String> is) throws IOException {
        long end = System.nanoTime() + Interlock.PATIENCE_SECONDS * 1_000_000_000L;
        int id = 10;
        String answer = proxy.pay(id);
        while (!is.test(answer) && System.nanoTime() < end) {
            answer = proxy.pay(++id);
        }
        return answer;
    }

    @Test
    void whatIsKeptIsForThisUserAlone() throws Exception {
        try (RunningProxy proxy = proxy()) {
            assertThat(proxy.pay(1)).contains("\"served\"");

            Path kept = interlock.stateHome().resolve("interlock");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(kept)))
                    .isEqualTo("rwx------");
            try (Stream<Path> files = Files.list(kept)) {
                List<Path> all = files.toList();
                assertThat(all).hasSizeGreaterThanOrEqualTo(2);
                for (Path file : all) {
                    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                            .as("%s", file)
                            .isEqualTo("rw-------");
                }
            }
        }
    }

    private Path keptFile() throws IOException, InterruptedException {
        try (RunningProxy proxy = proxy()) {
            assertThat(proxy.pay(1)).contains("\"served\"");
        }
        try (Stream<Path> files = Files.list(interlock.stateHome().resolve("interlock"))) {
            return files.filter(file -> file.toString().endsWith(".db"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private void isRefused(String why) throws Exception {
        Result refused = interlock.run("proxy", "policy.yaml", "--", "true");
        assertThat(refused.code()).isEqualTo(2);
        assertThat(refused.err()).contains(why, "--state none").doesNotContain("\tat ");
    }

    @Test
    void stateThatOthersCouldHaveWrittenIsRefusedAndTheProxyDoesNotStart() throws Exception {
        Path file = keptFile();
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        isRefused("no one else may read or write");
        assertThat(interlock.run("limits", "list").err()).contains("no one else may read or write");

        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        Path elsewhere = Files.move(file, directory.resolve("elsewhere.db"));
        Files.createSymbolicLink(file, elsewhere);
        isRefused("must be a file of this user's");

        Files.delete(file);
        Files.setPosixFilePermissions(
                interlock.stateHome().resolve("interlock"), PosixFilePermissions.fromString("rwxr-xr-x"));
        isRefused("no one else may enter");
    }

    @Test
    void aFileThatIsNoDatabaseIsRefusedAndTheProxyDoesNotStart() throws Exception {
        Files.writeString(keptFile(), "this is no database of SQLite, whatever its name may say".repeat(100));

        isRefused(".db");
    }

    @Test
    void whatIsCountedAndMarkedIsShownAndReset() throws Exception {
        String[] options = {"--identity", "bot", "--state", "state.db"};
        try (RunningProxy proxy = proxy(options)) {
            for (int id = 1; id <= 6; id++) {
                proxy.pay(id);
            }
        }
        String[] list = {"limits", "list", "--state", "state.db", "--policy", "policy.yaml", "--format", "json"};
        assertThat(interlock.run(list).out()).contains("\"used\":5", "\"max\":5", "five");
        assertThat(interlock
                        .run("limits", "show", "five", "--state", "state.db", "--policy", "policy.yaml")
                        .out())
                .contains("used      5 of 5", "room for 0");
        assertThat(interlock.run("sessions", "list", "--state", "state.db").out())
                .contains("bot", "paid");
        assertThat(interlock
                        .run("sessions", "show", "bot", "--state", "state.db")
                        .out())
                .contains("bot\n  paid: set, lapses in ");
        Result explained =
                interlock.run("explain", "policy.yaml", "--tool", "pay", "--identity", "bot", "--state", "state.db");
        assertThat(explained.out())
                .as(explained.err())
                .startsWith("DENIED by five")
                .contains("used 5 of 5");
        assertThat(interlock
                        .run("explain", "policy.yaml", "--tool", "pay", "--session", "bot")
                        .out())
                .startsWith("ALLOWED");

        Result reset =
                interlock.run("limits", "reset", "five", "--state", "state.db", "--by", "Ada", "--audit", "r.jsonl");
        assertThat(reset.out()).as(reset.err()).startsWith("Reset: ").contains("five");
        assertThat(interlock
                        .run("sessions", "clear", "bot", "--state", "state.db", "--audit", "r.jsonl")
                        .out())
                .isEqualTo("Cleared: bot\n");
        assertThat(interlock.run(list).out()).isEmpty();
        assertThat(interlock
                        .run("sessions", "clear", "bot", "--state", "state.db")
                        .code())
                .isEqualTo(2);
        try (RunningProxy proxy = proxy(options)) {
            proxy.send(call(1, "ship", 1));
            assertThat(proxy.answer()).contains("[POLICY DENIED] ");
            assertThat(proxy.pay(2)).contains("\"served\"");
        }
        Result record = interlock.run("audit", "tail", "r.jsonl", "-n", "20");
        assertThat(record.code()).as(record.err()).isZero();
        assertThat(record.out()).contains("five", "as Ada", "bot");
    }
}
