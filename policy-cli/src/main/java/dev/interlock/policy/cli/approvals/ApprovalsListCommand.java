package dev.interlock.policy.cli.approvals;

import dev.interlock.policy.cli.io.FormatOption;
import dev.interlock.policy.cli.io.Printable;
import dev.interlock.policy.cli.io.Version;
import dev.interlock.policy.cli.screen.Screen;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.ObjectValue;
import java.io.PrintWriter;
import java.util.Collection;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code interlock approvals list}. */
@Command(
        name = "list",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Shows the tickets of calls that wait, and what each asks.",
            "They are those of all proxies that run, and those that proxies of this user have kept; --state names"
                    + " another store.",
        },
        footer = {
            "",
            "Example:",
            "  interlock approvals list",
            "  interlock approvals list --state redis://state:6379 --format json",
        })
final class ApprovalsListCommand implements Callable<Integer> {

    @Mixin
    private FormatOption format;

    @Mixin
    private ApprovalsOptions approvals;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        Collection<ObjectValue> tickets = approvals.tickets();
        if (format.json()) {
            tickets.forEach(ticket -> out.println(ticket.json()));
        } else if (tickets.isEmpty()) {
            out.println("No tickets.");
        } else {
            tickets.forEach(ticket -> show(ticket, out, Screen.of(spec)));
        }
        return ExitCode.OK;
    }

    private static void show(ObjectValue ticket, PrintWriter out, Screen screen) {
        String left = ticket.get("secondsLeft") instanceof NumberValue number ? number.plainText() : "?";
        out.println("ticket " + text(ticket, "ticket") + ": " + text(ticket, "state") + ", expires in " + left + " s");
        out.println(screen.fit(Printable.lines(String.valueOf(ticket.text("text")))));
    }

    private static String text(ObjectValue ticket, String name) {
        return Printable.of(String.valueOf(ticket.text(name)));
    }
}
