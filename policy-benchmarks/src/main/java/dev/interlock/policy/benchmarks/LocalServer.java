package dev.interlock.policy.benchmarks;

import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.transport.HttpServletStreamableServerTransportProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.catalina.Context;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.startup.Tomcat;

/** {@link RefundServer} behind the SDK's servlet, on a free port. */
final class LocalServer implements AutoCloseable {

    /**
     * Warns about threads that outlive the servlet: Reactor's, which all servers share. Kept in a field, so that it
     * isn't collected.
     */
    private static final Logger LEAK_WARNINGS = Logger.getLogger("org.apache.catalina.loader.WebappClassLoaderBase");

    private final Tomcat tomcat = new Tomcat();
    private final Path directory;

    private LocalServer() throws IOException, LifecycleException {
        LEAK_WARNINGS.setLevel(Level.OFF);
        HttpServletStreamableServerTransportProvider servlet =
                HttpServletStreamableServerTransportProvider.builder().build();
        RefundServer.serve(McpServer.sync(servlet));
        directory = Files.createTempDirectory("interlock-benchmark");
        tomcat.setBaseDir(directory.toString());
        tomcat.setPort(0);
        tomcat.setSilent(true);
        Context context = tomcat.addContext("", directory.toString());
        Tomcat.addServlet(context, "mcp", servlet).setAsyncSupported(true);
        context.addServletMappingDecoded("/*", "mcp");
        tomcat.start();
    }

    static LocalServer start() throws IOException, LifecycleException {
        return new LocalServer();
    }

    String url() {
        return "http://localhost:" + tomcat.getConnector().getLocalPort();
    }

    @Override
    public void close() throws LifecycleException, IOException {
        tomcat.stop();
        tomcat.destroy();
        try (var files = Files.walk(directory)) {
            for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
