package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpServerTransport;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

class SerialTransportTest {

    private final Wire wire = new Wire();
    private final SerialTransport transport = new SerialTransport(wire);
    private final List<String> told = new ArrayList<>();

    /** Keeps what is sent; a message that {@code held} names is on its way until it is let go. */
    private static final class Wire implements McpServerTransport {

        final List<String> sent = new ArrayList<>();
        final List<String> users = new ArrayList<>();
        final AtomicInteger onTheirWay = new AtomicInteger();
        final Sinks.Empty<Void> held = Sinks.empty();
        boolean overtaken;

        @Override
        public Mono<Void> sendMessage(JSONRPCMessage message) {
            return Mono.deferContextual(context -> {
                overtaken |= onTheirWay.getAndIncrement() > 0;
                String name = ((JSONRPCNotification) message).method();
                sent.add(name);
                users.add(context.getOrDefault("user", "unknown"));
                Mono<Void> arrival = switch (name) {
                    case "held" -> held.asMono();
                    case "broken" -> Mono.error(new IllegalStateException(name));
                    case "thrown" -> throw new IllegalStateException(name);
                    default -> Mono.empty();
                };
                return arrival.doFinally(signal -> onTheirWay.getAndDecrement());
            });
        }

        @Override
        public <T> T unmarshalFrom(Object data, TypeRef<T> type) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Mono<Void> closeGracefully() {
            return Mono.empty();
        }
    }

    private Mono<Void> send(String name) {
        return transport.sendMessage(new JSONRPCNotification(name));
    }

    private Disposable sending(String name) {
        return send(name)
                .subscribe(
                        nothing -> {},
                        failure -> told.add(failure.getMessage() + " failed"),
                        () -> told.add(name + " sent"));
    }

    private void letGo() {
        wire.held.tryEmitEmpty();
    }

    @Test
    void messagesGoOneAtATimeAndEachThreadsInOrder() throws InterruptedException {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        threads.invokeAll(IntStream.range(0, 4)
                        .mapToObj(i -> Executors.callable(() -> IntStream.range(0, 2_000)
                                .forEach(n -> send("t" + i + "-" + n).block())))
                        .toList())
                .forEach(thread -> assertThat(thread).isDone());
        threads.shutdown();

        assertThat(wire.overtaken).isFalse();
        assertThat(wire.sent).hasSize(8_000);
        for (int i = 0; i < 4; i++) {
            String thread = "t" + i + "-";
            assertThat(wire.sent.stream().filter(name -> name.startsWith(thread)))
                    .containsExactlyElementsOf(
                            IntStream.range(0, 2_000).mapToObj(n -> thread + n).toList());
        }
    }

    @Test
    void whoComesWhileAnotherMessageIsOnItsWayIsNotKeptWaiting() {
        sending("held");
        sending("second");
        sending("third");
        assertThat(wire.sent).containsExactly("held");
        assertThat(told).isEmpty();

        letGo();

        assertThat(wire.sent).containsExactly("held", "second", "third");
        assertThat(told).containsExactly("held sent", "second sent", "third sent");
    }

    @Test
    void nothingIsSentBeforeItIsSubscribedToAndOnceForEachSubscription() {
        Mono<Void> twice = send("twice");
        assertThat(wire.sent).isEmpty();

        twice.block();
        twice.block();

        assertThat(wire.sent).containsExactly("twice", "twice");
    }

    @Test
    void aFailureIsToldToItsSenderAndTheNextMessageGoes() {
        sending("broken");
        sending("thrown");
        sending("next");

        assertThat(told).containsExactly("broken failed", "thrown failed", "next sent");
    }

    @Test
    void aSenderWhoGivesUpWhileWaitingSendsNothing() {
        sending("held");
        sending("abandoned").dispose();
        sending("next");

        letGo();

        assertThat(wire.sent).containsExactly("held", "next");
        assertThat(told).containsExactly("held sent", "next sent");
    }

    @Test
    void aMessageThatIsOnItsWayGoesToItsEndThoughItsSenderGivesUp() {
        sending("held").dispose();
        sending("next");
        assertThat(wire.sent).containsExactly("held");

        letGo();

        assertThat(wire.sent).containsExactly("held", "next");
        assertThat(told).containsExactly("next sent");
    }

    @Test
    void aHundredThousandMessagesThatHaveWaitedAreSentWithoutDeepRecursion() {
        sending("held");
        IntStream.range(0, 100_000).forEach(i -> sending("m" + i));

        letGo();

        assertThat(told).hasSize(100_001);
    }

    @Test
    void aSenderMaySendAgainAndWaitForThatAsSoonAsItIsTold() {
        send("first").doOnSuccess(nothing -> send("second").block()).block();

        assertThat(wire.sent).containsExactly("first", "second");
    }

    @Test
    void theSendersContextReachesTheTransportEvenFromAnotherSendersThread() {
        sending("held");
        send("mine").contextWrite(context -> context.put("user", "ada")).subscribe();

        letGo();

        assertThat(wire.users).containsExactly("unknown", "ada");
    }
}
