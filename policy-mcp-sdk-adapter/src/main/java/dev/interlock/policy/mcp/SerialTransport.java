package dev.interlock.policy.mcp;

import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpServerTransport;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/**
 * Sends the messages of one session one at a time, in the order in which sending was subscribed to. The SDK's SSE
 * servlet needs this: it writes without a lock, and still flushes after the client has received the message and sent
 * its next request. So even the answers to a single caller get mixed up, or the session is dropped.
 *
 * <p>No thread waits for its turn. A thread that finds the transport free sends its message, and then the messages that
 * others have queued in the meantime. Only after that are the senders notified, so that their next steps delay no
 * message. A message that is being sent is sent to its end, even if its sender has stopped waiting.
 */
final class SerialTransport extends ForwardingTransport<McpServerTransport> implements McpServerTransport {

    private final Queue<Send> waiting = new ConcurrentLinkedQueue<>();
    private final Queue<Runnable> ended = new ConcurrentLinkedQueue<>();

    /** Counts the work that came up since a thread last looked for it. The thread that raises it to 1 does the work. */
    private final AtomicInteger toDo = new AtomicInteger();

    private volatile boolean sending;

    SerialTransport(McpServerTransport transport) {
        super(transport);
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
}
