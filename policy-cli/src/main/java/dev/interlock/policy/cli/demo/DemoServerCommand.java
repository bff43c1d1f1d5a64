package dev.interlock.policy.cli.demo;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;

/** {@code interlock demo-server}: the server side of the demo, which starts it by itself. */
@Command(
        name = "demo-server",
        description = "Serves the tools of the demo over standard input and output.",
        hidden = true)
public final class DemoServerCommand implements Callable<Integer> {

    /** Called by the command line. */
    public DemoServerCommand() {}

    @Override
    public Integer call() throws Exception {
        new DemoServer().serve(System.in, System.out);
        return ExitCode.OK;
    }
}
