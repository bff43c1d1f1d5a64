package dev.interlock.policy.approval.webhook;

import dev.interlock.policy.approval.ApprovalRequest;
import dev.interlock.policy.approval.Ticket;
import dev.interlock.policy.call.AskingRule;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.time.Alarm;
import dev.interlock.policy.time.TimeSource;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Posts each new ticket to a URL, for {@link dev.interlock.policy.approval.ApprovalTickets.Builder#onOpened}. It only
 * sends notifications; the answer comes through the tickets.
 *
 * <p>The request is signed as the Standard Webhooks specification requires. {@code webhook-id} is the ticket's id,
 * {@code webhook-timestamp} is the time of sending in seconds since 1970, and {@code webhook-signature} is {@code v1,}
 * and the Base64 of HMAC-SHA256 over {@code id.timestamp.body}. The receiver checks the signature before it reads the
 * body, and refuses a timestamp that is some minutes off.
 *
 * <p>The body contains the tool, server, identity, session, the rules that ask and their messages, the context as far
 * as the policy reads it, and the rating. It contains the arguments and other parameters only if the host says so,
 * because they may hold data that the receiver must not see. A failed delivery is retried a few times at growing
 * intervals: after a network error, an answer that has not ended within ten seconds, a 429 and a 5xx. Other failures
 * are not retried. Redirects are not followed. Thread-safe.
 */
public final class ApprovalWebhook implements Consumer<Ticket> {

    /** The most deliveries under way, including those that wait for a retry. */
    private static final int MAX_UNDER_WAY = 1_000;

    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final int SHORTEST_SECRET = 24;

    /** The wait after each failed attempt before the next one. */
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
     * Starts a webhook.
     *
     * @param url where tickets are posted: https, or http on this machine
     * @param secret the secret that the receiver shares with us to check signatures, at least 24 random bytes
     * @param failed is notified if a ticket could not be delivered in the end; the ticket is still listed
     * @throws IllegalArgumentException if the URL is neither, or the secret is too short
     */
    public static Builder builder(URI url, byte[] secret, BiConsumer<Ticket, Throwable> failed) {
        return new Builder(url, secret, failed);
    }

    /**
     * Posts a ticket without waiting for it to arrive. If it can't be sent, the failure handler is notified. An
     * exception from the failure handler is rethrown.
     */
    @Override
    public void accept(Ticket ticket) {
        String body;
        try {
            body = body(ticket);
        } catch (Throwable e) {
            failed.accept(ticket, e);
            return;
        }
        if (underWay.incrementAndGet() > MAX_UNDER_WAY) {
            underWay.decrementAndGet();
            failed.accept(ticket, new IOException("too many webhooks are under way"));
            return;
        }
        new Delivery(ticket, body).post(0);
    }

    /** How many deliveries are under way. For tests. */
    int underWay() {
        return underWay.get();
    }

    /** The delivery of one ticket, with its place among those under way. */
    private final class Delivery {
        private final Ticket ticket;
        private final String body;
        private final AtomicBoolean ended = new AtomicBoolean();

        Delivery(Ticket ticket, String body) {
            this.ticket = ticket;
            this.body = body;
        }

        void post(int attempt) {
            try {
                CompletableFuture<HttpResponse<Void>> exchange =
                        client.sendAsync(request(ticket, body), BodyHandlers.discarding());
                // The request's own timeout would end with the headers, and a body may never come.
                Runnable inTime = alarm.in(TIMEOUT, () -> exchange.cancel(true));
                CompletionStage<HttpResponse<Void>> end = exchange;
                end.whenComplete((response, failure) -> answered(inTime, attempt, response, failure));
            } catch (Throwable e) {
                end(e);
            }
        }

        private void answered(
                Runnable inTime, int attempt, @Nullable HttpResponse<Void> response, @Nullable Throwable failure) {
            try {
                inTime.run();
                int status = response == null ? 0 : response.statusCode();
                if (status / 100 == 2) {
                    end(null);
                    return;
                }
                boolean again = status == 0 || status == 429 || status / 100 == 5;
                if (again && attempt < INTERVALS.size()) {
                    var unused = alarm.in(INTERVALS.get(attempt), () -> post(attempt + 1));
                    return;
                }
                end(
                        response != null
                                ? new IOException("the webhook was answered with status " + status)
                                : why(failure));
            } catch (Throwable e) {
                end(e);
            }
        }

        private static Throwable why(@Nullable Throwable failure) {
            Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
            if (cause instanceof CancellationException) {
                return new HttpTimeoutException(
                        "the webhook's answer did not end within " + TIMEOUT.toSeconds() + " s");
            }
            return cause == null ? new IOException("the webhook was not answered") : cause;
        }

        /** Frees the place, once, and reports the failure if there is one. */
        private void end(@Nullable Throwable failure) {
            if (ended.compareAndSet(false, true)) {
                underWay.decrementAndGet();
                if (failure != null) {
                    failed.accept(ticket, failure);
                }
            }
        }
    }

    private HttpRequest request(Ticket ticket, String body) {
        String timestamp = Long.toString(Math.floorDiv(time.wallMillis(), 1_000));
        return HttpRequest.newBuilder(url)
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

    /** Uses only values that are already frozen: bounds on what callers say must not prevent the notification. */
    private String body(Ticket ticket) {
        ApprovalRequest request = ticket.request();
        Map<String, Value> data = new LinkedHashMap<>();
        data.put("ticket", text(ticket.id()));
        // A receiver that knows calls only must not take another request for one.
        data.put(request.otherRequest() ? "method" : "tool", text(request.tool()));
        data.put("server", text(request.server()));
        data.put("identity", text(request.identity()));
        data.put("session", text(request.session()));
        data.put(
                "rules",
                new Value.Array(
                        request.rules().stream().map(ApprovalWebhook::json).toList()));
        data.put("context", request.bound());
        data.put("category", text(request.rating().category().text()));
        data.put("risk", text(request.rating().risk().text()));
        data.put("expires", text(ticket.opened().plus(ticket.left()).toString()));
        if (!request.runs().isEmpty()) {
            data.put(
                    "runs",
                    new Value.Array(request.runs().stream().map(this::inner).toList()));
        }
        if (arguments) {
            data.put("arguments", request.arguments().root());
            data.put("parameters", request.parameters());
        }
        Map<String, Value> body = new LinkedHashMap<>();
        body.put("type", text("approval.requested"));
        body.put("timestamp", text(Instant.ofEpochMilli(time.wallMillis()).toString()));
        body.put("data", ObjectValue.of(data));
        return ObjectValue.of(body).json();
    }

    /** A call that the call makes by running another tool. */
    private Value inner(ToolCall call) {
        Map<String, Value> members = new LinkedHashMap<>();
        members.put("tool", text(call.tool()));
        members.put("server", text(call.server()));
        if (arguments && call.arguments().isKnown()) {
            members.put("arguments", call.arguments().root());
        }
        return ObjectValue.of(members);
    }

    private static Value json(AskingRule rule) {
        Map<String, Value> members = new LinkedHashMap<>();
        members.put("name", text(rule.name()));
        members.put("place", text(rule.place().path()));
        members.put("message", text(rule.message()));
        return ObjectValue.of(members);
    }

    private static Value text(@Nullable String text) {
        return text == null ? Value.Nil.NULL : new Value.Text(text);
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

        /** Also sends the arguments. Default: off. */
        public Builder includingArguments() {
            this.arguments = true;
            return this;
        }

        /** Sets where the timestamp comes from. Default: the JVM's clock. */
        public Builder time(TimeSource timeSource) {
            this.time = timeSource;
            return this;
        }

        /**
         * Sets what ends the wait for an answer, and what waits for the next attempt. Default: {@link Alarm#system}.
         */
        public Builder alarm(Alarm alarmClock) {
            this.alarm = alarmClock;
            return this;
        }

        /**
         * Sets the client that sends; it must not follow redirects. Default: a new client, whose threads live as long
         * as it is in use.
         */
        public Builder client(HttpClient httpClient) {
            if (httpClient.followRedirects() != HttpClient.Redirect.NEVER) {
                throw new IllegalArgumentException(
                        "a webhook's client must never follow redirects, was " + httpClient.followRedirects());
            }
            this.client = httpClient;
            return this;
        }

        /** Creates the webhook. */
        public ApprovalWebhook build() {
            return new ApprovalWebhook(this);
        }
    }
}
