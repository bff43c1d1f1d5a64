package dev.interlock.policy.jdbc;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicReference;

/** The network before a PostgreSQL server. It may break while a client commits. */
final class CuttingProxy implements AutoCloseable {

    /** When it breaks. */
    enum Cut {
        /** The server never gets to know that the client wanted to commit. */
        BEFORE,
        /** The server has committed, and its answer is lost. */
        AFTER,
        /** The server is still to commit when the client asks over another connection whether it has. */
        LATER
    }

    private final ServerSocket server;
    private final int target;
    private final AtomicReference<Cut> next = new AtomicReference<>();
    /** A commit that the server is yet to get. */
    private final AtomicReference<Runnable> withheld = new AtomicReference<>();

    private CuttingProxy(ServerSocket server, int target) {
        this.server = server;
        this.target = target;
    }

    static CuttingProxy to(int port) {
        try {
            CuttingProxy proxy = new CuttingProxy(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), port);
            daemon(proxy::accept);
            return proxy;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int port() {
        return server.getLocalPort();
    }

    void cutAtNextCommit(Cut cut) {
        next.set(cut);
    }

    private interface Pump {
        void run() throws IOException;
    }

    private static void daemon(Pump pump) {
        Thread thread = new Thread(() -> {
            try {
                pump.run();
            } catch (IOException e) {
                // A side has gone.
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() throws IOException {
        while (true) {
            Socket client = server.accept();
            Socket database = new Socket(InetAddress.getLoopbackAddress(), target);
            daemon(() -> requests(client, database));
            daemon(() -> answers(client, database));
        }
    }

    private void answers(Socket client, Socket database) throws IOException {
        try (client) {
            database.getInputStream().transferTo(client.getOutputStream());
        }
    }

    private void requests(Socket client, Socket database) throws IOException {
        InputStream in = client.getInputStream();
        OutputStream out = database.getOutputStream();
        byte[] buffer = new byte[1 << 16];
        for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
            String request = new String(buffer, 0, length, StandardCharsets.ISO_8859_1);
            Cut cut = request.contains("COMMIT") ? next.getAndSet(null) : null;
            if (cut == null) {
                out.write(buffer, 0, length);
                if (request.contains("INSERT INTO interlock_commits") && request.contains("ON CONFLICT")) {
                    Runnable commit = withheld.getAndSet(null);
                    if (commit != null) {
                        commit.run();
                    }
                }
                continue;
            }
            if (cut == Cut.LATER) {
                byte[] commit = request.getBytes(StandardCharsets.ISO_8859_1);
                withheld.set(() -> {
                    try {
                        out.write(commit);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
                client.close();
                return;
            }
            client.close();
            if (cut == Cut.AFTER) {
                out.write(buffer, 0, length);
            }
            // The server reads what was written before it sees that the connection has ended.
            database.shutdownOutput();
            return;
        }
        database.close();
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
