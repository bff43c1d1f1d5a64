package dev.interlock.policy.cli.approvals;

import dev.interlock.policy.cli.io.PersonOption;
import dev.interlock.policy.cli.io.Version;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code interlock approvals deny}. */
@Command(
        name = "deny",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {"Says no to a ticket.", "The call stays denied until the ticket expires."},
        footer = {"", "Example:", "  interlock approvals deny 4k9m-tz2q-0d7x-b1hn --reason 'not without a backup'"})
final class ApprovalsDenyCommand implements Callable<Integer> {

    @Parameters(paramLabel = "TICKET", description = "The ticket's id.")
    private String ticket = "";

    @Option(names = "--reason", paramLabel = "TEXT", description = "What the agent is told.")
    private @Nullable String reason;

    @Mixin
    private PersonOption person = new PersonOption();

    @Mixin
    private ApprovalsOptions approvals;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        approvals.answer(ticket, new PersonsAnswer(false, person.said(), reason, null));
        spec.commandLine().getOut().println("Denied. The agent is told when it makes the call again.");
        return ExitCode.OK;
    }
}
