package dev.interlock.policy.cli;

import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import reactor.core.publisher.Mono;

/**
 * Passes messages between a host on two streams and a transport, which does all the deciding. A line that is no message
 * is answered here and never passed on.
 */
final class Proxy {

    /** A notification must not be overtaken by what the host sends after it, so it is waited for; for so long. */
    private static final Duration NOTIFICATION_PATIENCE = Duration.ofSeconds(30);

    /** The ids of the requests that wait for their answers. */
    private final Set<Object> pending = ConcurrentHashMap.newKeySet();

    /** How many messages are being decided or sent. Guarded by {@link #pending}. */
    private int underWay;

    private final JsonRpc json;
    private final McpClientTransport transport;
    private final OutputStream out;

    Proxy(JsonRpc json, McpClientTransport transport, OutputStream out) {
        this.json = json;
        this.transport = transport;
        this.out = out;
    }

    void connect() {
        transport
                .connect(incoming -> incoming.flatMap(message -> {
                    deliver(message);
                    return Mono.empty();
                }))
                .block();
    }

    /** Passes on what the host says, until it ends. */
    void run(InputStream in) throws IOException {
        Lines lines = new Lines(in);
        while (lines.next()) {
            if (lines.isTooLong()) {
                answer(JsonRpc.error(null, JsonRpc.INVALID_REQUEST, "the message is too long"));
            } else if (!lines.isBlank()) {
                try {
                    send(json.read(lines.buffer(), lines.offset(), lines.length()));
                } catch (JsonRpc.MalformedException e) {
                    answer(JsonRpc.error(null, e.code(), String.valueOf(e.getMessage())));
                }
            }
        }
    }

    private void send(JSONRPCMessage message) {
        if (message instanceof JSONRPCNotification) {
            try {
                transport.sendMessage(message).block(NOTIFICATION_PATIENCE);
            } catch (RuntimeException e) {
                // Nothing answers a notification.
            }
            return;
        }
        Object id = message instanceof JSONRPCRequest request ? request.id() : null;
        if (id != null) {
            pending.add(id);
        }
        underWay(1);
        transport.sendMessage(message).doFinally(end -> underWay(-1)).subscribe(nothing -> {}, failure -> {
            if (id != null) {
                answered(id);
                answer(JsonRpc.error(id, JsonRpc.INTERNAL_ERROR, "the server could not be reached"));
            }
        });
    }

    private void underWay(int change) {
        synchronized (pending) {
            underWay += change;
            pending.notifyAll();
        }
    }

    private void deliver(JSONRPCMessage message) {
        answer(json.write(message));
        if (message instanceof JSONRPCResponse response && response.id() != null) {
            answered(response.id());
        }
    }

    private void answered(Object id) {
        pending.remove(id);
        synchronized (pending) {
            pending.notifyAll();
        }
    }

    private void answer(String line) {
        byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
        synchronized (out) {
            try {
                out.write(bytes);
                out.flush();
            } catch (IOException e) {
                // The host has gone; the end of its own stream says so, too.
            }
        }
    }

    /** Waits until all that the host said has been decided and sent, but not for ever. */
    void awaitSent(Duration patience) throws InterruptedException {
        await(() -> underWay == 0, patience);
    }

    /** Waits until every request has been answered, but not for ever. */
    void awaitAnswers(Duration patience) throws InterruptedException {
        await(pending::isEmpty, patience);
    }

    private void await(BooleanSupplier done, Duration patience) throws InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        synchronized (pending) {
            long left = patience.toMillis();
            while (!done.getAsBoolean() && left > 0) {
                pending.wait(left);
                left = (end - System.nanoTime()) / 1_000_000;
            }
        }
    }
}
