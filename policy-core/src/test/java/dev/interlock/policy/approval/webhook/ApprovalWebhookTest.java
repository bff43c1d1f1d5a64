package dev.interlock.policy.approval.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.interlock.policy.approval.ApprovalTickets;
import dev.interlock.policy.approval.Requests;
import dev.interlock.policy.approval.Ticket;
import dev.interlock.policy.limit.ManualTime;
import dev.interlock.policy.time.Alarm;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
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

    /** Waits for nothing, and remembers for how long it should have. */
    private final Alarm alarm = (delay, task) -> {
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
