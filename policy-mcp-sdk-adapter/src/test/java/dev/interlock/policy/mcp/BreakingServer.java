package dev.interlock.policy.mcp;

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

/**
 * A server over streamable HTTP that runs each call, listens no longer, and only then lets the client have reason to
 * send the call again, which fails before its first byte.
 */
final class BreakingServer implements Closeable {

    /** How it ends a call that it has run. */
    enum Ending {
        /** As if the client's token had run out. */
        UNAUTHORIZED("HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Bearer\r\n"),
        /** To a port on which no server listens. */
        REDIRECT("HTTP/1.1 307 Temporary Redirect\r\nlocation: /mcp\r\n"),
        UNAVAILABLE("HTTP/1.1 503 Service Unavailable\r\n"),
        /** By breaking the connection. */
        RESET("");

        private final String head;

        Ending(String head) {
            this.head = head;
        }
    }

    private static final Pattern ID = Pattern.compile("\"id\":(\"[^\"]*\"|[0-9]+)");
    private static final String HELLO = "{\"protocolVersion\":\"2025-06-18\",\"capabilities\":{\"tools\":{}},"
            + "\"serverInfo\":{\"name\":\"breaking\",\"version\":\"1\"}}";

    private final Ending ending;
    private final AtomicInteger ran = new AtomicInteger();
    private final Set<Socket> connections = ConcurrentHashMap.newKeySet();
    private volatile ServerSocket listening;

    BreakingServer(Ending ending) throws IOException {
        this.ending = ending;
        listening = listen(0);
    }

    private ServerSocket listen(int port) throws IOException {
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
        start(() -> {
            while (!socket.isClosed()) {
                Socket connection = socket.accept();
                connections.add(connection);
                start(() -> serve(connection, socket));
            }
        });
        return socket;
    }

    private interface Work {
        void run() throws IOException;
    }

    private static void start(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (IOException e) {
                // The socket was closed, here or at the other end.
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    /** Listens again, at the same address. */
    void restart() throws IOException {
        listening = listen(listening.getLocalPort());
    }

    String url() {
        return "http://127.0.0.1:" + listening.getLocalPort();
    }

    /** How many calls it has run. */
    int ran() {
        return ran.get();
    }

    private void serve(Socket connection, ServerSocket socket) throws IOException {
        InputStream in = new BufferedInputStream(connection.getInputStream());
        OutputStream out = connection.getOutputStream();
        for (String head = head(in); head != null; head = head(in)) {
            String body = new String(in.readNBytes(length(head)), StandardCharsets.UTF_8);
            if (body.contains("\"tools/call\"")) {
                // A connection that is left over, or was taken at the last moment, is gone with the server, too.
                if (socket.isClosed()) {
                    connection.close();
                    return;
                }
                ran.incrementAndGet();
                socket.close();
                end(connection, out);
                return;
            }
            out.write(response(head, body).getBytes(StandardCharsets.UTF_8));
            out.flush();
        }
    }

    private void end(Socket connection, OutputStream out) throws IOException {
        for (Socket other : connections) {
            if (!other.equals(connection)) {
                other.close();
            }
        }
        if (ending == Ending.RESET) {
            connection.setSoLinger(true, 0);
        } else {
            out.write(
                    (ending.head + "connection: close\r\ncontent-length: 0\r\n\r\n").getBytes(StandardCharsets.UTF_8));
            out.flush();
        }
        connection.close();
    }

    private static String response(String head, String body) {
        if (!head.startsWith("POST")) {
            return "HTTP/1.1 405 Method Not Allowed\r\ncontent-length: 0\r\n\r\n";
        }
        Matcher id = ID.matcher(body);
        if (!id.find()) {
            return "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";
        }
        String result = body.contains("\"initialize\"") ? HELLO : "{}";
        String json = "{\"jsonrpc\":\"2.0\",\"id\":" + id.group(1) + ",\"result\":" + result + "}";
        return "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: " + json.length() + "\r\n\r\n"
                + json;
    }

    /** Null at the end of the connection. */
    private static String head(InputStream in) throws IOException {
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
    public void close() throws IOException {
        listening.close();
        for (Socket connection : connections) {
            connection.close();
        }
    }
}
