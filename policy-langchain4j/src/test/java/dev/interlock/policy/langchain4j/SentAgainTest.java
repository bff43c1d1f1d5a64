package dev.interlock.policy.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.approval.ApprovalTickets;
import dev.interlock.policy.approval.Ticket;
import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.yaml.PolicyYaml;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.exception.ToolExecutionException;
import dev.langchain4j.mcp.client.DefaultMcpClient;
import dev.langchain4j.mcp.client.McpClient;
import dev.langchain4j.mcp.client.transport.http.HttpMcpTransport;
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
import java.util.List;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** LangChain4j's transport for SSE sends a message again over a new connection when one that it has kept breaks. */
@Timeout(120)
@SuppressWarnings({"deprecation", "removal"}) // SSE is, and still spoken
class SentAgainTest {

    private static final String POLICY = """
            version: "1"
            tools:
              pay:
                rules:
                  - {name: one a month, rate_limit: {max: 1, window: 30d, algorithm: sliding_window}}
                  - {name: ask, action: require_approval}
            """;

    private final List<CallOutcome> settlements = new CopyOnWriteArrayList<>();
    private final ApprovalTickets tickets = ApprovalTickets.create();

    private final PolicyEngine engine = PolicyEngine.builder(
                    PolicyYaml.read(POLICY, "test").orThrow())
            .approvals(tickets)
            .audit(event -> {
                if (event instanceof AuditEvent.Settled settled) {
                    settlements.add(settled.outcome());
                }
            })
            .build();

    private static void pay(McpClient client) {
        client.executeTool(
                ToolExecutionRequest.builder().name("pay").arguments("{}").build());
    }

    @Test
    void oneApprovalAndOneUnitOfALimitAreGoodForOneRunOfTheCall() throws Exception {
        try (BreakingServer server = new BreakingServer()) {
            McpClient client = DefaultMcpClient.builder()
                    .transport(EnforcingMcpTransport.wrap(
                            HttpMcpTransport.builder().sseUrl(server.url()).build(), engine))
                    .build();
            assertThatThrownBy(() -> pay(client)).isInstanceOf(ToolExecutionException.class);
            tickets.approve(tickets.list().get(0).id(), "Ada");

            assertThatThrownBy(() -> pay(client)).isInstanceOf(RuntimeException.class);
            assertThat(server.ran()).isEqualTo(1);
            assertThat(settlements).containsExactly(CallOutcome.UNKNOWN);
            assertThat(tickets.list()).noneMatch(ticket -> ticket.state() == Ticket.State.APPROVED);

            server.listen();
            client.checkHealth();
            assertThatThrownBy(() -> pay(client)).isInstanceOf(ToolExecutionException.class);

            assertThat(server.ran()).isEqualTo(1);
            assertThat(settlements).containsExactly(CallOutcome.UNKNOWN);
            client.close();
        }
    }

    /** A server over SSE that runs a call, listens no longer, and resets the connection. */
    private static final class BreakingServer implements Closeable {

        private static final Pattern ID = Pattern.compile("\"id\":([0-9]+)");
        private static final String HELLO = "{\"protocolVersion\":\"2024-11-05\",\"capabilities\":{\"tools\":{}},"
                + "\"serverInfo\":{\"name\":\"breaking\",\"version\":\"1\"}}";

        private final AtomicInteger ran = new AtomicInteger();
        private final BlockingQueue<String> events = new LinkedBlockingQueue<>();
        private volatile ServerSocket listening = new ServerSocket();
        private int port;

        BreakingServer() throws IOException {
            listen();
        }

        /** Listens, always at the same address. */
        void listen() throws IOException {
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

        String url() {
            return "http://127.0.0.1:" + port + "/sse";
        }

        int ran() {
            return ran.get();
        }

        private void serve(Socket connection, ServerSocket socket) throws IOException, InterruptedException {
            InputStream in = new BufferedInputStream(connection.getInputStream());
            OutputStream out = connection.getOutputStream();
            for (String head = head(in); head != null; head = head(in)) {
                String body = new String(in.readNBytes(length(head)), StandardCharsets.UTF_8);
                if (head.startsWith("GET")) {
                    write(out, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n");
                    write(out, "event: endpoint\ndata: /message\n\n");
                    while (true) {
                        write(out, "event: message\ndata: " + events.take() + "\n\n");
                    }
                }
                if (body.contains("\"tools/call\"")) {
                    // The client may have another connection left over, which is gone with the server, too.
                    if (!socket.isClosed()) {
                        ran.incrementAndGet();
                    }
                    socket.close();
                    connection.setSoLinger(true, 0);
                    connection.close();
                    return;
                }
                Matcher id = ID.matcher(body);
                if (id.find()) {
                    String result = body.contains("\"initialize\"") ? HELLO : "{}";
                    events.add("{\"jsonrpc\":\"2.0\",\"id\":" + id.group(1) + ",\"result\":" + result + "}");
                }
                write(out, "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n");
            }
        }

        private static void write(OutputStream out, String text) throws IOException {
            out.write(text.getBytes(StandardCharsets.UTF_8));
            out.flush();
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
        }
    }
}
