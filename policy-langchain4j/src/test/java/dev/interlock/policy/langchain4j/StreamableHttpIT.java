package dev.interlock.policy.langchain4j;

import dev.langchain4j.mcp.client.transport.McpTransport;
import dev.langchain4j.mcp.client.transport.http.StreamableHttpMcpTransport;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpSyncServer;
import io.modelcontextprotocol.server.transport.HttpServletStreamableServerTransportProvider;
import java.nio.file.Path;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.catalina.Context;
import org.apache.catalina.startup.Tomcat;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;

/** The server is the SDK's servlet, on Tomcat. */
class StreamableHttpIT extends EnforcementOverTransport {

    /**
     * It warns of threads that outlive the servlet: Reactor's, which all tests share. Kept here, or it is collected.
     */
    private static final Logger LEAK_WARNINGS = Logger.getLogger("org.apache.catalina.loader.WebappClassLoaderBase");

    @TempDir
    private Path directory;

    private final TestServer tools = new TestServer();
    private @Nullable McpSyncServer server;
    private final Tomcat tomcat = new Tomcat();

    @Override
    McpTransport connectToNewServer() throws Exception {
        LEAK_WARNINGS.setLevel(Level.OFF);
        HttpServletStreamableServerTransportProvider provider = HttpServletStreamableServerTransportProvider.builder()
                .mcpEndpoint("/mcp")
                .build();
        server = tools.configure(McpServer.sync(provider)).build();
        tomcat.setBaseDir(directory.toString());
        tomcat.setPort(0);
        tomcat.setSilent(true);
        Context context = tomcat.addContext("", directory.toString());
        Tomcat.addServlet(context, "mcp", provider).setAsyncSupported(true);
        context.addServletMappingDecoded("/*", "mcp");
        tomcat.start();
        return StreamableHttpMcpTransport.builder()
                .url("http://localhost:" + tomcat.getConnector().getLocalPort() + "/mcp")
                .build();
    }

    @Override
    void stopServer() throws Exception {
        tools.release();
        server.closeGracefully();
        tomcat.stop();
        tomcat.destroy();
    }
}
