package dev.interlock.policy.mcp;

import io.modelcontextprotocol.client.transport.ServerParameters;
import io.modelcontextprotocol.client.transport.StdioClientTransport;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.server.transport.StdioServerTransportProvider;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema.ClientCapabilities;
import io.modelcontextprotocol.spec.McpSchema.Implementation;
import io.modelcontextprotocol.spec.McpSchema.InitializeRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpServerTransportProvider;
import java.io.BufferedReader;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * A process that serves one client after another on its stdin and stdout, each with a server of its own. Starting a
 * process takes longer than most tests that need one.
 */
final class ServerProcess {

    private final Class<?> main;
    private volatile Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> receiver = ServerProcess::ignore;
    private @Nullable StdioClientTransport process;

    /** Of a class whose {@code main} does {@link #serve}. */
    ServerProcess(Class<?> main) {
        this.main = main;
    }

    /** A transport to a server that has not been used yet. */
    McpClientTransport connect() throws InterruptedException {
        if (process == null) {
            process = start();
        }
        return new Turn(process);
    }

    /** Waits until the process answers, which no client's time limit allows for. */
    private StdioClientTransport start() throws InterruptedException {
        ServerParameters java = ServerParameters.builder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString())
                .args(
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        main.getName())
                .build();
        StdioClientTransport started = new StdioClientTransport(java, McpJsonDefaults.getMapper());
        CountDownLatch ready = new CountDownLatch(1);
        receiver = answer -> answer.doOnNext(is -> ready.countDown());
        started.connect(message -> receiver.apply(message))
                .then(started.sendMessage(new JSONRPCRequest(
                        "initialize",
                        "ready?",
                        InitializeRequest.builder(
                                        "2025-06-18",
                                        ClientCapabilities.builder().build(),
                                        Implementation.builder("test", "1").build())
                                .build())))
                .block();
        if (!ready.await(Await.PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            throw new IllegalStateException(main + " does not answer");
        }
        return started;
    }

    private static Mono<JSONRPCMessage> ignore(Mono<JSONRPCMessage> message) {
        return Mono.empty();
    }

    /** Has the process go without a word. */
    void kill() {
        ProcessHandle.current().children().forEach(ProcessHandle::destroyForcibly);
    }

    void stop() {
        if (process != null) {
            process.closeGracefully().block();
            process = null;
        }
    }

    /** One client's use of the process. */
    private final class Turn extends ForwardingTransport<StdioClientTransport> implements McpClientTransport {

        Turn(StdioClientTransport stdio) {
            super(stdio);
        }

        @Override
        public Mono<Void> connect(Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler) {
            return Mono.fromRunnable(() -> receiver = handler);
        }

        @Override
        public Mono<Void> sendMessage(JSONRPCMessage message) {
            // While another thread sends, the SDK's client on stdio waits at most a tenth of a second and then fails
            // ("Failed to enqueue message"); before 2.1 at once. On a busy machine that is soon over.
            return Mono.defer(() -> {
                synchronized (transport) {
                    return transport.sendMessage(message);
                }
            });
        }

        @Override
        public Mono<Void> closeGracefully() {
            return Mono.fromRunnable(this::close);
        }

        @Override
        public void close() {
            receiver = ServerProcess::ignore;
        }
    }

    /**
     * Serves until stdin ends. A client's first request begins a server, and ends the one before.
     *
     * @param server starts one, and tells how to stop it
     */
    static void serve(Function<McpServerTransportProvider, Runnable> server) throws IOException {
        BufferedReader stdin = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        Served served = null;
        for (String line = stdin.readLine(); line != null; line = stdin.readLine()) {
            // Within a JSON string the quotes would be escaped.
            if (line.contains("\"method\":\"initialize\"")) {
                if (served != null) {
                    served.end();
                }
                served = new Served(server);
            }
            served.send(line);
        }
        if (served != null) {
            served.end();
        }
    }

    /** The server's side of a turn. */
    private static final class Served {

        private final PipedOutputStream in = new PipedOutputStream();
        private final Out out = new Out(System.out);
        private final Runnable stop;

        Served(Function<McpServerTransportProvider, Runnable> server) throws IOException {
            stop = server.apply(new StdioServerTransportProvider(
                    McpJsonDefaults.getMapper(), new PipedInputStream(in, 1 << 16), out));
        }

        void send(String line) throws IOException {
            in.write((line + "\n").getBytes(StandardCharsets.UTF_8));
            in.flush();
        }

        void end() throws IOException {
            out.close();
            in.close();
            stop.run();
        }
    }

    /** The process's output for as long as it is this server's turn. */
    private static final class Out extends FilterOutputStream {

        private boolean over;

        Out(OutputStream stdout) {
            super(stdout);
        }

        @Override
        public synchronized void write(int value) throws IOException {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public synchronized void write(byte[] bytes, int offset, int length) throws IOException {
            if (!over) {
                out.write(bytes, offset, length);
            }
        }

        @Override
        public synchronized void close() {
            over = true;
        }
    }
}
