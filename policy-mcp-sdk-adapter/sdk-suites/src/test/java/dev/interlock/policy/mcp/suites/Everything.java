package dev.interlock.policy.mcp.suites;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.modelcontextprotocol.client.transport.ServerParameters;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** npm's server-everything, which stands in for the Docker image that the SDK's own build takes. */
final class Everything implements AutoCloseable {

    private static final Duration START = Duration.ofSeconds(30);

    private final Process process;
    private final int port;

    private Everything(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    private static Path program() {
        String directory = System.getProperty("everything", "");
        assumeTrue(!directory.isEmpty(), "server-everything is not installed: run the script beside the pom");
        Path program = Path.of(directory, "dist", "index.js");
        assumeTrue(Files.exists(program), () -> "there is no " + program);
        return program;
    }

    private static String node() {
        return System.getProperty("node", "node");
    }

    static ServerParameters overStdio() {
        return ServerParameters.builder(node())
                .args(program().toString(), "stdio")
                .build();
    }

    /** @param transport {@code sse} or {@code streamableHttp} */
    static Everything overHttp(String transport) throws IOException, InterruptedException {
        int port;
        try (ServerSocket any = new ServerSocket(0)) {
            port = any.getLocalPort();
        }
        ProcessBuilder command = new ProcessBuilder(node(), program().toString(), transport)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD);
        command.environment().put("PORT", String.valueOf(port));
        Everything server = new Everything(command.start(), port);
        server.awaitListening();
        return server;
    }

    private void awaitListening() throws IOException, InterruptedException {
        long deadline = System.nanoTime() + START.toNanos();
        while (process.isAlive() && System.nanoTime() < deadline) {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress("localhost", port), 1000);
                return;
            } catch (SocketTimeoutException | java.net.ConnectException e) {
                // Nothing tells when it listens.
                Thread.sleep(50);
            }
        }
        close();
        throw new IOException("server-everything does not listen");
    }

    String url() {
        return "http://localhost:" + port;
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
