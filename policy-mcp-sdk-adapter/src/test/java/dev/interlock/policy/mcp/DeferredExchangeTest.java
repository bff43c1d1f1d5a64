package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;

class DeferredExchangeTest {

    private static final JSONRPCRequest REQUEST = new JSONRPCRequest("tools/call", 1);
    private static final JSONRPCResponse RESPONSE = JSONRPCResponse.result(1, "done");

    private final List<String> seen = new ArrayList<>();

    private void send(Exchange server) {
        new DeferredExchange(server)
                .send(REQUEST)
                .subscribe(
                        response -> seen.add("got " + response.result() + interrupted()),
                        failure -> seen.add("failed" + interrupted()),
                        () -> seen.add("ended" + interrupted()));
    }

    private static String interrupted() {
        return Thread.currentThread().isInterrupted() ? " interrupted" : "";
    }

    static Stream<Mono<JSONRPCResponse>> endings() {
        return Stream.of(Mono.just(RESPONSE), Mono.error(new IllegalStateException()), Mono.empty());
    }

    private static List<String> without(String first, List<String> events) {
        assertThat(events).startsWith(first);
        return events.subList(1, events.size());
    }

    /** As Reactor does with a task that throws while it is still being scheduled. */
    @ParameterizedTest
    @MethodSource("endings")
    void aResponseThatComesWhileTheRequestIsHandedOverIsNotSentByAThreadThatMayBeInterrupted(
            Mono<JSONRPCResponse> ending) {
        send(request -> Mono.create(sink -> {
            Thread tool = new Thread(() -> {
                Thread.currentThread().interrupt();
                ending.subscribe(sink::success, sink::error, sink::success);
            });
            tool.start();
            join(tool);
            seen.add("handed over");
        }));

        assertThat(without("handed over", seen)).isNotEmpty().noneMatch(event -> event.contains("interrupted"));
    }

    @ParameterizedTest
    @MethodSource("endings")
    void aResponseThatComesAtOnceIsPassedOnAsItIs(Mono<JSONRPCResponse> ending) {
        List<String> plain = new ArrayList<>();
        ending.subscribe(
                response -> plain.add("got " + response.result()),
                failure -> plain.add("failed"),
                () -> plain.add("ended"));

        send(request -> ending);

        assertThat(seen).isEqualTo(plain);
    }

    @Test
    void aResponseThatComesLaterIsPassedOnByTheThreadItComesOn() throws InterruptedException {
        AtomicReference<@Nullable Runnable> respond = new AtomicReference<>();
        AtomicReference<@Nullable Thread> passing = new AtomicReference<>();
        new DeferredExchange(request -> Mono.create(sink -> respond.set(() -> sink.success(RESPONSE))))
                .send(REQUEST)
                .subscribe(response -> passing.set(Thread.currentThread()));
        assertThat(passing).hasNullValue();

        Thread tool = new Thread(respond.get());
        tool.start();
        tool.join();

        assertThat(passing).hasValue(tool);
    }

    @Test
    void aSubscriberThatStopsWaitingCancelsTheRequest() {
        List<String> cancelled = new ArrayList<>();

        new DeferredExchange(request -> Mono.<JSONRPCResponse>never().doOnCancel(() -> cancelled.add("cancelled")))
                .send(REQUEST)
                .subscribe()
                .dispose();

        assertThat(cancelled).hasSize(1);
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
