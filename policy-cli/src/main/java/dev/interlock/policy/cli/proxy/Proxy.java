package dev.interlock.policy.cli.proxy;

import dev.interlock.policy.adapter.JsonRpcIds;
import dev.interlock.policy.cli.io.Deadline;
import dev.interlock.policy.cli.io.Lines;
import dev.interlock.policy.cli.server.HostOutput;
import dev.interlock.policy.cli.server.JsonRpc;
import dev.interlock.policy.cli.server.ServerException;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse.JSONRPCError;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Passes messages between a host on two streams and a transport, which makes all decisions. A line that is not a
 * message is answered here and never passed on. Whatever a line holds, the next one is read.
 */
final class Proxy {

    /** How long to wait until the transport has taken a notification. It normally does at once. */
    private static final Duration NOTIFICATION_PATIENCE = Duration.ofSeconds(30);

    /** How long a host may go on sending without reading any of the answers. */
    private static final Duration UNREAD_PATIENCE = Duration.ofSeconds(10);

    /** The most requests that await their answers. Beyond that, requests are refused. */
    private static final int MOST_PENDING = 10_000;

    /** The requests that await their answers, in order, by a key that equal ids share. Guarded by itself. */
    private final Map<Object, Pending> pending = new LinkedHashMap<>();

    /**
     * A request that awaits its answer.
     *
     * @param endless whether the answer comes only when the host or the server wishes to end a subscription
     */
    private record Pending(Object id, boolean endless) {}

    /** How many messages are being decided or sent. Guarded by {@link #pending}. */
    private int underWay;

    private final JsonRpc json;
    private final McpClientTransport transport;
    private final HostOutput host;
    private final Predicate<byte[]> unaddressed;
    private final Consumer<String> reports;
    private final int longestLine;

    /**
     * @param unaddressed sends the server a line that the transport doesn't accept as a message; returns false if it
     *     can't
     * @param reports receives descriptions of problems of which no peer could be informed
     * @param longestLine the most bytes of a line
     */
    Proxy(
            JsonRpc json,
            McpClientTransport transport,
            HostOutput host,
            Predicate<byte[]> unaddressed,
            Consumer<String> reports,
            int longestLine) {
        this.json = json;
        this.transport = transport;
        this.host = host;
        this.unaddressed = unaddressed;
        this.reports = reports;
        this.longestLine = longestLine;
    }

    void connect() {
        transport
                .connect(incoming -> incoming.flatMap(message -> {
                    deliver(message);
                    return Mono.empty();
                }))
                .block();
    }

    // ---- from the host

    /**
     * Passes on what the host sends, until it ends.
     *
     * @throws IOException if the host's output can't be read, or the host doesn't read its answers
     */
    void run(InputStream in) throws IOException, InterruptedException {
        Lines lines = new Lines(in, longestLine);
        while (lines.next()) {
            take(lines);
            if (!host.awaitRoom(Deadline.in(UNREAD_PATIENCE))) {
                throw new IOException("the host goes on sending, but does not read what it is answered");
            }
        }
    }

    private void take(Lines lines) {
        try {
            if (lines.isTooLong()) {
                refuse(
                        sender(lines),
                        JsonRpc.INVALID_REQUEST,
                        "the message is longer than " + (longestLine >> 20) + " MiB");
            } else if (!lines.isBlank()) {
                take(json.read(lines.buffer(), lines.offset(), lines.length()));
            }
        } catch (Throwable e) {
            refuse(
                    sender(lines),
                    JsonRpc.INTERNAL_ERROR,
                    "the message could not be taken (" + e.getClass().getSimpleName() + ")");
        }
    }

    private JsonRpc.@Nullable Sender sender(Lines lines) {
        return json.sender(lines.buffer(), lines.offset(), lines.length());
    }

    private void take(JsonRpc.Line line) {
        if (line instanceof JsonRpc.Message message) {
            send(message.message());
        } else if (line instanceof JsonRpc.Unaddressed error) {
            if (!unaddressed.test(error.line())) {
                reports.accept("dropped an error of the host's that answers no request");
            }
        } else if (line instanceof JsonRpc.Malformed malformed) {
            refuse(malformed.sender(), malformed.code(), malformed.problem());
        } else {
            refuse(null, JsonRpc.INVALID_REQUEST, "batches are not taken; send each message on its own line");
        }
    }

    /** Answers what can't be passed on, and gives the server the answer that it awaits from the host. */
    private void refuse(JsonRpc.@Nullable Sender sender, int code, String problem) {
        String id = sender != null && sender.kind() == JsonRpc.Kind.REQUEST ? sender.text() : "null";
        host.add(JsonRpc.error(id, code, problem));
        if (sender != null && sender.kind() == JsonRpc.Kind.RESPONSE && sender.id() != null) {
            send(JSONRPCResponse.error(
                    sender.id(),
                    new JSONRPCError(JsonRpc.INTERNAL_ERROR, "the host's answer could not be read: " + problem, null)));
        }
    }

    private void send(JSONRPCMessage message) {
        if (message instanceof JSONRPCNotification notification) {
            // A cancelled request gets no answer.
            Object cancelled = JsonRpcIds.cancelled(notification.method(), notification.params());
            if (cancelled != null) {
                answered(cancelled);
            }
            try {
                transport.sendMessage(message).block(NOTIFICATION_PATIENCE);
            } catch (RuntimeException e) {
                // A notification has no answer.
            }
            return;
        }
        Object id = null;
        if (message instanceof JSONRPCRequest request) {
            id = request.id();
            if (!asked(request)) {
                host.add(JsonRpc.error(
                        JsonRpc.text(id), JsonRpc.INTERNAL_ERROR, "too many requests await their answers"));
                return;
            }
        }
        send(message, id);
    }

    private void send(JSONRPCMessage message, @Nullable Object id) {
        underWay(1);
        transport.sendMessage(message).doFinally(end -> underWay(-1)).subscribe(nothing -> {}, failure -> {
            // It may have been given up in the meantime.
            if (id != null && answered(id)) {
                host.add(JsonRpc.error(JsonRpc.text(id), JsonRpc.INTERNAL_ERROR, ServerException.text(failure)));
            }
        });
    }

    private void underWay(int change) {
        synchronized (pending) {
            underWay += change;
            pending.notifyAll();
        }
    }

    private boolean asked(JSONRPCRequest request) {
        boolean endless = request.method().equals("subscriptions/listen");
        synchronized (pending) {
            if (pending.size() >= MOST_PENDING) {
                return false;
            }
            pending.put(JsonRpcIds.key(request.id()), new Pending(request.id(), endless));
            return true;
        }
    }

    /** Returns whether the request was awaiting its answer. */
    private boolean answered(Object id) {
        synchronized (pending) {
            boolean awaited = pending.remove(JsonRpcIds.key(id)) != null;
            pending.notifyAll();
            return awaited;
        }
    }

    // ---- to the host

    private void deliver(JSONRPCMessage message) {
        Object id = message instanceof JSONRPCResponse response ? response.id() : null;
        try {
            host.add(json.write(message));
        } catch (RuntimeException | Error e) {
            reports.accept("a message could not be passed on (" + e.getClass().getSimpleName() + ")");
            if (id != null) {
                host.add(JsonRpc.error(
                        JsonRpc.text(id), JsonRpc.INTERNAL_ERROR, "the server's answer could not be passed on"));
            }
        }
        if (id != null) {
            answered(id);
        }
    }

    /** Answers every request that can get no other answer any more. */
    void giveUp(String problem) {
        List<Pending> unanswered;
        synchronized (pending) {
            unanswered = List.copyOf(pending.values());
            pending.clear();
        }
        unanswered.forEach(
                request -> host.add(JsonRpc.error(JsonRpc.text(request.id()), JsonRpc.INTERNAL_ERROR, problem)));
    }

    // ---- the end

    /** Waits until everything that the host has sent is decided and sent, or the deadline. */
    void awaitSent(Deadline deadline) throws InterruptedException {
        await(() -> underWay == 0, deadline);
    }

    /** Waits until every request that ends by itself has been answered, or the deadline. */
    void awaitAnswers(Deadline deadline) throws InterruptedException {
        await(() -> pending.values().stream().allMatch(Pending::endless), deadline);
    }

    private void await(BooleanSupplier done, Deadline deadline) throws InterruptedException {
        synchronized (pending) {
            while (!done.getAsBoolean() && !deadline.hasPassed()) {
                pending.wait(deadline.millisLeft());
            }
        }
    }

    /** The number of requests that await their answers; for tests. */
    int unanswered() {
        synchronized (pending) {
            return pending.size();
        }
    }

    /** The number of messages that are being decided or sent; for tests. */
    int underWay() {
        synchronized (pending) {
            return underWay;
        }
    }
}
