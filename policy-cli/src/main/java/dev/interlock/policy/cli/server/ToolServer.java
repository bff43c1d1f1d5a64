package dev.interlock.policy.cli.server;

import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.Deadline;
import dev.interlock.policy.cli.io.Lines;
import dev.interlock.policy.cli.server.HeaderOptions.Header;
import dev.interlock.policy.tool.ToolDefinition;
import io.modelcontextprotocol.spec.McpClientTransport;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Asks a server for its tools. */
final class ToolServer {

    /** How long a server that has answered may take to end by itself. */
    private static final Duration GOODBYE = Duration.ofSeconds(2);

    private ToolServer() {}

    /**
     * Starts a server, returns its tools, and ends it with all processes that it has started.
     *
     * @throws CliException if the tools can't be listed; the message includes the server's last lines on standard error
     */
    static OfferedTools started(List<String> command, Duration timeout) {
        OfferedTools offered = started(command, timeout, true);
        return offered != null ? offered : Objects.requireNonNull(started(command, timeout, false));
    }

    /** Null if the server may have ended because it was asked which versions of the protocol it speaks. */
    private static @Nullable OfferedTools started(List<String> command, Duration timeout, boolean probes) {
        CompletableFuture<Integer> exit = new CompletableFuture<>();
        ChildTransport child = new ChildTransport(
                command,
                new JsonRpc(),
                // An error that answers no request is ignored here.
                new HostOutput(OutputStream.nullOutputStream(), Lines.LONGEST),
                problem -> {},
                Lines.LONGEST,
                OutputStream.nullOutputStream(),
                exit);
        ToolListing listing = new ToolListing(child, timeout, probes);
        CompletableFuture<Void> unused = exit.thenAccept(status -> listing.end(ChildTransport.ended(status)));
        Duration patience = Duration.ZERO;
        try {
            OfferedTools offered = offered(command.get(0), listing);
            patience = GOODBYE;
            return offered;
        } catch (ServerException e) {
            String end = end(exit, e.text());
            if (probes && !listing.isIntroduced() && exit.isDone()) {
                return null;
            }
            StringBuilder message = new StringBuilder(failure(command.get(0), e)).append(end);
            List<String> said = child.lastErrors();
            if (!said.isEmpty()) {
                message.append("\nIts standard error ends with:");
                said.forEach(line -> message.append("\n  ").append(line));
            }
            throw new CliException(message.toString());
        } finally {
            child.finish(Deadline.in(patience));
        }
    }

    /** Describes the server's end. A server that does not read, or closes its output, is often about to end. */
    private static String end(CompletableFuture<Integer> exit, String told) {
        try {
            String ended = ChildTransport.ended(exit.get(GOODBYE.toMillis(), TimeUnit.MILLISECONDS));
            return told.contains(ended) ? "" : "; " + ended;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "";
        } catch (ExecutionException | TimeoutException e) {
            return "";
        }
    }

    /**
     * Returns the tools of a server at a URL.
     *
     * @throws CliException if they can't be listed
     */
    static OfferedTools at(ServerUrl url, List<Header> headers, Duration timeout) {
        McpClientTransport transport = new HttpTransport(
                url,
                headers,
                new JsonRpc(),
                unaddressed -> {},
                problem -> {},
                () -> false,
                call -> Mono.just(false),
                Lines.LONGEST,
                timeout);
        try {
            // Without the query, in which some servers expect a key.
            return offered(url.withoutQuery(), new ToolListing(transport, timeout, true));
        } catch (ServerException e) {
            throw new CliException(failure(url.origin(), e));
        } finally {
            transport.closeGracefully().block();
        }
    }

    private static OfferedTools offered(String name, ToolListing listing) {
        try {
            List<ToolDefinition> tools = listing.tools();
            return new OfferedTools(name, tools, Map.of());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ServerException("interrupted");
        }
    }

    private static String failure(String name, ServerException e) {
        return name + ": the server's tools can't be had: " + e.text();
    }
}
