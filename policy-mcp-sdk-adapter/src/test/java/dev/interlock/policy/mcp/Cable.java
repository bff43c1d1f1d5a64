package dev.interlock.policy.mcp;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A stretch of network between a client and a server, which can be cut while both live on. */
final class Cable implements AutoCloseable {

    private final ServerSocket end = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final int to;

    /** To a server on this machine. */
    Cable(String url) throws IOException {
        to = URI.create(url).getPort();
        threads.execute(this::accept);
    }

    /** What a client connects to instead. */
    String url() {
        return "http://localhost:" + end.getLocalPort();
    }

    private void accept() {
        try {
            while (true) {
                Socket client = end.accept();
                sockets.add(client);
                Socket server = new Socket(InetAddress.getLoopbackAddress(), to);
                sockets.add(server);
                threads.execute(() -> carry(client, server));
                threads.execute(() -> carry(server, client));
            }
        } catch (IOException e) {
            // It is cut.
            sockets.forEach(Cable::reset);
        }
    }

    private static void carry(Socket from, Socket to) {
        try {
            from.getInputStream().transferTo(to.getOutputStream());
            to.shutdownOutput();
        } catch (IOException e) {
            reset(from);
            reset(to);
        }
    }

    private static void reset(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException e) {
            // The other direction may have been first.
            if (!socket.isClosed()) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Breaks all connections off, and takes no others. */
    void cut() throws IOException {
        end.close();
        sockets.forEach(Cable::reset);
    }

    @Override
    public void close() throws IOException {
        cut();
        threads.shutdownNow();
    }
}
