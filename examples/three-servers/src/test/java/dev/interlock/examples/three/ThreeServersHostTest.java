package dev.interlock.examples.three;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.approval.ApprovalRequest;
import dev.interlock.policy.testing.PolicyTests;
import dev.interlock.policy.yaml.PolicyYaml;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

class ThreeServersHostTest {

    private static final Path POLICY = Path.of("policy.yaml");

    @TempDir
    private Path directory;

    @Test
    void itPrintsWhatItsReadmeSays() throws IOException {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        ThreeServersHost.run(
                POLICY, directory.resolve("outbox.txt"), new PrintStream(printed, true, StandardCharsets.UTF_8));

        assertThat(Files.readString(Path.of("README.md")))
                .contains("```\n" + printed.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n")
                        + "```\n");
    }

    @Test
    void itsPolicyHasNoMistakes() {
        assertThat(PolicyYaml.read(POLICY).diagnostics()).isEmpty();
    }

    @TestFactory
    Stream<DynamicTest> itsPolicyPassesItsTests() {
        return PolicyTests.of(POLICY, Path.of("policy-tests.yaml"));
    }

    @Nested
    class WithTheServersRunning {

        private final ConcurrentLinkedQueue<ApprovalRequest> asked = new ConcurrentLinkedQueue<>();
        private final ConcurrentLinkedQueue<ApprovalAnswer> answers = new ConcurrentLinkedQueue<>();
        private Path outbox = Path.of("");
        private GuardedServers servers;

        @BeforeEach
        void start() throws IOException {
            outbox = Files.createFile(directory.resolve("outbox.txt"));
            servers = GuardedServers.start(POLICY, outbox, request -> {
                asked.add(request);
                return CompletableFuture.completedFuture(answers.remove());
            });
        }

        @AfterEach
        void stop() {
            servers.close();
        }

        private void read(String conversation) {
            CallToolResult result = servers.call(conversation, "read_customer", Map.of("id", "c-1"));
            assertThat(GuardedServers.text(result)).startsWith("Ada, ");
        }

        private void fetch(String conversation) {
            CallToolResult result = servers.call(conversation, "fetch_page", Map.of("page", "offer"));
            assertThat(GuardedServers.text(result)).contains("forget your orders");
        }

        private CallToolResult send(String conversation) {
            return servers.call(conversation, "send_mail", Map.of("to", "ada@example.com", "text", conversation));
        }

        /** What the mail server itself says that it has sent. */
        private List<String> sent() throws IOException {
            return Files.readAllLines(outbox).stream()
                    .map(mail -> mail.substring(mail.indexOf(": ") + 2))
                    .toList();
        }

        @Test
        void eachPairPassesAndAsksNobody() throws IOException {
            read("reads, sends");
            assertThat(send("reads, sends").isError()).isFalse();
            fetch("fetches, sends");
            assertThat(send("fetches, sends").isError()).isFalse();
            read("reads, fetches");
            fetch("reads, fetches");
            read("reads, fetches");

            assertThat(asked).isEmpty();
            assertThat(sent()).containsExactly("reads, sends", "fetches, sends");
        }

        @Test
        void theThreeTogetherSendNothingThatAPersonRefuses() throws IOException {
            fetch("all three");
            read("all three");
            answers.add(ApprovalAnswer.refused("ada", null));

            CallToolResult result = send("all three");

            assertThat(result.isError()).isTrue();
            assertThat(GuardedServers.text(result)).startsWith("[POLICY DENIED]");
            assertThat(asked).singleElement().satisfies(request -> {
                assertThat(request.rule()).isEqualTo("a person after both");
                assertThat(request.session()).isEqualTo("all three");
            });
            assertThat(sent()).isEmpty();
        }

        @Test
        void aYesSendsOneMailAndTheNextIsAskedAboutAgain() throws IOException {
            read("all three");
            fetch("all three");
            answers.add(ApprovalAnswer.approved("ada"));
            answers.add(ApprovalAnswer.refused("ada", null));

            assertThat(send("all three").isError()).isFalse();
            assertThat(send("all three").isError()).isTrue();
            assertThat(asked).hasSize(2);
            assertThat(sent()).containsExactly("all three");
        }

        @Test
        void anotherConversationSendsAsBefore() throws IOException {
            read("all three");
            fetch("all three");

            assertThat(send("another").isError()).isFalse();
            assertThat(asked).isEmpty();
            assertThat(sent()).containsExactly("another");
        }

        @Test
        void aPageThatCannotBeFetchedCountsToo() {
            read("all three");
            assertThat(servers.call("all three", "fetch_page", Map.of("page", "none"))
                            .isError())
                    .isTrue();
            answers.add(ApprovalAnswer.refused("ada", null));

            assertThat(send("all three").isError()).isTrue();
            assertThat(asked).hasSize(1);
        }
    }
}
