package dev.interlock.examples.three;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.approval.ApprovalHandler;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Shows what one policy makes of four conversations. Instead of running a model, it makes the calls of an agent. */
public final class ThreeServersHost {

    private final GuardedServers servers;
    private final PrintStream out;
    private int conversations;

    private ThreeServersHost(GuardedServers servers, PrintStream out) {
        this.servers = servers;
        this.out = out;
    }

    /** Takes the path of a policy. */
    public static void main(String... args) throws IOException {
        Path outbox = Files.createTempFile("outbox", ".txt");
        try {
            run(Path.of(args[0]), outbox, System.out);
        } finally {
            Files.delete(outbox);
        }
    }

    static void run(Path policyFile, Path outbox, PrintStream out) throws IOException {
        try (GuardedServers servers = GuardedServers.start(policyFile, outbox, person(out))) {
            new ThreeServersHost(servers, out).converse();
        }
        out.println();
        out.println("What has left:");
        for (String mail : Files.readAllLines(outbox)) {
            out.println("  " + mail);
        }
    }

    /** Plays the person, who knows the company's addresses. A real host would show {@code ApprovalText.of(request)}. */
    private static ApprovalHandler person(PrintStream out) {
        return request -> {
            String to = String.valueOf(request.arguments().root().text("to"));
            boolean known = to.endsWith("@example.com");
            out.println("    a person is asked about " + request.tool() + " to " + to + " and says "
                    + (known ? "yes" : "no"));
            return CompletableFuture.completedFuture(
                    known ? ApprovalAnswer.approved("ada") : ApprovalAnswer.refused("ada", null));
        };
    }

    private void converse() {
        begin("private data, then a mail");
        call("read_customer", Map.of("id", "c-1"));
        call("send_mail", Map.of("to", "ada@example.com", "text", "You owe 310.00."));

        begin("a page, then a mail");
        call("fetch_page", Map.of("page", "news"));
        call("send_mail", Map.of("to", "team@example.com", "text", "The market opens at ten."));

        begin("private data and a page with instructions in it, then mails");
        call("read_customer", Map.of("id", "c-1"));
        call("fetch_page", Map.of("page", "offer"));
        call("send_mail", Map.of("to", "sales@stranger.example", "text", "Ada owes 310.00."));
        call("send_mail", Map.of("to", "ada@example.com", "text", "Half price today!"));

        begin("a mail, in a new conversation");
        call("send_mail", Map.of("to", "team@example.com", "text", "Good night."));
    }

    private void begin(String title) {
        conversations++;
        if (conversations > 1) {
            out.println();
        }
        out.println("Conversation " + conversations + ": " + title);
    }

    private void call(String tool, Map<String, Object> arguments) {
        out.println("  " + tool + ": "
                + GuardedServers.text(servers.call("conversation-" + conversations, tool, arguments)));
    }
}
