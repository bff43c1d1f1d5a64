package dev.interlock.policy.mcp;

import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.catalina.Context;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.LifecycleState;
import org.apache.catalina.Wrapper;
import org.apache.catalina.core.StandardContext;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.util.descriptor.web.FilterDef;
import org.apache.tomcat.util.descriptor.web.FilterMap;

/** Runs one of the SDK's servlets on a free port. */
final class HttpServer implements AutoCloseable {

    /**
     * It warns of threads that outlive the servlet: Reactor's, which all tests share. Kept here, or it is collected.
     */
    private static final Logger LEAK_WARNINGS = Logger.getLogger("org.apache.catalina.loader.WebappClassLoaderBase");

    private final Tomcat tomcat = new Tomcat();

    /** The servlet as it is. */
    static HttpServer of(HttpServlet servlet, Path directory) throws LifecycleException {
        return new HttpServer(servlet, directory, false);
    }

    /** With {@code tools/list} answered in pages, which the servlet can't. */
    static HttpServer paging(HttpServlet servlet, Path directory) throws LifecycleException {
        return new HttpServer(servlet, directory, true);
    }

    private HttpServer(HttpServlet servlet, Path directory, boolean paging) throws LifecycleException {
        LEAK_WARNINGS.setLevel(Level.OFF);
        tomcat.setBaseDir(directory.toString());
        tomcat.setPort(0);
        tomcat.setSilent(true);
        StandardContext context = (StandardContext) tomcat.addContext("", directory.toString());
        // Else it waits for calls that hang.
        context.setUnloadDelay(0);
        Wrapper wrapper = Tomcat.addServlet(context, "mcp", servlet);
        wrapper.setAsyncSupported(true);
        context.addServletMappingDecoded("/*", "mcp");
        if (paging) {
            page(context);
        }
        tomcat.start();
    }

    private static void page(Context context) {
        FilterDef paging = new FilterDef();
        paging.setFilterName("paging");
        paging.setFilter(new Paging());
        paging.setAsyncSupported("true");
        context.addFilterDef(paging);
        FilterMap everywhere = new FilterMap();
        everywhere.setFilterName("paging");
        everywhere.addURLPattern("/*");
        context.addFilterMap(everywhere);
    }

    String url() {
        return "http://localhost:" + tomcat.getConnector().getLocalPort();
    }

    @Override
    public void close() throws LifecycleException {
        if (tomcat.getServer().getState() != LifecycleState.DESTROYED) {
            tomcat.stop();
            tomcat.destroy();
        }
    }

    private static final class Paging extends HttpFilter {

        private final transient McpJsonMapper json = McpJsonDefaults.getMapper();

        @Override
        protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
                throws IOException, ServletException {
            if (!request.getMethod().equals("POST")) {
                chain.doFilter(request, response);
                return;
            }
            byte[] body = request.getInputStream().readAllBytes();
            Map<String, Object> message = json.readValue(body, new TypeRef<>() {});
            if ("tools/list".equals(message.get("method"))) {
                response.setContentType("application/json");
                response.getOutputStream()
                        .write(json.writeValueAsBytes(
                                JSONRPCResponse.result(message.get("id"), PagingProvider.page(message.get("params")))));
            } else {
                chain.doFilter(new Reread(request, body), response);
            }
        }
    }

    private static final class Reread extends HttpServletRequestWrapper {

        private final byte[] body;

        Reread(HttpServletRequest request, byte[] body) {
            super(request);
            this.body = body;
        }

        @Override
        public BufferedReader getReader() {
            return new BufferedReader(new InputStreamReader(getInputStream(), StandardCharsets.UTF_8));
        }

        @Override
        public ServletInputStream getInputStream() {
            ByteArrayInputStream bytes = new ByteArrayInputStream(body);
            return new ServletInputStream() {
                @Override
                public int read() {
                    return bytes.read();
                }

                @Override
                public int read(byte[] to, int offset, int length) {
                    return bytes.read(to, offset, length);
                }

                @Override
                public boolean isFinished() {
                    return bytes.available() == 0;
                }

                @Override
                public boolean isReady() {
                    return true;
                }

                @Override
                public void setReadListener(ReadListener listener) {
                    throw new UnsupportedOperationException();
                }
            };
        }
    }
}
