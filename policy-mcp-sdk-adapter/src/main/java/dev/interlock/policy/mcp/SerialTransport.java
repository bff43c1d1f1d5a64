package dev.interlock.policy.mcp;

import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpServerTransport;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/**
 * Sends the messages of one session one at a time, in the order in which sending was subscribed to. The SDK's servlet for
 * SSE needs that: it writes without a lock, and still flushes after the client has got the message and sent its next
 * request, so that even the answers to a single caller get mixed up, or the session is dropped.
 *
 * <p>No thread waits for its turn. Whoever finds the way free sends, and then sends what others have left behind
 * meanwhile; only after that are the senders told, so that whatever they do next holds nobody up. A message that is being
 * sent is sent to its end, even if its sender has stopped waiting.
 */
final class SerialTransport implements McpServerTransport {

    private final McpServerTransport transport;
    private final Queue<Send> waiting = new ConcurrentLinkedQueue<>();
    private final Queue<Runnable> ended = new ConcurrentLinkedQueue<>();

    /** How often there was something to do since it was last looked for. Whoever makes it 1 does it. */
    private final AtomicInteger toDo = new AtomicInteger();

    private volatile boolean sending;

    SerialTransport(McpServerTransport transport) {
        this.transport = transport;
    }

    private static final class Send {
        final JSONRPCMessage message;
        final MonoSink<Void> sender;
        volatile boolean cancelled;

        Send(JSONRPCMessage message, MonoSink<Void> sender) {
            this.message = message;
            this.sender = sender;
            sender.onCancel(() -> cancelled = true);
        }
    }

    @Override
    public Mono<Void> sendMessage(JSONRPCMessage message) {
        return Mono.create(sender -> {
            waiting.add(new Send(message, sender));
            proceed();
        });
    }

    private void proceed() {
        if (toDo.getAndIncrement() != 0) {
            return;
        }
        int seen = 1;
        while (seen != 0) {
            Send next = sending ? null : next();
            if (next != null) {
                sending = true;
                send(next);
            }
            seen = toDo.addAndGet(-seen);
        }
        for (Runnable telling = ended.poll(); telling != null; telling = ended.poll()) {
            telling.run();
        }
    }

    private @Nullable Send next() {
        Send next = waiting.poll();
        while (next != null && next.cancelled) {
            next = waiting.poll();
        }
        return next;
    }

    private void send(Send send) {
        Mono.defer(() -> transport.sendMessage(send.message))
                .contextWrite(send.sender.contextView())
                .subscribe(
                        nothing -> {},
                        failure -> ended(() -> send.sender.error(failure)),
                        () -> ended(send.sender::success));
    }

    private void ended(Runnable telling) {
        ended.add(telling);
        sending = false;
        proceed();
    }

    @Override
    public <T> T unmarshalFrom(Object data, TypeRef<T> type) {
        return transport.unmarshalFrom(data, type);
    }

    @Override
    public List<String> protocolVersions() {
        return transport.protocolVersions();
    }

    @Override
    public Mono<Void> closeGracefully() {
        return transport.closeGracefully();
    }

    @Override
    public void close() {
        transport.close();
    }
}
