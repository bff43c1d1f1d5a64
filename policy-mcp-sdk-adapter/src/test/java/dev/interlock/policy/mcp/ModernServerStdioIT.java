package dev.interlock.policy.mcp;

import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.modern.client.transport.McpClientTransport;
import io.modelcontextprotocol.modern.client.transport.StdioMcpClientTransport;
import io.modelcontextprotocol.modern.server.McpRequestManager;
import io.modelcontextprotocol.modern.server.transport.StdioMcpTransport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import reactor.core.Disposable;

/** The guarded server is behind the SDK's transport for stdio, over a pair of streams. */
class ModernServerStdioIT extends ModernServerOverTransport {

    private final Socket toServer;
    private final Socket toClient;
    private Disposable serving;
    private StdioMcpClientTransport transport;

    ModernServerStdioIT() throws IOException {
        try (ServerSocket listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            toServer = new Socket(InetAddress.getLoopbackAddress(), listening.getLocalPort());
            toClient = listening.accept();
        }
    }

    @Override
    void serve(McpRequestManager manager) throws Exception {
        serving = new StdioMcpTransport(
                        manager, McpJsonDefaults.getMapper(), toClient.getInputStream(), toClient.getOutputStream())
                .start()
                .subscribe();
    }

    @Override
    McpClientTransport connect(String user) throws Exception {
        transport = StdioMcpClientTransport.builder(toServer.getInputStream(), toServer.getOutputStream())
                .start();
        return transport;
    }

    @Override
    void stop() throws Exception {
        transport.close();
        toServer.close();
        toClient.close();
        serving.dispose();
    }
}
