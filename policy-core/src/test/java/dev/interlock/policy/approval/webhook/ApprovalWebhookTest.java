package dev.interlock.policy.approval.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.interlock.policy.approval.ApprovalTickets;
import dev.interlock.policy.approval.Requests;
import dev.interlock.policy.approval.Ticket;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.time.Alarm;
import dev.interlock.policy.time.TimeSource;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Tickets posted to a real HTTP server on this machine. */
class ApprovalWebhookTest {

    private static final byte[] SECRET = "twenty-four random bytes".getBytes(StandardCharsets.UTF_8);

    private final ManualTime time = ManualTime.at("2026-11-23T10:00:00Z");
    private final BlockingQueue<Received> received = new LinkedBlockingQueue<>();
    private final BlockingQueue<Integer> statuses = new LinkedBlockingQueue<>();
    private final BlockingQueue<Duration> waits = new LinkedBlockingQueue<>();
    private final BlockingQueue<Throwable> failures = new LinkedBlockingQueue<>();
    private HttpServer server;

    private record Received(String id, String timestamp, String signature, String body) {}

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::handle);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void handle(HttpExchange exchange) throws IOException {
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        received.add(new Received(
                exchange.getRequestHeaders().getFirst("webhook-id"),
                exchange.getRequestHeaders().getFirst("webhook-timestamp"),
                exchange.getRequestHeaders().getFirst("webhook-signature"),
                body));
        Integer status = statuses.poll();
        exchange.getResponseHeaders().add("location", "/elsewhere");
        exchange.sendResponseHeaders(status == null ? 204 : status, -1);
        exchange.close();
    }

    /** The moments at which the wait for an answer ends, which come only when a test says so. */
    private final BlockingQueue<Runnable> deadlines = new LinkedBlockingQueue<>();

    /** Waits for nothing between two tries, and remembers for how long it should have. */
    private final Alarm alarm = (delay, task) -> {
        if (delay.equals(Duration.ofSeconds(10))) {
            deadlines.add(task);
            return () -> deadlines.remove(task);
        }
        waits.add(delay);
        task.run();
        return () -> {};
    };

    private ApprovalTickets tickets(UnaryOperator<ApprovalWebhook.Builder> settings) {
        URI url = URI.create("http://localhost:" + server.getAddress().getPort() + "/hook");
        ApprovalWebhook webhook = settings.apply(
                        ApprovalWebhook.builder(url, SECRET, (ticket, failure) -> failures.add(failure))
                                .time(time)
                                .alarm(alarm))
                .build();
        return ApprovalTickets.builder().time(time).onOpened(webhook).build();
    }

    private static void open(ApprovalTickets tickets) {
        assertThat(tickets.ask(Requests.pay("bot", Map.of("password", "hunter2"))))
                .isNotNull();
    }

    private Received next() throws InterruptedException {
        Received next = received.poll(5, TimeUnit.MINUTES);
        assertThat(next).isNotNull();
        return next;
    }

    @Test
    void tellsOfATicketWithASignatureThatTheReceiverCanCheck() throws Exception {
        ApprovalTickets tickets = tickets(builder -> builder);
        open(tickets);

        Received post = next();

        Ticket ticket = tickets.list().get(0);
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(SECRET, "HmacSHA256"));
        String signed = post.id + "." + post.timestamp + "." + post.body;
        assertThat(post.signature)
                .isEqualTo("v1,"
                        + Base64.getEncoder().encodeToString(mac.doFinal(signed.getBytes(StandardCharsets.UTF_8))));
        assertThat(post.id).isEqualTo(ticket.id());
        assertThat(post.timestamp).isEqualTo(Long.toString(time.wallMillis() / 1_000));
        JsonNode body = JsonMapper.shared().readTree(post.body);
        assertThat(body.at("/type").asString()).isEqualTo("approval.requested");
        assertThat(body.at("/data/ticket").asString()).isEqualTo(ticket.id());
        assertThat(body.at("/data/tool").asString()).isEqualTo("pay");
        assertThat(body.at("/data/session").asString()).isEqualTo("s1");
        assertThat(body.at("/data/rules/0/name").asString()).isEqualTo("a person");
        assertThat(body.at("/data/expires").asString()).isEqualTo("2026-11-23T10:05:00Z");
        assertThat(post.body).doesNotContain("hunter2").doesNotContain("password");
    }

    @Test
    void sendsArgumentsOnlyIfTheHostSaysSo() throws Exception {
        open(tickets(ApprovalWebhook.Builder::includingArguments));

        assertThat(JsonMapper.shared()
                        .readTree(next().body)
                        .at("/data/arguments/password")
                        .asString())
                .isEqualTo("hunter2");
    }

    @Test
    void triesAgainAFewTimesAtGrowingIntervals() throws Exception {
        statuses.add(503);
        statuses.add(429);
        open(tickets(builder -> builder));

        String id = next().id;
        assertThat(next().id).isEqualTo(id);
        assertThat(next().id).isEqualTo(id);
        assertThat(waits).containsExactly(Duration.ofSeconds(1), Duration.ofSeconds(5));
        assertThat(failures).isEmpty();
    }

    @Test
    void givesUpInTheEndAndTheTicketStays() throws Exception {
        for (int i = 0; i < 10; i++) {
            statuses.add(500);
        }
        ApprovalTickets tickets = tickets(builder -> builder);
        open(tickets);

        assertThat(failures.poll(5, TimeUnit.MINUTES)).hasMessageContaining("500");
        assertThat(received).hasSize(4);
        assertThat(tickets.list()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {301, 302, 307, 400, 401, 404})
    void doesNotFollowRedirectsOrRepeatWhatWasRefused(int status) throws Exception {
        statuses.add(status);
        open(tickets(builder -> builder));

        assertThat(failures.poll(5, TimeUnit.MINUTES)).hasMessageContaining(Integer.toString(status));
        assertThat(received).hasSize(1);
    }

    @Test
    void aServerThatIsNotThereFailsIt() throws Exception {
        ApprovalTickets tickets = tickets(builder -> builder);
        server.stop(0);
        open(tickets);

        assertThat(failures.poll(5, TimeUnit.MINUTES)).isInstanceOf(IOException.class);
        assertThat(waits).hasSize(3);
    }

    @Test
    void aReceiverThatSendsHeadersAndNoBodyIsLeftTriedAgainAndToldOfInTheEnd() throws Exception {
        server.createContext("/slow", exchange -> {
            received.add(new Received("", "", "", ""));
            exchange.getRequestBody().readAllBytes();
            exchange.sendResponseHeaders(200, 1_000);
            exchange.getResponseBody().flush();
        });
        ApprovalWebhook webhook = ApprovalWebhook.builder(
                        URI.create("http://localhost:" + server.getAddress().getPort() + "/slow"),
                        SECRET,
                        (ticket, failure) -> failures.add(failure))
                .alarm(alarm)
                .build();
        ApprovalTickets tickets =
                ApprovalTickets.builder().time(time).onOpened(webhook).build();
        open(tickets);
        assertThat(webhook.underWay()).isEqualTo(1);

        for (int attempt = 0; attempt < 4; attempt++) {
            Runnable deadline = deadlines.poll(60, TimeUnit.SECONDS);
            next();
            deadline.run();
        }

        assertThat(failures.poll(60, TimeUnit.SECONDS)).hasMessageContaining("did not end within 10 s");
        assertThat(waits).containsExactly(Duration.ofSeconds(1), Duration.ofSeconds(5), Duration.ofSeconds(25));
        assertThat(webhook.underWay()).isZero();
        assertThat(tickets.list()).hasSize(1);
    }

    @Test
    void argumentsOfWhateverDepthAndSizeAreTold() throws Exception {
        Object deep = "bottom";
        for (int i = 0; i < 60; i++) {
            deep = Map.of("d", deep);
        }
        ApprovalTickets tickets = tickets(ApprovalWebhook.Builder::includingArguments);
        tickets.ask(Requests.pay("bot", Map.of("deep", deep)));
        tickets.ask(Requests.pay("bot", Map.of("large", "x".repeat((1 << 20) - 100))));

        assertThat(List.of(next().body, next().body))
                .anyMatch(body -> body.contains("bottom"))
                .anyMatch(body -> body.length() > 1 << 20);
        assertThat(failures).isEmpty();
    }

    @Test
    void whateverThrowsIsToldAndHoldsNoPlace() {
        ApprovalWebhook webhook = ApprovalWebhook.builder(
                        URI.create("https://example.com/"), SECRET, (ticket, failure) -> failures.add(failure))
                .time(new TimeSource() {
                    @Override
                    public long monotonicNanos() {
                        return 0;
                    }

                    @Override
                    public long wallMillis() {
                        throw new AssertionError("no clock");
                    }
                })
                .build();
        ApprovalWebhook unarmed = ApprovalWebhook.builder(
                        URI.create("http://localhost:1/"), SECRET, (ticket, failure) -> failures.add(failure))
                .alarm((delay, task) -> {
                    throw new NoClassDefFoundError("no alarm");
                })
                .build();
        ApprovalTickets tickets = ApprovalTickets.builder()
                .time(time)
                .onOpened(ticket -> {
                    webhook.accept(ticket);
                    unarmed.accept(ticket);
                })
                .build();

        for (int i = 0; i < 10; i++) {
            assertThat(tickets.ask(Requests.pay("bot", Map.of("i", i)))).isCompleted();
        }

        assertThat(failures).hasSize(20).hasAtLeastOneElementOfType(AssertionError.class);
        assertThat(failures).hasAtLeastOneElementOfType(NoClassDefFoundError.class);
        assertThat(webhook.underWay()).isZero();
        assertThat(unarmed.underWay()).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"http://example.com/", "ftp://localhost/", "http://localhost.example.com/", "https:/x", "/x"})
    void onlySafeUrlsAreTaken(String url) {
        assertThatThrownBy(() -> ApprovalWebhook.builder(URI.create(url), SECRET, (ticket, failure) -> {}))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aShortSecretOrAClientThatFollowsRedirectsIsRefused() {
        URI url = URI.create("https://example.com/");
        HttpClient client = HttpClient.newBuilder()
                .followRedirects(HttpClient.Redirect.NORMAL)
                .build();

        assertThatThrownBy(() -> ApprovalWebhook.builder(url, new byte[23], (ticket, failure) -> {}))
                .hasMessageContaining("at least 24 bytes, had 23");
        assertThatThrownBy(() -> ApprovalWebhook.builder(url, SECRET, (ticket, failure) -> {})
                        .client(client))
                .hasMessageContaining("NORMAL");
    }
}
