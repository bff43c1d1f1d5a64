package dev.interlock.policy.cli.approvals;

import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.JsonText;
import dev.interlock.policy.cli.io.PersonOption;
import dev.interlock.policy.cli.io.Version;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.ValueLimits;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code interlock approvals approve}. */
@Command(
        name = "approve",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {"Says yes to a ticket.", "When the agent makes its call again, it passes, once."},
        footer = {
            "",
            "Example:",
            "  interlock approvals approve 4k9m-tz2q-0d7x-b1hn",
            "  interlock approvals approve 4k9m-tz2q-0d7x-b1hn --args '{\"amount\": 30}'",
            "  interlock approvals approve 4k9m-tz2q-0d7x-b1hn --state redis://state:6379",
        })
final class ApprovalsApproveCommand implements Callable<Integer> {

    @Parameters(paramLabel = "TICKET", description = "The ticket's id.")
    private String ticket = "";

    @Option(
            names = "--args",
            paramLabel = "JSON",
            description = "What is to be sent in place of the call's own arguments; the policy decides on it anew.")
    private @Nullable String args;

    @Mixin
    private PersonOption person = new PersonOption();

    @Mixin
    private ApprovalsOptions approvals;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        approvals.answer(ticket, new PersonsAnswer(true, person.said(), null, args == null ? null : narrower(args)));
        spec.commandLine().getOut().println("Approved. The call passes when the agent makes it again.");
        return ExitCode.OK;
    }

    private static Arguments narrower(String json) {
        try {
            return Arguments.freeze(JsonText.object(json, "--args"), ValueLimits.DEFAULT);
        } catch (InvalidValueException e) {
            throw new CliException("--args: " + e.getMessage());
        }
    }
}
