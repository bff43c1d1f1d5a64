package dev.interlock.policy.cli.approvals;

import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.Json;
import dev.interlock.policy.cli.io.JsonText;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where to reach the proxies that hold tickets. */
final class ApprovalsOptions {

    @Option(
            names = "--approvals-dir",
            paramLabel = "DIR",
            description = "Where the proxies have their sockets. Default: ~/.interlock/approvals.")
    private @Nullable Path directory;

    /** Returns the answer of each running proxy. */
    List<ObjectValue> ask(Json request) {
        List<ObjectValue> answers = new ArrayList<>();
        for (Path socket : ApprovalDirectory.of(directory).sockets()) {
            ApprovalWire.ask(socket, request.toString()).ifPresent(answer -> {
                if (JsonText.read(answer, "the answer of " + socket) instanceof ObjectValue object) {
                    answers.add(object);
                }
            });
        }
        return answers;
    }

    /**
     * Answers a ticket, whichever proxy holds it.
     *
     * @throws CliException if no proxy holds it, or it was answered before
     */
    void answer(String ticket, Json request) {
        boolean answered = false;
        for (ObjectValue answer : ask(request)) {
            Value outcome = answer.get("outcome");
            if (new Value.Text("accepted").equals(outcome)) {
                return;
            }
            answered |= new Value.Text("already_answered").equals(outcome);
        }
        throw new CliException(
                answered
                        ? "ticket " + ticket + " has been answered already"
                        : "there is no ticket " + ticket + "; it may have expired. See: interlock approvals list");
    }
}
