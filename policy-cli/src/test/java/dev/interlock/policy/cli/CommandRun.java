package dev.interlock.policy.cli;

import dev.interlock.policy.cli.screen.Screen;
import java.io.PrintWriter;
import java.io.StringWriter;
import picocli.CommandLine;

/** One run of the command in this process. */
public record CommandRun(int code, String out, String err) {

    /** Its output goes where lines stay whole. */
    public static CommandRun of(String... args) {
        return on(Screen.of(Screen.UNBOUNDED), args);
    }

    /** Its output goes to a terminal of some width. */
    static CommandRun on(Screen screen, String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine command = Main.commandLine(screen, screen);
        command.setOut(new PrintWriter(out, true));
        command.setErr(new PrintWriter(err, true));
        int code = command.execute(args);
        return new CommandRun(code, out.toString(), err.toString());
    }
}
