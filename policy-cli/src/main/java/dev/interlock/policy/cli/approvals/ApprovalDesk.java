package dev.interlock.policy.cli.approvals;

import dev.interlock.policy.approval.ApprovalTickets;
import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.Json;
import dev.interlock.policy.cli.io.JsonText;
import dev.interlock.policy.cli.io.Person;
import dev.interlock.policy.time.Alarm;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.ValueLimits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers a proxy's tickets, on a socket in a directory that only this user can enter. Each connection carries one line
 * with a request and one line with its answer.
 */
public final class ApprovalDesk implements AutoCloseable {

    /** A client that connects and sends nothing must not keep others waiting. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final Logger log = LoggerFactory.getLogger(ApprovalDesk.class);

    private final ApprovalTickets tickets;
    private final Path socket;
    private final ServerSocketChannel server;

    private ApprovalDesk(ApprovalTickets tickets, Path socket, ServerSocketChannel server) {
        this.tickets = tickets;
        this.socket = socket;
        this.server = server;
    }

    /**
     * Opens a desk, and answers on a separate thread.
     *
     * @throws CliException if the desk can't be opened for this user alone
     */
    public static ApprovalDesk open(ApprovalTickets tickets, ApprovalDirectory directory) {
        Path socket = directory.make().resolve(ProcessHandle.current().pid() + ApprovalDirectory.SUFFIX);
        try {
            // Left behind by an earlier process with the same id.
            Files.deleteIfExists(socket);
            ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            server.bind(UnixDomainSocketAddress.of(socket));
            ApprovalDesk desk = new ApprovalDesk(tickets, socket, server);
            Thread thread = new Thread(desk::serve, "interlock-approvals");
            thread.setDaemon(true);
            thread.start();
            return desk;
        } catch (IOException | UnsupportedOperationException e) {
            throw new CliException("approvals can't be taken at " + socket + ": " + e.getMessage());
        }
    }

    private void serve() {
        while (true) {
            SocketChannel client;
            try {
                client = server.accept();
            } catch (IOException e) {
                log.debug(
                        "No more requests about approvals are taken ({})",
                        e.getClass().getName());
                return;
            }
            try (client) {
                Runnable onTime = Alarm.system().in(PATIENCE, () -> close(client));
                ApprovalWire.write(
                        client,
                        answer(ApprovalWire.read(client), ApprovalWire.user(client))
                                .toString());
                onTime.run();
            } catch (Throwable e) {
                // Whatever went wrong, the next client must be served. It concerns one client, which sees its
                // connection end without an answer.
                log.debug(
                        "A request about approvals was not answered ({})",
                        e.getClass().getName());
            }
        }
    }

    private static void close(SocketChannel client) {
        try {
            client.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * @param user the operating system's name for the user who asks
     */
    private Json answer(String request, String user) {
        if (!(JsonText.read(request, "the request") instanceof ObjectValue asked)) {
            return new Json().put("problem", "the request is not an object");
        }
        String ticket = String.valueOf(asked.text("ticket"));
        String by = Person.named(user, asked.text("by"));
        return switch (String.valueOf(asked.text("do"))) {
            case "list" -> new Json().put("tickets", tickets.list(), TicketJson::of);
            case "approve" ->
                outcome(
                        asked.get("args") instanceof ObjectValue args
                                ? tickets.approve(ticket, by, Arguments.freeze(args.toJava(), ValueLimits.DEFAULT))
                                : tickets.approve(ticket, by));
            case "deny" -> outcome(tickets.deny(ticket, by, asked.text("reason")));
            default -> new Json().put("problem", "the request is not known");
        };
    }

    private static Json outcome(ApprovalTickets.AnswerResult outcome) {
        return new Json().put("outcome", outcome.name().toLowerCase(Locale.ROOT));
    }

    @Override
    public void close() {
        try {
            server.close();
            Files.deleteIfExists(socket);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
