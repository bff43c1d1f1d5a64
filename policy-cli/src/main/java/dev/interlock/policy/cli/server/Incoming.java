package dev.interlock.policy.cli.server;

import dev.interlock.policy.cli.io.Lines;
import dev.interlock.policy.mcp.UnreadableResponseException;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Takes what a server sends to the handler of a transport. Whatever one message holds, the next one is taken. A message
 * that can't be read ends at most the request that it was meant to answer.
 *
 * @param handler the handler with which the transport was connected
 * @param unaddressed receives an error that answers no request, as a line
 * @param reply sends a line to the server
 * @param reports receives descriptions of what went wrong
 * @param longest the most bytes of a message
 */
record Incoming(
        JsonRpc json,
        Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler,
        Consumer<byte[]> unaddressed,
        Consumer<byte[]> reply,
        Consumer<String> reports,
        int longest) {

    /**
     * Returns a copy that passes each message, or the failure in its place, through {@code look} before the handler
     * gets it.
     */
    Incoming through(UnaryOperator<Mono<JSONRPCMessage>> look) {
        return new Incoming(
                json, messages -> handler.apply(look.apply(messages)), unaddressed, reply, reports, longest);
    }

    /** Takes the line that was read last. */
    void take(Lines lines) {
        if (!lines.isTooLong() && lines.isBlank()) {
            return;
        }
        take(lines.buffer(), lines.offset(), lines.length(), lines.isTooLong());
    }

    /**
     * Takes a message.
     *
     * @param tooLong whether this is only the head of a message that was too long
     */
    void take(byte[] buffer, int offset, int length, boolean tooLong) {
        try {
            if (tooLong) {
                unreadable(json.sender(buffer, offset, length), "a message is longer than " + (longest >> 20) + " MiB");
            } else {
                take(json.read(buffer, offset, length));
            }
        } catch (Throwable e) {
            unreadable(
                    json.sender(buffer, offset, length),
                    "a message could not be taken (" + e.getClass().getSimpleName() + ")");
        }
    }

    private void take(JsonRpc.Line line) {
        if (line instanceof JsonRpc.Message message) {
            deliver(Mono.just(message.message()));
        } else if (line instanceof JsonRpc.Unaddressed error) {
            unaddressed.accept(error.line());
        } else if (line instanceof JsonRpc.Malformed malformed) {
            unreadable(malformed.sender(), malformed.problem());
        } else if (line instanceof JsonRpc.Batch batch) {
            String problem = "batches are not taken; send each message on its own line";
            if (batch.senders().isEmpty()) {
                unreadable(null, problem);
            }
            batch.senders().forEach(sender -> unreadable(sender, problem));
        }
    }

    private void deliver(Mono<JSONRPCMessage> message) {
        handler.apply(message)
                .doOnError(failure -> reports.accept("a message was lost: " + failure))
                .onErrorComplete()
                .subscribe();
    }

    /**
     * Reports a message that can't be read, and tells the sender of a request, or the requester of an answer, that
     * there is no answer.
     */
    private void unreadable(JsonRpc.@Nullable Sender sender, String problem) {
        reports.accept("dropped a line from the server that is not a message: " + problem);
        if (sender == null) {
            return;
        }
        switch (sender.kind()) {
            case REQUEST -> reply.accept(JsonRpc.error(sender.text(), JsonRpc.INVALID_REQUEST, problem));
            case RESPONSE -> {
                if (sender.id() != null) {
                    fail(sender.id(), "the server's answer could not be read: " + problem);
                }
            }
            case UNKNOWN -> {
                // It is unknown whether the id is the server's or the host's.
            }
        }
    }

    /** Ends the request with this id without a response. */
    void fail(Object id, String problem) {
        deliver(Mono.error(new UnreadableResponseException(id, problem)));
    }
}
