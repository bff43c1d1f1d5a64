package dev.interlock.policy.cli.demo;

import dev.interlock.policy.audit.log.AuditLog;
import dev.interlock.policy.audit.log.Redaction;
import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.screen.Screen;
import dev.interlock.policy.cli.state.NamedState;
import dev.interlock.policy.cli.state.OpenState;
import dev.interlock.policy.limit.RateLimiter;
import io.modelcontextprotocol.client.transport.ServerParameters;
import io.modelcontextprotocol.client.transport.StdioClientTransport;
import io.modelcontextprotocol.json.McpJsonDefaults;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code interlock demo}: shows a policy at work. */
@Command(
        name = "demo",
        description = {
            "Shows a policy at work.",
            "Plays an agent against an MCP server with a policy between them, and shows each decision.",
        },
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Example:",
            "  interlock demo",
            "  interlock demo --audit demo.jsonl",
            "  interlock demo --state demo.db"
        })
public final class DemoCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--audit",
            paramLabel = "FILE",
            description = "Write an audit log to this file, with all arguments, which are made up.")
    private @Nullable Path audit;

    @Option(
            names = "--state",
            paramLabel = "FILE",
            description = "Keep what limits count in this file, so that the next run finds its budget used. Default:"
                    + " nothing is kept.")
    private @Nullable String state;

    /** Called by the command line. */
    public DemoCommand() {}

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        AuditLog log;
        try {
            log = openLog();
        } catch (IOException | IllegalArgumentException e) {
            err.println("interlock demo: --audit " + audit + ": " + e.getMessage());
            return ExitCode.USAGE;
        }
        StdioClientTransport server = new StdioClientTransport(serverProcess(), McpJsonDefaults.getMapper());
        server.setStdErrorHandler(err::println);
        try (log;
                OpenState open = openState(err)) {
            RateLimiter kept =
                    open == null || !open.lasts() ? null : open.store().rateLimiter();
            boolean fine = new Demo(new Report(out, Ansi.AUTO, Screen.of(spec)), log, kept).play(server);
            return fine ? ExitCode.OK : ExitCode.SOFTWARE;
        } catch (CliException e) {
            throw e;
        } catch (RuntimeException e) {
            err.println("interlock demo: the server could not be talked to: " + e.getMessage());
            return ExitCode.SOFTWARE;
        } finally {
            out.flush();
            err.flush();
        }
    }

    private @Nullable OpenState openState(PrintWriter err) {
        return state == null ? null : NamedState.open(state, line -> err.println("interlock demo: " + line));
    }

    private @Nullable AuditLog openLog() throws IOException {
        return audit == null
                ? null
                : AuditLog.at(audit).arguments(Redaction.allBut()).open();
    }

    /** Runs this same program in a separate process. */
    private static ServerParameters serverProcess() {
        String java = ProcessHandle.current()
                .info()
                .command()
                .orElseGet(() ->
                        Path.of(System.getProperty("java.home"), "bin", "java").toString());
        return ServerParameters.builder(java)
                .args(
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Xshare:auto",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "dev.interlock.policy.cli.Main",
                        "demo-server")
                .build();
    }
}
