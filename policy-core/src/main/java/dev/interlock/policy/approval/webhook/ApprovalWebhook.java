package dev.interlock.policy.approval.webhook;

import dev.interlock.policy.approval.ApprovalRequest;
import dev.interlock.policy.approval.Ticket;
import dev.interlock.policy.time.Alarm;
import dev.interlock.policy.time.TimeSource;
import dev.interlock.policy.value.Value;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Posts each new ticket to a URL, for {@link dev.interlock.policy.approval.ApprovalTickets.Builder#onOpened}. It only tells;
 * the answer comes through the tickets.
 *
 * <p>The request is signed as the Standard Webhooks specification has it: {@code webhook-id} is the ticket's id, {@code
 * webhook-timestamp} the time of sending in seconds since 1970, and {@code webhook-signature} is {@code v1,} and the Base64
 * of HMAC-SHA256 over {@code id.timestamp.body}. The receiver checks the signature before it reads the body, and refuses a
 * timestamp that is some minutes off.
 *
 * <p>The body names tool, server, identity, rule, rating and message; the arguments only if the host says so, since they may
 * hold what the receiver must not see. What can't be delivered is tried again at growing intervals a few times: after a
 * network error, a 429 and a 5xx, and nothing else. Redirects are not followed. Thread-safe.
 */
public final class ApprovalWebhook implements Consumer<Ticket> {

    /** Deliveries under way, waiting for another try included. */
    private static final int MAX_UNDER_WAY = 1_000;

    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final int SHORTEST_SECRET = 24;

    /** How long after each failed try there is another one. */
    private static final List<Duration> INTERVALS =
            List.of(Duration.ofSeconds(1), Duration.ofSeconds(5), Duration.ofSeconds(25));

    private final URI url;
    private final SecretKeySpec secret;
    private final BiConsumer<Ticket, Throwable> failed;
    private final boolean arguments;
    private final TimeSource time;
    private final Alarm alarm;
    private final HttpClient client;
    private final AtomicInteger underWay = new AtomicInteger();

    private ApprovalWebhook(Builder builder) {
        this.url = builder.url;
        this.secret = new SecretKeySpec(builder.secret, "HmacSHA256");
        this.failed = builder.failed;
        this.arguments = builder.arguments;
        this.time = builder.time;
        this.alarm = builder.alarm;
        this.client = builder.client == null
                ? HttpClient.newBuilder().connectTimeout(TIMEOUT).build()
                : builder.client;
    }

    /**
     * A webhook.
     *
     * @param url where tickets are posted: https, or http on this machine
     * @param secret what the receiver shares with us to check signatures, at least 24 random bytes
     * @param failed who is told if a ticket could not be delivered in the end; it is still listed
     * @throws IllegalArgumentException if the URL is neither, or the secret is too short
     */
    public static Builder builder(URI url, byte[] secret, BiConsumer<Ticket, Throwable> failed) {
        return new Builder(url, secret, failed);
    }

    /** Posts a ticket, without waiting for it to arrive. */
    @Override
    public void accept(Ticket ticket) {
        if (underWay.incrementAndGet() > MAX_UNDER_WAY) {
            underWay.decrementAndGet();
            failed.accept(ticket, new IOException("too many webhooks are under way"));
            return;
        }
        post(ticket, body(ticket), 0);
    }

    private void post(Ticket ticket, String body, int attempt) {
        HttpRequest request;
        try {
            request = request(ticket, body);
        } catch (RuntimeException e) {
            end(ticket, e);
            return;
        }
        var unused = client.sendAsync(request, BodyHandlers.discarding())
                .whenComplete((response, failure) -> answered(ticket, body, attempt, response, failure));
    }

    private void answered(
            Ticket ticket,
            String body,
            int attempt,
            @Nullable HttpResponse<Void> response,
            @Nullable Throwable failure) {
        int status = response == null ? 0 : response.statusCode();
        if (status / 100 == 2) {
            underWay.decrementAndGet();
            return;
        }
        boolean again = status == 0 || status == 429 || status / 100 == 5;
        if (again && attempt < INTERVALS.size()) {
            alarm.in(INTERVALS.get(attempt), () -> post(ticket, body, attempt + 1));
            return;
        }
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        end(ticket, cause == null ? new IOException("the webhook was answered with status " + status) : cause);
    }

    private void end(Ticket ticket, Throwable failure) {
        underWay.decrementAndGet();
        failed.accept(ticket, failure);
    }

    private HttpRequest request(Ticket ticket, String body) {
        String timestamp = Long.toString(Math.floorDiv(time.wallMillis(), 1_000));
        return HttpRequest.newBuilder(url)
                .timeout(TIMEOUT)
                .header("content-type", "application/json")
                .header("webhook-id", ticket.id())
                .header("webhook-timestamp", timestamp)
                .header("webhook-signature", "v1," + signature(ticket.id() + "." + timestamp + "." + body))
                .POST(BodyPublishers.ofString(body))
                .build();
    }

    private String signature(String content) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(secret);
            return Base64.getEncoder().encodeToString(mac.doFinal(content.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException | InvalidKeyException e) {
            throw new IllegalStateException("every JDK has HmacSHA256, and any bytes are a key", e);
        }
    }

    private String body(Ticket ticket) {
        ApprovalRequest request = ticket.request();
        Map<String, @Nullable Object> data = new LinkedHashMap<>();
        data.put("ticket", ticket.id());
        data.put("tool", request.tool());
        data.put("server", request.server());
        data.put("identity", request.identity());
        data.put("rule", request.rule());
        data.put("message", request.message());
        data.put("category", request.rating().category().text());
        data.put("risk", request.rating().risk().text());
        data.put("expires", ticket.opened().plus(ticket.left()).toString());
        if (arguments) {
            data.put("arguments", request.arguments().root().toJava());
        }
        Map<String, @Nullable Object> body = new LinkedHashMap<>();
        body.put("type", "approval.requested");
        body.put("timestamp", Instant.ofEpochMilli(time.wallMillis()).toString());
        body.put("data", data);
        return Value.freeze(body).json();
    }

    /** Settings of a webhook. Not thread-safe. */
    public static final class Builder {

        private final URI url;
        private final byte[] secret;
        private final BiConsumer<Ticket, Throwable> failed;
        private boolean arguments;
        private TimeSource time = TimeSource.system();
        private Alarm alarm = Alarm.system();
        private @Nullable HttpClient client;

        private Builder(URI url, byte[] secret, BiConsumer<Ticket, Throwable> failed) {
            if (!isSafe(url)) {
                throw new IllegalArgumentException("a webhook's URL must be https, or http to this machine, was '"
                        + url.getScheme() + "' to '" + url.getHost() + "'");
            }
            if (secret.length < SHORTEST_SECRET) {
                throw new IllegalArgumentException(
                        "a webhook's secret must have at least " + SHORTEST_SECRET + " bytes, had " + secret.length);
            }
            this.url = url;
            this.secret = secret.clone();
            this.failed = failed;
        }

        private static boolean isSafe(URI url) {
            String host = String.valueOf(url.getHost());
            return "https".equalsIgnoreCase(url.getScheme())
                    ? url.getHost() != null
                    : "http".equalsIgnoreCase(url.getScheme())
                            && List.of("localhost", "127.0.0.1", "[::1]").contains(host);
        }

        /** Sends the arguments too. Default: not. */
        public Builder includingArguments() {
            this.arguments = true;
            return this;
        }

        /** Where the timestamp comes from. Default: the JVM's clock. */
        public Builder time(TimeSource timeSource) {
            this.time = timeSource;
            return this;
        }

        /** What waits for the next try. Default: {@link Alarm#system}. */
        public Builder alarm(Alarm alarmClock) {
            this.alarm = alarmClock;
            return this;
        }

        /** What sends; it must not follow redirects. Default: one of its own, which has threads as long as it is in use. */
        public Builder client(HttpClient httpClient) {
            if (httpClient.followRedirects() != HttpClient.Redirect.NEVER) {
                throw new IllegalArgumentException(
                        "a webhook's client must never follow redirects, was " + httpClient.followRedirects());
            }
            this.client = httpClient;
            return this;
        }

        /** The webhook. */
        public ApprovalWebhook build() {
            return new ApprovalWebhook(this);
        }
    }
}
