package dev.interlock.policy.cli.server;

import dev.interlock.policy.adapter.JsonRpcIds;
import dev.interlock.policy.cli.io.Shortened;
import dev.interlock.policy.cli.server.HeaderOptions.Header;
import dev.interlock.policy.mcp.UnreadableResponseException;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.HttpHeaders;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * An MCP server that is reached over streamable HTTP, for a host that doesn't speak HTTP. Each request carries what the
 * host and the server have agreed on in {@code initialize}. A session that the server has lost is replaced by a new
 * one. A request of MCP 2026-07-28, in which there is no {@code initialize}, carries the version that it names itself,
 * and {@link ModernHeaders}. Each request ends with an answer or with a {@link ServerException} that says why there is
 * none.
 *
 * <p>No call here blocks on a server. Redirects are not followed: the headers are meant for this server only.
 */
public final class HttpTransport implements McpClientTransport {

    /** How long other messages wait for the answer to initialize. */
    private static final Duration FIRST_ANSWER = Duration.ofSeconds(30);

    /** How long other messages wait until the server has accepted the notification that begins the session. */
    private static final Duration FIRST_NOTIFICATION = Duration.ofSeconds(2);

    private static final Duration GOODBYE = Duration.ofSeconds(2);

    private static final int MOST_EXCHANGES = 1_000;

    /** How often a stream that brings nothing is resumed. */
    private static final int MOST_EMPTY_STREAMS = 3;

    private static final int ERROR_HEAD = 1 << 14;

    /** The most bytes of a JSON-RPC error that comes with a status that says so, too. */
    private static final int LONGEST_ERROR = 1 << 20;

    /** How often the server is asked for its tools because a call needs their schemas. */
    private static final Duration LIST_PAUSE = Duration.ofSeconds(30);

    private static final int MOST_PAGES = 100;

    /** A server's complaint that a header is not what it expects: it may have changed a tool's schema. */
    private static final int HEADER_MISMATCH = -32020;

    private static final String JSON = "application/json";
    private static final String EVENTS = "text/event-stream";

    private final ServerUrl server;
    private final List<Header> headers;
    private final JsonRpc json;
    private final McpJsonMapper mapper;
    private final Consumer<byte[]> unaddressed;
    private final Consumer<String> reports;
    private final BooleanSupplier mayList;
    private final Function<JSONRPCRequest, Mono<Boolean>> maySendAgain;
    private final int longest;
    private final ModernHeaders mirrored = new ModernHeaders();

    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "interlock-http");
        thread.setDaemon(true);
        return thread;
    });
    private final HttpClient client;

    private final CountDownLatch closed = new CountDownLatch(1);
    private final Set<InputStream> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger exchanges = new AtomicInteger();
    private final AtomicLong waiting = new AtomicLong();
    private final AtomicInteger renewals = new AtomicInteger();
    private volatile Session session = Session.NONE;

    /** The version that the last request of MCP 2026-07-28 has named; null if there was none. */
    private volatile @Nullable String modernVersion;

    /** The requests of that protocol that have not been answered, by their ids. */
    private final Map<Object, Round> rounds = new ConcurrentHashMap<>();

    /** The last request for the server's tools that was our own; null before the first. Guarded by this. */
    private @Nullable CompletableFuture<Void> listing;

    private long listedNanos;

    private volatile @Nullable Incoming incoming;

    /** The request with which the host has begun the session. */
    private volatile @Nullable JSONRPCRequest beginning;

    /** The next message waits for this future. Guarded by this. */
    private CompletableFuture<Void> turn = CompletableFuture.completedFuture(null);

    /** A session that is being opened in place of a lost one. Guarded by this. */
    private @Nullable CompletableFuture<Session> renewal;

    /** What each message tells the server. */
    private record Session(@Nullable String id, @Nullable String version, boolean modern) {

        static final Session NONE = new Session(null, null);

        /** A session as {@code initialize} begins it. */
        Session(@Nullable String id, @Nullable String version) {
            this(id, version, false);
        }

        /** No session at all. */
        static Session modern(@Nullable String version) {
            return new Session(null, version, true);
        }
    }

    /**
     * Creates a transport that connects when the first message is sent.
     *
     * @param unaddressed receives errors that answer no request, as lines
     * @param reports receives descriptions of what went wrong
     * @param mayList whether the server may be asked for its tools, to learn which arguments headers repeat
     * @param maySendAgain decides whether a call may be sent once more that the server has refused because of its
     *     headers; must have listed the server's tools over this transport before it says yes, and must not fail
     * @param longest the most bytes of a message
     * @param connecting how long connecting may take
     */
    public HttpTransport(
            ServerUrl server,
            List<Header> headers,
            JsonRpc json,
            Consumer<byte[]> unaddressed,
            Consumer<String> reports,
            BooleanSupplier mayList,
            Function<JSONRPCRequest, Mono<Boolean>> maySendAgain,
            int longest,
            Duration connecting) {
        this.server = server;
        this.headers = List.copyOf(headers);
        this.json = json;
        this.mapper = json.forSdk();
        this.unaddressed = unaddressed;
        this.reports = reports;
        this.mayList = mayList;
        this.maySendAgain = maySendAgain;
        this.longest = longest;
        this.client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(connecting)
                .build();
    }

    @Override
    public Mono<Void> connect(Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler) {
        return Mono.fromRunnable(
                () -> incoming = new Incoming(json, handler, unaddressed, this::reply, this::report, longest));
    }

    private Incoming incoming() {
        Incoming connected = incoming;
        if (connected == null) {
            throw new IllegalStateException("not connected");
        }
        return connected;
    }

    private void report(String problem) {
        reports.accept(server.origin() + ": " + problem);
    }

    // ---- to the server

    /** Completes when a request is answered, and at once for any other message. */
    @Override
    public Mono<Void> sendMessage(JSONRPCMessage message) {
        return Mono.defer(() -> {
            if (message instanceof JSONRPCRequest request) {
                return Mono.fromFuture(ask(request));
            }
            if (message instanceof JSONRPCNotification notification) {
                tell(notification);
            } else {
                reply(json.write(message));
            }
            return Mono.empty();
        });
    }

    private CompletableFuture<Void> ask(JSONRPCRequest request) {
        boolean begins = request.method().equals(McpSchema.METHOD_INITIALIZE);
        if (begins) {
            beginning = request;
        }
        byte[] body = json.write(request);
        String version = ModernHeaders.version(request.params());
        CompletableFuture<Void> answer = counted(
                body,
                () -> version != null
                        ? modern(request, body, version)
                        : begins
                                ? first(
                                        FIRST_ANSWER,
                                        () -> begin(request, body, false).<Void>thenApply(begun -> null))
                                : inTurn(() -> answered(request, body)));
        return answer.whenComplete((nothing, failure) -> {
            if (failure != null && closed.getCount() > 0) {
                report(ServerException.text(cause(failure)));
            }
        });
    }

    private void reply(byte[] line) {
        tell(line, Map.of(), false);
    }

    private void tell(JSONRPCNotification notification) {
        Object cancelled = JsonRpcIds.cancelled(notification.method(), notification.params());
        Round round = cancelled == null ? null : rounds.get(JsonRpcIds.key(cancelled));
        if (round != null) {
            // A server takes the end of the stream for a cancellation. Some understand the notification, too.
            round.cancel();
        }
        boolean modern = isModern();
        tell(
                json.write(notification),
                modern ? ModernHeaders.method(notification.method()) : Map.of(),
                notification.method().equals(McpSchema.METHOD_NOTIFICATION_INITIALIZED));
    }

    /** Whether the host speaks MCP 2026-07-28, in which there are no sessions. */
    private boolean isModern() {
        return modernVersion != null && beginning == null;
    }

    private Session session() {
        return isModern() ? Session.modern(modernVersion) : session;
    }

    /** Sends a message that has no answer. The sender neither waits nor learns of a failure. */
    private void tell(byte[] body, Map<String, String> more, boolean begins) {
        Supplier<CompletableFuture<Void>> exchange = () -> told(body, session(), more, begins);
        CompletableFuture<Void> unused = counted(
                        body, () -> begins ? first(FIRST_NOTIFICATION, exchange) : inTurn(exchange))
                .whenComplete((nothing, failure) -> {
                    if (failure != null && closed.getCount() > 0) {
                        report("a message that is not a request was lost: " + ServerException.text(cause(failure)));
                    }
                });
    }

    private CompletableFuture<Void> told(byte[] body, Session with, Map<String, String> more, boolean begins) {
        return post(body, with, more)
                .thenAcceptAsync(
                        response -> {
                            requireSuccess(response);
                            if (begins) {
                                listen(with);
                            }
                            drain(response);
                        },
                        threads);
    }

    /** Reads the rest, in which nothing is expected, so that the connection can be reused. */
    private void drain(HttpResponse<InputStream> response) {
        try {
            head(response, ERROR_HEAD);
        } catch (IOException e) {
            // The server has accepted the message all the same.
        }
    }

    /** Bounds the messages that wait for a server that doesn't answer. */
    private CompletableFuture<Void> counted(byte[] body, Supplier<CompletableFuture<Void>> exchange) {
        boolean alone = exchanges.getAndIncrement() == 0;
        boolean fits = waiting.addAndGet(body.length) <= longest || alone;
        CompletableFuture<Void> done = fits && exchanges.get() <= MOST_EXCHANGES
                ? exchange.get()
                : CompletableFuture.failedFuture(
                        new ServerException("too much waits for the server, which does not answer"));
        return done.whenComplete((nothing, failure) -> {
            exchanges.decrementAndGet();
            waiting.addAndGet(-body.length);
        });
    }

    private synchronized CompletableFuture<Void> inTurn(Supplier<CompletableFuture<Void>> exchange) {
        return turn.thenCompose(nothing -> exchange.get());
    }

    /** Messages after the first of a session wait until it is done, but not forever. */
    private synchronized CompletableFuture<Void> first(Duration patience, Supplier<CompletableFuture<Void>> exchange) {
        CompletableFuture<Void> done = inTurn(exchange);
        turn = done.<Void>handle((nothing, failure) -> null)
                .completeOnTimeout(null, patience.toMillis(), TimeUnit.MILLISECONDS);
        return done;
    }

    private CompletableFuture<HttpResponse<InputStream>> post(byte[] body, Session with) {
        return reached(send(body, with, Map.of()));
    }

    private CompletableFuture<HttpResponse<InputStream>> post(byte[] body, Session with, Map<String, String> more) {
        return reached(send(body, with, more));
    }

    private static CompletableFuture<HttpResponse<InputStream>> reached(
            CompletableFuture<HttpResponse<InputStream>> sent) {
        return sent.exceptionallyCompose(failure -> CompletableFuture.failedFuture(unreached(cause(failure))));
    }

    private CompletableFuture<HttpResponse<InputStream>> send(byte[] body, Session with, Map<String, String> more) {
        HttpRequest.Builder request = request(with)
                .header(HttpHeaders.CONTENT_TYPE, JSON)
                .header(HttpHeaders.ACCEPT, JSON + ", " + EVENTS)
                .POST(HttpRequest.BodyPublishers.ofByteArray(body));
        more.forEach(request::header);
        return client.sendAsync(request.build(), BodyHandlers.ofInputStream());
    }

    private HttpRequest.Builder request(Session with) {
        HttpRequest.Builder request = HttpRequest.newBuilder(server.uri());
        headers.forEach(header -> request.header(header.name(), header.value()));
        String user = server.authorization();
        if (user != null && headers.stream().noneMatch(header -> header.name().equalsIgnoreCase("Authorization"))) {
            request.header("Authorization", user);
        }
        if (with.id() != null) {
            request.header(HttpHeaders.MCP_SESSION_ID, with.id());
        }
        if (with.version() != null) {
            request.header(HttpHeaders.PROTOCOL_VERSION, with.version());
        }
        return request;
    }

    // ---- MCP 2026-07-28

    /** A request that the host may cancel at any moment, by the end of its stream. */
    private static final class Round {

        private final JSONRPCRequest request;
        private final byte[] body;
        private final Session with;
        private final CompletableFuture<Void> cancelled = new CompletableFuture<>();

        Round(JSONRPCRequest request, byte[] body, Session with) {
            this.request = request;
            this.body = body;
            this.with = with;
        }

        void cancel() {
            cancelled.complete(null);
        }

        boolean isCancelled() {
            return cancelled.isDone();
        }
    }

    private CompletableFuture<Void> modern(JSONRPCRequest request, byte[] body, String version) {
        if (!isVisible(version)) {
            return CompletableFuture.failedFuture(
                    new ServerException("the request names a version of the protocol that no header can carry"));
        }
        modernVersion = version;
        Session with = Session.modern(version);
        Object key = JsonRpcIds.key(request.id());
        Round round = new Round(request, body, with);
        rounds.put(key, round);
        CompletableFuture<Void> prepared = needsList(request)
                ? listed(request, with).exceptionally(failure -> null)
                : CompletableFuture.completedFuture(null);
        CompletableFuture<Void> answered = prepared.thenCompose(
                nothing -> round.isCancelled() ? CompletableFuture.completedFuture(null) : answered(round));
        // The host awaits no answer to what it has cancelled.
        return CompletableFuture.anyOf(answered, round.cancelled)
                .<Void>thenApply(end -> null)
                .whenComplete((nothing, failure) -> rounds.remove(key, round));
    }

    private CompletableFuture<Void> answered(Round round) {
        Map<String, String> repeated = mirrored.of(round.request);
        if (!round.request.method().equals(McpSchema.METHOD_TOOLS_CALL)) {
            boolean lists = round.request.method().equals(McpSchema.METHOD_TOOLS_LIST);
            return exchanged(
                    round,
                    repeated,
                    answer -> {},
                    answer -> lists && answer.result() instanceof Map<?, ?> page
                            ? JSONRPCResponse.result(answer.id(), mirrored.learn(page))
                            : answer);
        }
        AtomicReference<@Nullable JSONRPCResponse> refusal = new AtomicReference<>();
        return exchanged(
                        round,
                        repeated,
                        answer -> {
                            if (isMismatch(answer)) {
                                refusal.set(answer);
                            }
                        },
                        answer -> isMismatch(answer) ? null : answer)
                .thenComposeAsync(
                        nothing -> {
                            JSONRPCResponse refused = refusal.get();
                            return refused == null
                                    ? CompletableFuture.completedFuture(null)
                                    : corrected(round, repeated, refused);
                        },
                        threads);
    }

    /**
     * Sends a call once more whose headers the server has refused, if they are others now that its tools have been
     * listed. The server has not begun the call. Otherwise the host gets the refusal.
     */
    private CompletableFuture<Void> corrected(
            Round round, Map<String, String> refusedHeaders, JSONRPCResponse refusal) {
        return maySendAgain
                .apply(round.request)
                .toFuture()
                .thenComposeAsync(
                        may -> {
                            if (round.isCancelled()) {
                                return CompletableFuture.completedFuture(null);
                            }
                            Map<String, String> repeated = mirrored.of(round.request);
                            boolean changed = !repeated.equals(refusedHeaders);
                            if (changed) {
                                toolsMayHaveChanged();
                            }
                            if (Boolean.TRUE.equals(may) && changed) {
                                return exchanged(round, repeated, answer -> {}, answer -> answer);
                            }
                            byte[] line = json.write(refusal);
                            incoming().take(line, 0, line.length, false);
                            return CompletableFuture.completedFuture(null);
                        },
                        threads);
    }

    private static boolean isMismatch(JSONRPCResponse answer) {
        return answer.error() != null && answer.error().code() == HEADER_MISMATCH;
    }

    /**
     * Sends a request and takes its answer, unless the host cancels it.
     *
     * @param onAnswer receives the answer first
     * @param shown returns what others receive in its place; null for nothing
     */
    private CompletableFuture<Void> exchanged(
            Round round,
            Map<String, String> repeated,
            Consumer<JSONRPCResponse> onAnswer,
            Function<JSONRPCResponse, @Nullable JSONRPCResponse> shown) {
        CompletableFuture<HttpResponse<InputStream>> sent = send(round.body, round.with, repeated);
        CompletableFuture<Void> unused = round.cancelled.thenAccept(nothing -> {
            if (!sent.cancel(true) && !sent.isCompletedExceptionally()) {
                close(sent.join());
            }
        });
        Exchange exchange = new Exchange(round.request.id(), round.with, onAnswer, shown, false);
        return reached(sent).thenComposeAsync(exchange::take, threads);
    }

    /** A call of a tool whose schema is not known, and may mark arguments that headers must repeat. */
    private boolean needsList(JSONRPCRequest request) {
        return request.method().equals(McpSchema.METHOD_TOOLS_CALL)
                && request.params() instanceof Map<?, ?> params
                && params.get("name") instanceof String name
                && !mirrored.knows(name)
                && mayList.getAsBoolean();
    }

    /** Asks the server for its tools, on behalf of a call; for all calls that wait for them at once. */
    private synchronized CompletableFuture<Void> listed(JSONRPCRequest call, Session with) {
        CompletableFuture<Void> latest = listing;
        long now = System.nanoTime();
        if (latest != null && (!latest.isDone() || now - listedNanos < LIST_PAUSE.toNanos())) {
            return latest;
        }
        Map<String, Object> meta = new LinkedHashMap<>();
        if (call.params() instanceof Map<?, ?> params && params.get("_meta") instanceof Map<?, ?> given) {
            given.forEach((name, value) -> meta.put((String) name, value));
        }
        meta.remove("progressToken");
        CompletableFuture<Void> begun =
                page(meta, null, with, 1).orTimeout(FIRST_ANSWER.toMillis(), TimeUnit.MILLISECONDS);
        listing = begun;
        listedNanos = now;
        return begun;
    }

    private CompletableFuture<Void> page(Map<String, Object> meta, @Nullable String cursor, Session with, int number) {
        Map<String, Object> params = new LinkedHashMap<>();
        if (cursor != null) {
            params.put("cursor", cursor);
        }
        params.put("_meta", meta);
        JSONRPCRequest request = new JSONRPCRequest(
                "2.0", McpSchema.METHOD_TOOLS_LIST, "interlock-list-" + renewals.incrementAndGet(), params);
        AtomicReference<@Nullable String> next = new AtomicReference<>();
        Exchange exchange = new Exchange(
                request.id(),
                with,
                answer -> {
                    if (answer.result() instanceof Map<?, ?> page) {
                        mirrored.learn(page);
                        next.set(page.get("nextCursor") instanceof String more && !more.isEmpty() ? more : null);
                    }
                },
                answer -> answer,
                true);
        return post(json.write(request), with, mirrored.of(request))
                .thenComposeAsync(exchange::take, threads)
                .thenCompose(nothing -> {
                    String more = next.get();
                    return more == null || number >= MOST_PAGES
                            ? CompletableFuture.completedFuture(null)
                            : page(meta, more, with, number + 1);
                });
    }

    // ---- sessions

    /** Sends a request and takes its answer, in a new session if the server has lost the old one. */
    private CompletableFuture<Void> answered(JSONRPCRequest request, byte[] body) {
        Session with = session;
        return post(body, with)
                .thenComposeAsync(
                        response -> isLost(response, with)
                                ? renewed(with)
                                        .thenCompose(fresh -> post(body, fresh)
                                                .thenCompose(again -> new Exchange(request.id(), fresh).take(again)))
                                : new Exchange(request.id(), with).take(response),
                        threads);
    }

    /** Servers report a lost session with 404 or 400. The latter also has other meanings. */
    private boolean isLost(HttpResponse<InputStream> response, Session with) {
        int status = response.statusCode();
        if (with.id() == null || (status != 404 && status != 400)) {
            return false;
        }
        try {
            String head = new String(head(response, ERROR_HEAD), StandardCharsets.UTF_8);
            return status == 404 || head.toLowerCase(Locale.ROOT).contains("session");
        } catch (IOException e) {
            return status == 404;
        }
    }

    /** Opens a session in place of a lost one, as the host did, once for all requests that have lost it. */
    private synchronized CompletableFuture<Session> renewed(Session lost) {
        CompletableFuture<Session> running = renewal;
        if (running != null) {
            return running;
        }
        Session now = session;
        if (!now.equals(lost)) {
            return CompletableFuture.completedFuture(now);
        }
        JSONRPCRequest first = beginning;
        if (first == null) {
            return CompletableFuture.failedFuture(new ServerException("the server knows no session"));
        }
        JSONRPCRequest again = new JSONRPCRequest(
                first.jsonrpc(), first.method(), "interlock-session-" + renewals.incrementAndGet(), first.params());
        JSONRPCNotification initialized =
                new JSONRPCNotification(first.jsonrpc(), McpSchema.METHOD_NOTIFICATION_INITIALIZED, null);
        CompletableFuture<Session> begun = begin(again, json.write(again), true)
                .thenCompose(fresh -> {
                    if (lost.version() != null && !lost.version().equals(fresh.version())) {
                        throw new ServerException("the server has lost the session, and now speaks another version of"
                                + " the protocol than the host; start the proxy anew");
                    }
                    return told(json.write(initialized), fresh, Map.of(), true).thenApply(nothing -> {
                        // Before the request is repeated: the host may go when it has its answer.
                        report("the server had lost the session; another was begun");
                        return fresh;
                    });
                })
                .orTimeout(FIRST_ANSWER.toMillis(), TimeUnit.MILLISECONDS)
                .exceptionallyCompose(failure -> CompletableFuture.failedFuture(
                        new ServerException("the server has lost the session, and another could not be begun: "
                                + (cause(failure) instanceof ServerException known
                                        ? known.text()
                                        : "it does not answer"))));
        renewal = begun;
        CompletableFuture<Session> unused = begun.whenComplete((fresh, failure) -> {
            synchronized (this) {
                renewal = null;
            }
            if (fresh != null) {
                // It may be a different server by now, with other tools.
                toolsMayHaveChanged();
            }
        });
        return begun;
    }

    private void toolsMayHaveChanged() {
        byte[] changed =
                json.write(new JSONRPCNotification("2.0", McpSchema.METHOD_NOTIFICATION_TOOLS_LIST_CHANGED, null));
        incoming().take(changed, 0, changed.length, false);
    }

    /**
     * Begins a session.
     *
     * @param silently whether the answer is kept from the host
     */
    private CompletableFuture<Session> begin(JSONRPCRequest request, byte[] body, boolean silently) {
        return post(body, Session.NONE)
                .thenComposeAsync(
                        response -> {
                            String id = response.headers()
                                    .firstValue(HttpHeaders.MCP_SESSION_ID)
                                    .orElse(null);
                            if (id != null && !isVisible(id)) {
                                throw new ServerException("the server's session id has characters that none can have");
                            }
                            AtomicReference<@Nullable Session> begun = new AtomicReference<>();
                            Exchange exchange = new Exchange(
                                    request.id(),
                                    new Session(id, null),
                                    answer -> {
                                        if (answer.error() == null) {
                                            Session fresh = new Session(id, version(answer));
                                            session = fresh;
                                            begun.set(fresh);
                                        }
                                    },
                                    answer -> answer,
                                    silently);
                            return exchange.take(response).thenApply(nothing -> {
                                Session fresh = begun.get();
                                if (fresh == null && silently) {
                                    throw new ServerException("it refused to initialize");
                                }
                                return fresh == null ? Session.NONE : fresh;
                            });
                        },
                        threads);
    }

    private static boolean isVisible(String text) {
        return !text.isEmpty() && text.length() <= 4_096 && text.chars().allMatch(c -> c > 0x20 && c < 0x7F);
    }

    /**
     * The protocol version that the server has chosen; null if it chose none, or one that can't be sent in a header.
     */
    private static @Nullable String version(JSONRPCResponse answer) {
        return answer.result() instanceof Map<?, ?> result
                        && result.get("protocolVersion") instanceof String version
                        && isVisible(version)
                ? version
                : null;
    }

    private static boolean answers(JSONRPCMessage message, Object id) {
        return message instanceof JSONRPCResponse response && id.equals(response.id());
    }

    private static boolean answers(Throwable failure, Object id) {
        return failure instanceof UnreadableResponseException unreadable && id.equals(unreadable.id());
    }

    // ---- from the server

    /** One request, and the messages that the server sends because of it. */
    private final class Exchange {

        private final Object id;
        private final Session with;
        private final Incoming answers;
        private final CompletableFuture<Void> answered = new CompletableFuture<>();

        Exchange(Object id, Session with) {
            this(id, with, answer -> {}, answer -> answer, false);
        }

        /**
         * @param onAnswer receives the answer first
         * @param shown returns what others receive in its place; null for nothing
         * @param silently whether the answer goes to no other receiver
         */
        Exchange(
                Object id,
                Session with,
                Consumer<JSONRPCResponse> onAnswer,
                Function<JSONRPCResponse, @Nullable JSONRPCResponse> shown,
                boolean silently) {
            this.id = id;
            this.with = with;
            this.answers = incoming()
                    .through(messages -> messages.doOnNext(message -> {
                                if (message instanceof JSONRPCResponse response && answers(response, id)) {
                                    onAnswer.accept(response);
                                    answered.complete(null);
                                }
                            })
                            .doOnError(failure -> {
                                if (answers(failure, id)) {
                                    answered.complete(null);
                                }
                            })
                            .filter(message -> !silently || !answers(message, id))
                            .<JSONRPCMessage>mapNotNull(
                                    message -> message instanceof JSONRPCResponse response && answers(response, id)
                                            ? shown.apply(response)
                                            : message)
                            .onErrorComplete(failure -> silently && answers(failure, id)));
        }

        /** Takes all messages. Completes when the answer has come, or none can come. */
        CompletableFuture<Void> take(HttpResponse<InputStream> response) {
            threads.execute(() -> {
                try {
                    if (!isJsonRpcError(response)) {
                        requireSuccess(response, with.modern() ? earlier(response.statusCode()) : "");
                        if (isOf(response, EVENTS)) {
                            events(response);
                        } else {
                            whole(response);
                        }
                    }
                    answered.completeExceptionally(new ServerException("the server's answer (status "
                            + response.statusCode() + ") has no response to the request"));
                } catch (ServerException e) {
                    answered.completeExceptionally(e);
                } catch (Throwable e) {
                    answered.completeExceptionally(new ServerException(
                            "the answer could not be taken (" + e.getClass().getSimpleName() + ")"));
                }
            });
            return answered;
        }

        /**
         * Servers of MCP 2026-07-28 give a JSON-RPC error together with a status that is one, too, and hosts go by what
         * it says, also when such a server refuses to initialize. One whose id is null answers this request as well:
         * there is no other here.
         */
        private boolean isJsonRpcError(HttpResponse<InputStream> response) {
            boolean mayBeModern = with.modern() || with.version() == null;
            if (!mayBeModern || response.statusCode() / 100 == 2 || !isOf(response, JSON)) {
                return false;
            }
            byte[] body;
            try {
                body = head(response, LONGEST_ERROR);
            } catch (IOException e) {
                return false;
            }
            JsonRpc.Line line = json.read(body, 0, body.length);
            if (line instanceof JsonRpc.Unaddressed error) {
                body = JsonRpc.error(JsonRpc.text(id), error.code(), error.message());
            } else if (!(line instanceof JsonRpc.Message message
                    && message.message() instanceof JSONRPCResponse answer
                    && answer.error() != null
                    && answers(answer, id))) {
                return false;
            }
            answers.take(body, 0, body.length, false);
            return true;
        }

        private void whole(HttpResponse<InputStream> response) {
            byte[] body;
            try {
                body = head(response, longest + 1);
            } catch (IOException e) {
                throw brokenOff(e);
            }
            if (body.length > 0 && !isOf(response, JSON)) {
                throw new ServerException("the server answered with status " + response.statusCode()
                        + ", but not with JSON: is this the address of an MCP server, or does it want a log-in?");
            }
            if (body.length > 0) {
                answers.take(body, 0, body.length, body.length > longest);
            }
        }

        /** A server may end a stream before it has answered, and continue in another one. */
        private void events(HttpResponse<InputStream> first) {
            EventStream events = new EventStream(longest);
            HttpResponse<InputStream> response = first;
            int empty = 0;
            while (true) {
                String before = events.lastId();
                IOException broken = readAll(events, response, answers);
                String last = events.lastId();
                empty = last != null && !last.equals(before) ? 0 : empty + 1;
                if (answered.isDone() || last == null || empty > MOST_EMPTY_STREAMS || with.modern()) {
                    if (broken != null) {
                        throw brokenOff(broken);
                    }
                    return;
                }
                if (isClosedAfter(events.retryMillis())) {
                    return;
                }
                response = get(with, last);
                requireSuccess(response);
            }
        }
    }

    private static boolean isOf(HttpResponse<?> response, String type) {
        String given = response.headers().firstValue(HttpHeaders.CONTENT_TYPE).orElse("");
        return given.split(";", 2)[0].strip().equalsIgnoreCase(type);
    }

    /** The body of a response. It is closed with this transport at the latest. */
    private InputStream opened(HttpResponse<InputStream> response) {
        open.add(response.body());
        return response.body();
    }

    /** Reads the beginning of a body, and closes it. */
    private byte[] head(HttpResponse<InputStream> response, int most) throws IOException {
        try (InputStream in = opened(response)) {
            return in.readNBytes(most);
        } finally {
            open.remove(response.body());
        }
    }

    private @Nullable IOException readAll(EventStream events, HttpResponse<InputStream> response, Incoming to) {
        try (InputStream in = opened(response)) {
            events.read(in, to);
            return null;
        } catch (IOException e) {
            return e;
        } finally {
            open.remove(response.body());
        }
    }

    private HttpResponse<InputStream> get(Session with, @Nullable String lastId) {
        HttpRequest.Builder request =
                request(with).header(HttpHeaders.ACCEPT, EVENTS).GET();
        if (lastId != null) {
            request.header(HttpHeaders.LAST_EVENT_ID, lastId);
        }
        try {
            return client.send(request.build(), BodyHandlers.ofInputStream());
        } catch (IOException e) {
            throw unreached(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ServerException("interrupted");
        }
    }

    private boolean isClosedAfter(long millis) {
        try {
            return closed.await(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    /** Listens for messages that the server sends unasked, while the session lasts. */
    private void listen(Session of) {
        threads.execute(() -> {
            EventStream events = new EventStream(longest);
            int failures = 0;
            while (session.equals(of)) {
                try {
                    HttpResponse<InputStream> response = get(of, events.lastId());
                    int status = response.statusCode();
                    if (status != 200 || !isOf(response, EVENTS)) {
                        close(response);
                        if (status == 401 || status == 403 || status == 429 || status >= 500) {
                            report("the server does not let us listen to it: " + refusal(response));
                        }
                        return;
                    }
                    failures = readAll(events, response, incoming()) == null ? 0 : failures + 1;
                } catch (ServerException e) {
                    failures++;
                }
                if (isClosedAfter(Math.min(60_000, Math.max(1_000, events.retryMillis()) << Math.min(failures, 6)))) {
                    return;
                }
            }
        });
    }

    private static void close(HttpResponse<InputStream> response) {
        try {
            response.body().close();
        } catch (IOException e) {
            // The body is no longer needed.
        }
    }

    // ---- what goes wrong

    private static Throwable cause(Throwable failure) {
        Throwable cause = failure.getCause();
        return failure instanceof CompletionException && cause != null ? cause : failure;
    }

    private static void requireSuccess(HttpResponse<InputStream> response) {
        requireSuccess(response, "");
    }

    /** @param hint what else there is to say of the status */
    private static void requireSuccess(HttpResponse<InputStream> response, String hint) {
        if (response.statusCode() / 100 != 2) {
            close(response);
            throw new ServerException("the server refused the request: " + refusal(response) + hint);
        }
    }

    /** A server of MCP 2026-07-28 says more than these statuses do. One of earlier versions asks for a session. */
    private static String earlier(int status) {
        return switch (status) {
            case 400, 404, 405, 406 ->
                "; it may speak only versions of MCP before 2026-07-28, with which a host begins with 'initialize'; the"
                        + " proxy does not translate between the two";
            default -> "";
        };
    }

    private static String refusal(HttpResponse<?> response) {
        return Statuses.text(response.statusCode()) + pause(response);
    }

    private static String pause(HttpResponse<?> response) {
        return response.headers()
                .firstValue("Retry-After")
                .filter(seconds -> seconds.matches("[0-9]{1,6}"))
                .map(seconds -> "; it wants a pause of " + seconds + " s")
                .orElse("");
    }

    private static ServerException unreached(Throwable failure) {
        String reached = "the server could not be reached: ";
        Throwable root = failure;
        for (int i = 0; i < 8 && root.getCause() != null; i++) {
            root = root.getCause();
        }
        if (failure instanceof HttpConnectTimeoutException) {
            return new ServerException(reached + "no connection in time");
        }
        if (root instanceof UnresolvedAddressException || root instanceof UnknownHostException) {
            return new ServerException(reached + "there is no such host");
        }
        if (failure instanceof ConnectException) {
            String said = root.getMessage() == null ? failure.getMessage() : root.getMessage();
            return new ServerException(reached + (said == null ? "connection refused" : Shortened.line(said, 200)));
        }
        if (failure instanceof SSLException) {
            return new ServerException(reached + "TLS failed (" + said(root) + ")");
        }
        return failure instanceof IOException e
                ? brokenOff(e)
                : new ServerException(
                        "the request failed (" + failure.getClass().getSimpleName() + ")");
    }

    private static ServerException brokenOff(IOException failure) {
        return new ServerException("the connection broke off (" + said(failure) + ")");
    }

    private static String said(Throwable failure) {
        String message = failure.getMessage();
        return message == null ? failure.getClass().getSimpleName() : Shortened.line(message, 200);
    }

    // ---- the end

    /** Tells the server that the session is over, if it answers, and releases everything. */
    @Override
    public Mono<Void> closeGracefully() {
        return Mono.defer(() -> {
            Session last = session;
            session = Session.NONE;
            closed.countDown();
            CompletableFuture<Void> told = last.id() == null
                    ? CompletableFuture.completedFuture(null)
                    : client.sendAsync(request(last).DELETE().build(), BodyHandlers.discarding())
                            .<Void>thenApply(response -> null)
                            .completeOnTimeout(null, GOODBYE.toMillis(), TimeUnit.MILLISECONDS)
                            .exceptionally(failure -> null);
            return Mono.fromFuture(told).doFinally(end -> {
                for (InputStream in : open) {
                    try {
                        in.close();
                    } catch (IOException e) {
                        // The session is over anyway.
                    }
                }
                threads.shutdownNow();
            });
        });
    }

    @Override
    public <T> T unmarshalFrom(Object data, TypeRef<T> typeRef) {
        return mapper.convertValue(data, typeRef);
    }
}
