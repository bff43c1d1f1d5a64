package dev.interlock.policy.cli.server;

import dev.interlock.policy.adapter.JsonRpcIds;
import dev.interlock.policy.mcp.UnreadableResponseException;
import dev.interlock.policy.time.Alarm;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse.JSONRPCError;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Notices when a host and a server have no version of MCP in common: until 2025-11-25 a session begins with
 * {@code initialize}, and from 2026-07-28 on each request names its version. Nothing is translated between the two.
 * Instead, the host and whoever reads the reports are told what is wrong, and no request stays open because of it.
 * Messages between two sides that understand each other pass unchanged.
 *
 * <p>A server of earlier versions may leave a request unanswered that comes before {@code initialize}. If nothing has
 * shown yet that the server knows the later protocol, it is then asked with {@code server/discover}, which every server
 * of that protocol answers.
 *
 * <p>Thread-safe.
 */
public final class EraTransport implements McpClientTransport {

    /** How long a request may stay unanswered before the server is asked, or given up if it was asked before. */
    static final Duration UNANSWERED = Duration.ofSeconds(3);

    /** How long a server that has never said anything may take to answer {@code server/discover}. */
    static final Duration SILENT = Duration.ofMinutes(1);

    private static final String NOT_TRANSLATED = "; the proxy does not translate between the two";

    private static final String MODERN_ONLY = "the server refuses 'initialize': it may speak only MCP 2026-07-28 or"
            + " later, and the host only earlier versions" + NOT_TRANSLATED;

    private static final String LEGACY_ONLY = "the server does not know 'server/discover': it speaks only versions of"
            + " MCP before 2026-07-28, with which a host begins with 'initialize'" + NOT_TRANSLATED;

    private static final String NO_ANSWER = "the server has answered nothing: it may speak only versions of MCP before"
            + " 2026-07-28, and wait for 'initialize'" + NOT_TRANSLATED;

    /** The errors that MCP 2026-07-28 defines. No other server sends them. */
    private static final Set<Integer> MODERN_ERRORS = Set.of(-32020, -32021, -32022);

    /** With which codes a server refuses {@code initialize} that doesn't know it. */
    private static final Set<Integer> REFUSALS = Set.of(-32600, -32601, -32602, -32020, -32021, -32022);

    /** Of our own question. No host's id may begin like this. */
    private static final String QUESTION = "dev.interlock/discover";

    private static final int MOST_GIVEN_UP = 1_000;

    private enum Era {
        UNKNOWN,
        LEGACY,
        MODERN
    }

    private record Sent(Object id, boolean discovers) {}

    private final McpClientTransport inner;
    private final Consumer<String> reports;
    private final @Nullable Alarm alarm;

    private volatile @Nullable Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler;
    private volatile boolean heard;

    /** What the server speaks, as far as its answers have shown. Guarded by this, as is everything below. */
    private Era server = Era.UNKNOWN;

    /** The key of {@code initialize}'s id; null unless the host has begun a session. */
    private @Nullable Object initialize;

    /** The requests that name their version and are not answered, until the server is known to understand them. */
    private final Map<Object, Sent> waiting = new LinkedHashMap<>();

    /** The requests whose answers would come too late. */
    private final Set<Object> givenUp = new HashSet<>();

    private final Set<String> reported = new HashSet<>();

    /** Whether the alarm will ring. */
    private boolean watched;

    /**
     * @param reports receives descriptions of what is wrong
     * @param alarm wakes this transport if a request stays unanswered; null if the transport inside ends every request
     *     by itself
     */
    public EraTransport(McpClientTransport inner, Consumer<String> reports, @Nullable Alarm alarm) {
        this.inner = inner;
        this.reports = reports;
        this.alarm = alarm;
    }

    @Override
    public Mono<Void> connect(Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> connected) {
        return Mono.defer(() -> {
            handler = connected;
            return inner.connect(messages -> connected.apply(messages.<JSONRPCMessage>mapNotNull(this::received)
                    .doOnError(UnreadableResponseException.class, failure -> forget(failure.id()))));
        });
    }

    // ---- from the host

    @Override
    public Mono<Void> sendMessage(JSONRPCMessage message) {
        return Mono.defer(() -> {
            if (message instanceof JSONRPCRequest request) {
                sent(request);
                return inner.sendMessage(request).doOnError(failure -> forget(request.id()));
            }
            if (message instanceof JSONRPCNotification notification) {
                Object cancelled = JsonRpcIds.cancelled(notification.method(), notification.params());
                if (cancelled != null) {
                    forget(cancelled);
                }
            }
            return inner.sendMessage(message);
        });
    }

    private void sent(JSONRPCRequest request) {
        Object key = JsonRpcIds.key(request.id());
        synchronized (this) {
            givenUp.remove(key);
            if (request.method().equals(McpSchema.METHOD_INITIALIZE)) {
                initialize = key;
                waiting.clear();
                return;
            }
            if (server == Era.MODERN || initialize != null || ModernHeaders.version(request.params()) == null) {
                return;
            }
            waiting.put(key, new Sent(request.id(), request.method().equals(ToolListing.DISCOVER)));
            if (alarm == null || watched) {
                return;
            }
            watched = true;
        }
        alarm.in(UNANSWERED, this::unanswered);
    }

    private synchronized void forget(Object id) {
        waiting.remove(JsonRpcIds.key(id));
    }

    // ---- from the server

    /** What the host gets of a message; null if that is nothing. */
    private @Nullable JSONRPCMessage received(JSONRPCMessage message) {
        heard = true;
        if (!(message instanceof JSONRPCResponse response) || response.id() == null) {
            return message;
        }
        Object key = JsonRpcIds.key(response.id());
        String problem;
        synchronized (this) {
            if (givenUp.remove(key)) {
                return null;
            }
            problem = key.equals(initialize) ? initialized(response.error()) : answered(key, response.error());
        }
        if (problem != null) {
            report(problem);
            if (problem.equals(LEGACY_ONLY) && alarm != null) {
                unanswered();
            }
        }
        return key.equals(QUESTION) ? null : problem == null ? response : explained(response, problem);
    }

    /** Null if the server may know {@code initialize}. */
    private @Nullable String initialized(@Nullable JSONRPCError error) {
        if (error == null) {
            return null;
        }
        initialize = null;
        return REFUSALS.contains(error.code()) ? MODERN_ONLY : null;
    }

    /** Null if nothing shows that the server knows earlier versions only. */
    private @Nullable String answered(Object key, @Nullable JSONRPCError error) {
        Sent request = waiting.remove(key);
        if (request == null) {
            return null;
        }
        if (error == null || MODERN_ERRORS.contains(error.code())) {
            server = Era.MODERN;
            waiting.clear();
            return null;
        }
        if (!request.discovers()) {
            return null;
        }
        server = Era.LEGACY;
        return LEGACY_ONLY;
    }

    private static JSONRPCMessage explained(JSONRPCResponse response, String problem) {
        JSONRPCError error = response.error();
        return JSONRPCResponse.error(
                response.id(), new JSONRPCError(error.code(), error.message() + " (" + problem + ")", error.data()));
    }

    // ---- what stays unanswered

    /** Asks a server of which nothing is known. Gives up what a server of earlier versions leaves unanswered. */
    private void unanswered() {
        List<Sent> unanswered = List.of();
        boolean unknown;
        boolean asks;
        synchronized (this) {
            unknown = server == Era.UNKNOWN && !waiting.isEmpty();
            asks = unknown && waiting.values().stream().noneMatch(Sent::discovers);
            if (asks) {
                waiting.put(QUESTION, new Sent(QUESTION, true));
            }
            if (!unknown) {
                watched = false;
                unanswered = taken();
            }
        }
        giveUp(unanswered, LEGACY_ONLY);
        if (asks) {
            JSONRPCRequest question =
                    new JSONRPCRequest("2.0", ToolListing.DISCOVER, QUESTION, Map.of("_meta", ToolListing.ENVELOPE));
            inner.sendMessage(question).subscribe(nothing -> {}, failure -> forget(QUESTION));
        }
        if (unknown && alarm != null) {
            alarm.in(SILENT, this::silent);
        }
    }

    /** Gives up on a server that has never said anything. */
    private void silent() {
        List<Sent> unanswered;
        synchronized (this) {
            watched = false;
            unanswered = server == Era.UNKNOWN && !heard ? taken() : List.of();
        }
        giveUp(unanswered, NO_ANSWER);
    }

    private List<Sent> taken() {
        waiting.remove(QUESTION);
        List<Sent> taken = new ArrayList<>(waiting.values());
        waiting.clear();
        for (Sent request : taken) {
            if (givenUp.size() < MOST_GIVEN_UP) {
                givenUp.add(JsonRpcIds.key(request.id()));
            }
        }
        return taken;
    }

    private void giveUp(List<Sent> requests, String problem) {
        Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> host = handler;
        if (requests.isEmpty() || host == null) {
            return;
        }
        report(problem);
        for (Sent request : requests) {
            host.apply(Mono.error(new UnreadableResponseException(request.id(), problem)))
                    .subscribe(nothing -> {}, failure -> reports.accept("an answer was lost: " + failure));
        }
    }

    /** Each problem once. */
    private void report(String problem) {
        boolean first;
        synchronized (this) {
            first = reported.add(problem);
        }
        if (first) {
            reports.accept(problem);
        }
    }

    // ---- the rest

    @Override
    public Mono<Void> closeGracefully() {
        return inner.closeGracefully();
    }

    @Override
    public void close() {
        inner.close();
    }

    @Override
    public List<String> protocolVersions() {
        return inner.protocolVersions();
    }

    @Override
    public <T> T unmarshalFrom(Object data, TypeRef<T> type) {
        return inner.unmarshalFrom(data, type);
    }
}
