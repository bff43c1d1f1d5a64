package dev.interlock.policy.cli.approvals;

import dev.interlock.policy.cli.io.FormatOption;
import dev.interlock.policy.cli.io.Json;
import dev.interlock.policy.cli.io.Printable;
import dev.interlock.policy.cli.io.Version;
import dev.interlock.policy.cli.screen.Screen;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
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
        description = "Shows the tickets of all proxies that run, and what each asks.",
        footer = {"", "Example:", "  interlock approvals list"})
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
        List<ObjectValue> tickets = approvals.ask(new Json().put("do", "list")).stream()
                .flatMap(answer ->
                        answer.get("tickets") instanceof Value.Array array ? array.items().stream() : Stream.empty())
                .filter(ObjectValue.class::isInstance)
                .map(ObjectValue.class::cast)
                .toList();
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
