package dev.interlock.policy.cli.proxy;

import dev.interlock.policy.Policy;
import dev.interlock.policy.approval.ApprovalTickets;
import dev.interlock.policy.audit.log.AuditLog;
import dev.interlock.policy.cli.approvals.ApprovalDesk;
import dev.interlock.policy.cli.approvals.ApprovalDirectory;
import dev.interlock.policy.cli.audit.AuditOptions;
import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.Deadline;
import dev.interlock.policy.cli.io.InputFile;
import dev.interlock.policy.cli.io.LineWriter;
import dev.interlock.policy.cli.io.Printable;
import dev.interlock.policy.cli.io.Version;
import dev.interlock.policy.cli.server.ChildTransport;
import dev.interlock.policy.cli.server.EraTransport;
import dev.interlock.policy.cli.server.HeaderOptions;
import dev.interlock.policy.cli.server.HostOutput;
import dev.interlock.policy.cli.server.HttpTransport;
import dev.interlock.policy.cli.server.JsonRpc;
import dev.interlock.policy.cli.server.ServerUrl;
import dev.interlock.policy.cli.state.OpenState;
import dev.interlock.policy.cli.state.StateOptions;
import dev.interlock.policy.engine.CallFacts;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.mcp.EnforcingClientTransport;
import dev.interlock.policy.mcp.schema.SdkSchemaValidator;
import dev.interlock.policy.state.StateStore;
import dev.interlock.policy.time.Alarm;
import dev.interlock.policy.tool.ToolLock;
import dev.interlock.policy.yaml.Diagnostic;
import dev.interlock.policy.yaml.PolicyWatcher;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import reactor.core.publisher.Mono;

/** {@code interlock proxy}. */
@Command(
        name = "proxy",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        customSynopsis = {
            "interlock proxy [OPTIONS] POLICY -- COMMAND...",
            "       interlock proxy [OPTIONS] POLICY --url=URL",
        },
        description = {
            "Enforces a policy in front of an MCP server.",
            "For hosts that are not written in Java: it speaks MCP on its standard input and output, and passes on what"
                    + " the policy allows. A changed policy file is taken up while it runs.",
        },
        footer = {
            "",
            "Example:",
            "  interlock proxy policy.yaml -- npx -y some-mcp-server",
            "  interlock proxy policy.yaml --audit audit.jsonl -- npx -y some-mcp-server",
            "  interlock proxy policy.yaml --state redis://state:6379 -- npx some-mcp-server",
            "  interlock proxy policy.yaml --url https://example.com/mcp --header-file token",
        })
public final class ProxyCommand implements Callable<Integer> {

    /** How long the server has to send its last answers and to end, once the host has ended. */
    private static final Duration LAST_ANSWERS = Duration.ofSeconds(10);

    /** How long connecting to a server over HTTP may take. */
    private static final Duration CONNECTING = Duration.ofSeconds(10);

    /** How long a person whom the host asks may think, unless the rule says less. Many hosts wait for a minute. */
    private static final Duration PERSON = Duration.ofSeconds(50);

    /** How long the host has to read the rest of its output once the server has ended. */
    private static final Duration LAST_LINES = Duration.ofSeconds(5);

    /**
     * The most bytes that may wait to be written to the standard error. Beyond that, no one reads it, and reports are
     * dropped.
     */
    private static final int MOST_REPORTS = 1 << 20;

    private static final int MOST_MEBIBYTES = 1_024;

    @Parameters(index = "0", paramLabel = "POLICY", description = "The policy.")
    private String policyFile = "";

    @Parameters(
            index = "1..*",
            arity = "0..*",
            paramLabel = "COMMAND",
            description = "The server's command and its arguments, after a --.")
    private List<String> command = List.of();

    @Option(names = "--url", paramLabel = "URL", description = "The server's address, for streamable HTTP.")
    private @Nullable String url;

    @Mixin
    private HeaderOptions headers;

    @Mixin
    private CallerOptions caller;

    @Mixin
    private LockOption lock;

    @Mixin
    private StateOptions state;

    @Mixin
    private AuditOptions audit;

    @Option(
            names = "--approvals",
            description = {
                "Hands out tickets for calls that need approval.",
                "They are answered with: interlock approvals."
            })
    private boolean approvals;

    @Option(
            names = "--approvals-dir",
            paramLabel = "DIR",
            description = "The same, with the socket for the answers there. Default: ~/.interlock/approvals.")
    private @Nullable Path approvalsDirectory;

    @Option(
            names = "--elicit-approvals",
            description = "Has the host ask its person about calls that need approval, if the host can.")
    private boolean elicitsApprovals;

    @Option(
            names = "--max-line",
            paramLabel = "MIB",
            defaultValue = "64",
            description = "How long a message may be, in MiB, up to 1024. Default: ${DEFAULT-VALUE}.")
    private int longestLine;

    @Spec
    private CommandSpec spec;

    private boolean countsEndWithUs;

    @Override
    public Integer call() throws InterruptedException {
        if ((url == null) == command.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "Give either a command after -- or --url");
        }
        if (url == null && headers.areGiven()) {
            throw new ParameterException(spec.commandLine(), HeaderOptions.NEED_URL);
        }
        if (policyFile.equals("-")) {
            throw new ParameterException(
                    spec.commandLine(), "The standard input is the host's; the policy must be a file");
        }
        if (longestLine < 1 || longestLine > MOST_MEBIBYTES) {
            throw new ParameterException(
                    spec.commandLine(), "--max-line must be from 1 to " + MOST_MEBIBYTES + ", in MiB");
        }
        PrintWriter err = spec.commandLine().getErr();
        Policy policy = InputFile.read(policyFile).policy();
        ToolLock accepted = lock.read();
        try (OpenState open =
                state.open(policyFile, caller.server(), line -> err.println("interlock proxy: " + line))) {
            countsEndWithUs = !open.lasts();
            tellOfLongLimits(policy, err);
            return call(policy, accepted, open.store(), err);
        }
    }

    private Integer call(Policy policy, @Nullable ToolLock accepted, StateStore store, PrintWriter err)
            throws InterruptedException {
        AuditLog log = audit.open(err);
        ApprovalTickets tickets = approvals || approvalsDirectory != null ? tickets(store, err) : null;
        PolicyEngine engine = engine(policy, accepted, store, tickets, log);
        JsonRpc json = new JsonRpc();
        CompletableFuture<Integer> end = new CompletableFuture<>();
        int longest = longestLine << 20;
        HostOutput host = new HostOutput(new FileOutputStream(FileDescriptor.out), longest);
        Consumer<String> reports = reports();
        AtomicReference<@Nullable EnforcingClientTransport> guard = new AtomicReference<>();
        McpClientTransport inner = inner(json, engine, guard, host, reports, end);
        EnforcingClientTransport enforced = enforced(inner, reports, engine);
        guard.set(enforced);
        if (log != null) {
            // A signal ends the process without returning here. Even then, the log must have the end of every call and
            // its closing line.
            Runtime.getRuntime()
                    .addShutdownHook(new Thread(
                            () -> {
                                enforced.close();
                                log.close();
                            },
                            "interlock-close-audit"));
        }
        Proxy proxy = new Proxy(
                json,
                enforced,
                host,
                line -> inner instanceof ChildTransport child && child.sendLine(line),
                reports,
                longest);
        ApprovalDesk desk =
                tickets == null ? null : ApprovalDesk.open(tickets, ApprovalDirectory.of(approvalsDirectory));
        PolicyWatcher watcher = PolicyWatcher.of(Path.of(policyFile), engine::update)
                .inForce(policy)
                .listener(event -> report(event, err))
                .start();
        lock.follow(engine, accepted, reports);
        String lastWords = "the proxy has ended";
        try {
            proxy.connect();
            AtomicBoolean finishing = new AtomicBoolean();
            Runnable finish = () -> {
                finishing.set(true);
                finish(proxy, inner, end);
            };
            serve(proxy, finish, end);
            // Whatever goes wrong there completes what is awaited below.
            CompletableFuture<Void> unused = host.gone().thenRun(finish);
            int status = end.get();
            lastWords = ChildTransport.ended(status);
            if (!finishing.get() && inner instanceof ChildTransport child) {
                reports.accept(lastWords);
                lastWords += saidLast(child);
            }
            return status;
        } catch (ExecutionException e) {
            throw new CliException("the proxy has failed: " + e.getCause());
        } finally {
            watcher.close();
            proxy.giveUp(lastWords);
            // Settles the calls that were never answered, while the log can still record it.
            enforced.close();
            host.finish(Deadline.in(LAST_LINES));
            if (desk != null) {
                desk.close();
            }
            if (log != null) {
                log.close();
            }
        }
    }

    /** Hosts show this message, but seldom the standard error itself. */
    private static String saidLast(ChildTransport child) {
        List<String> lines = child.lastErrors();
        return lines.isEmpty() ? "" : "; its standard error ends with: " + String.join(" | ", lines);
    }

    /** Repeated for a policy that is changed later, since its limits may differ. */
    private void tellOfLongLimits(Policy policy, PrintWriter err) {
        if (countsEndWithUs) {
            LongLimits.notice(policy, policyFile)
                    .ifPresent(notice -> err.println("interlock proxy: " + Printable.of(notice)));
        }
    }

    /** Only the person is told how to approve: an agent that can run commands would be tempted. */
    private static ApprovalTickets tickets(StateStore store, PrintWriter err) {
        return ApprovalTickets.builder()
                .store(store.approvalStore())
                .onOpened(ticket -> err.println("interlock proxy: a call to '"
                        + Printable.of(ticket.request().tool())
                        + "' needs approval; look at it with: interlock approvals"
                        + " list; say yes with: interlock approvals approve " + ticket.id()))
                .build();
    }

    private PolicyEngine engine(
            Policy policy,
            @Nullable ToolLock accepted,
            StateStore store,
            @Nullable ApprovalTickets tickets,
            @Nullable AuditLog log) {
        CallFacts facts = caller.facts();
        try {
            facts.require(policy);
            if (!policy.predicates().isEmpty()) {
                throw new IllegalArgumentException("the policy asks custom."
                        + String.join(", custom.", policy.predicates())
                        + ", which only a host can answer; take it out, or put the policy into the host itself");
            }
            PolicyEngine.Builder builder = PolicyEngine.builder(policy)
                    .state(store)
                    .suspension(state.suspension(store))
                    .soleConnection()
                    .approvals(tickets)
                    .lock(accepted)
                    .context(facts.given().toArray(String[]::new))
                    .schemaValidator(SdkSchemaValidator.ofDefaults());
            if (log != null) {
                builder.audit(log);
            }
            PolicyEngine engine = builder.build();
            // Also for a policy that is changed later.
            engine.expect(facts);
            return engine;
        } catch (IllegalArgumentException e) {
            throw new CliException(policyFile + ": " + e.getMessage());
        }
    }

    /** Reports problems to people. The reporter doesn't wait until they are read. */
    private static Consumer<String> reports() {
        LineWriter lines = new LineWriter(
                "interlock-reports", new FileOutputStream(FileDescriptor.err), MOST_REPORTS, unwritten -> {});
        return problem -> lines.offer(new LineWriter.Line(
                ("interlock proxy: " + Printable.of(problem) + System.lineSeparator()).getBytes(StandardCharsets.UTF_8),
                null));
    }

    private McpClientTransport inner(
            JsonRpc json,
            PolicyEngine engine,
            AtomicReference<@Nullable EnforcingClientTransport> guard,
            HostOutput host,
            Consumer<String> reports,
            CompletableFuture<Integer> end) {
        if (url == null) {
            return new ChildTransport(
                    command, json, host, reports, longestLine << 20, new FileOutputStream(FileDescriptor.err), end);
        }
        return new HttpTransport(
                ServerUrl.of(url),
                headers.read(),
                json,
                host::add,
                reports,
                () -> engine.decideMethod(McpSchema.METHOD_TOOLS_LIST).allowed(),
                call -> Mono.justOrEmpty(guard.get())
                        .flatMap(enforced -> enforced.maySendAgain(call))
                        .defaultIfEmpty(false),
                longestLine << 20,
                CONNECTING);
    }

    private EnforcingClientTransport enforced(McpClientTransport inner, Consumer<String> reports, PolicyEngine engine) {
        // Over HTTP each request ends by itself.
        Alarm alarm = inner instanceof ChildTransport ? Alarm.system() : null;
        EnforcingClientTransport.Builder builder =
                EnforcingClientTransport.builder(new EraTransport(inner, reports, alarm), engine);
        caller.apply(builder);
        if (elicitsApprovals) {
            builder.elicitApprovals().approvalWait(PERSON);
        }
        return builder.build();
    }

    /** Reads the host on a separate thread: the server may end first, and a read can't be interrupted. */
    private static void serve(Proxy proxy, Runnable finish, CompletableFuture<Integer> end) {
        Thread reader = new Thread(
                () -> {
                    try {
                        proxy.run(System.in);
                        finish.run();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                        end.completeExceptionally(e);
                    } catch (Throwable e) {
                        end.completeExceptionally(e);
                    }
                },
                "interlock-host-in");
        reader.setDaemon(true);
        reader.start();
    }

    /** Gives the server time to answer and to end, since the host sends nothing more, or reads nothing more. */
    private static void finish(Proxy proxy, McpClientTransport inner, CompletableFuture<Integer> end) {
        Deadline deadline = Deadline.in(LAST_ANSWERS);
        try {
            if (inner instanceof ChildTransport child) {
                // A call whose limits are counted elsewhere may not have left yet.
                proxy.awaitSent(deadline);
                child.finish(deadline);
            } else {
                proxy.awaitAnswers(deadline);
                inner.closeGracefully().block(LAST_ANSWERS);
                end.complete(ExitCode.OK);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            end.completeExceptionally(e);
        } catch (RuntimeException | Error e) {
            end.completeExceptionally(e);
        }
    }

    private void report(PolicyWatcher.Event event, PrintWriter err) {
        if (event instanceof PolicyWatcher.Event.Updated updated) {
            err.println("interlock proxy: " + policyFile + " was changed, and is in force");
            updated.reading().policy().ifPresent(policy -> tellOfLongLimits(policy, err));
        } else if (event instanceof PolicyWatcher.Event.Rejected rejected) {
            err.println("interlock proxy: " + policyFile + " was changed, but is not a valid policy;"
                    + " the one before stays:");
            for (Diagnostic error : rejected.reading().errors()) {
                err.println(error);
            }
        } else if (event instanceof PolicyWatcher.Event.UpdateFailed failed) {
            err.println("interlock proxy: " + policyFile + " was changed, but can't be enforced: "
                    + Printable.of(String.valueOf(failed.cause().getMessage())) + "; the one before stays");
        } else if (event instanceof PolicyWatcher.Event.Missing) {
            err.println("interlock proxy: " + policyFile + " is gone; the policy stays in force");
        } else if (event instanceof PolicyWatcher.Event.Restored) {
            err.println("interlock proxy: " + policyFile + " is there again");
        }
    }
}
