package dev.interlock.policy.doubles;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An MCP server over HTTP that runs a call, stops listening, and only then breaks off the exchange in which the call
 * came. A client that sends the call again fails before its first byte. A subclass says how messages travel and how the
 * exchange ends.
 */
public abstract class BreakingServer implements Closeable {

    private static final Pattern ID = Pattern.compile("\"id\":(\"[^\"]*\"|[0-9]+)");

    private final String protocol;
    private final AtomicInteger ran = new AtomicInteger();
    private final Set<Socket> connections = ConcurrentHashMap.newKeySet();
    private volatile ServerSocket listening = new ServerSocket();
    private volatile int port;

    /**
     * A server that does not listen yet.
     *
     * @param protocol the version of MCP that it answers to an initialization
     */
    protected BreakingServer(String protocol) throws IOException {
        this.protocol = protocol;
    }

    /** Listens, at the same address each time. */
    public final void listen() throws IOException {
        ServerSocket socket = new ServerSocket();
        socket.setReuseAddress(true);
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        for (int attempt = 0; !socket.isBound(); attempt++) {
            try {
                socket.bind(address);
            } catch (BindException e) {
                // The socket before is closed by the thread that accepts on it, which may not have run yet.
                if (attempt == 1_000_000) {
                    throw e;
                }
                Thread.onSpinWait();
            }
        }
        port = socket.getLocalPort();
        listening = socket;
        start(() -> {
            while (!socket.isClosed()) {
                Socket connection = socket.accept();
                connections.add(connection);
                start(() -> serve(connection, socket));
            }
        });
    }

    private interface Work {
        void run() throws IOException, InterruptedException;
    }

    private static void start(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (IOException | InterruptedException e) {
                // The socket was closed, here or at the other end.
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    /** Where it listens, without a path. */
    public final String url() {
        return "http://127.0.0.1:" + port;
    }

    /** How many calls it has run. */
    public final int ran() {
        return ran.get();
    }

    private void serve(Socket connection, ServerSocket socket) throws IOException, InterruptedException {
        InputStream in = new BufferedInputStream(connection.getInputStream());
        OutputStream out = connection.getOutputStream();
        for (String head = head(in); head != null; head = head(in)) {
            String body = new String(in.readNBytes(length(head)), StandardCharsets.UTF_8);
            if (body.contains("\"tools/call\"")) {
                // A connection that is left over, or was taken at the last moment, is gone with the server, too.
                if (socket.isClosed()) {
                    reset(connection);
                    return;
                }
                ran.incrementAndGet();
                socket.close();
                end(connection, out);
                connection.close();
                return;
            }
            answer(head, body, out);
        }
    }

    /** Answers a request other than a call. */
    protected abstract void answer(String head, String body, OutputStream out) throws IOException, InterruptedException;

    /** Ends the exchange of a call that has run; afterwards the connection is closed. */
    protected abstract void end(Socket connection, OutputStream out) throws IOException;

    /** Closes a connection so that the client sees it broken. */
    protected static void reset(Socket connection) throws IOException {
        connection.setSoLinger(true, 0);
        connection.close();
    }

    /** Closes all connections but this one. */
    protected final void closeOthers(Socket connection) throws IOException {
        for (Socket other : connections) {
            if (!other.equals(connection)) {
                other.close();
            }
        }
    }

    /** Returns the response to a request, or null if the message is none. */
    protected final @Nullable String response(String body) {
        Matcher id = ID.matcher(body);
        if (!id.find()) {
            return null;
        }
        String result = body.contains("\"initialize\"")
                ? "{\"protocolVersion\":\"" + protocol + "\",\"capabilities\":{\"tools\":{}},"
                        + "\"serverInfo\":{\"name\":\"breaking\",\"version\":\"1\"}}"
                : "{}";
        return "{\"jsonrpc\":\"2.0\",\"id\":" + id.group(1) + ",\"result\":" + result + "}";
    }

    /** Writes text, and sends it. */
    protected static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    /** Null at the end of the connection. */
    private static @Nullable String head(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                return null;
            }
            head.append((char) next);
        }
        return head.toString();
    }

    private static int length(String head) {
        return head.lines()
                .map(line -> line.toLowerCase(Locale.ROOT))
                .filter(line -> line.startsWith("content-length:"))
                .mapToInt(line -> Integer.parseInt(line.substring(15).strip()))
                .findFirst()
                .orElse(0);
    }

    @Override
    public final void close() throws IOException {
        listening.close();
        for (Socket connection : connections) {
            connection.close();
        }
    }
}
