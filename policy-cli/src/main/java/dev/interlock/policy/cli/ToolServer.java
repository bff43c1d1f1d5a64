package dev.interlock.policy.cli;

import dev.interlock.policy.tool.ToolDefinition;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.client.transport.ServerParameters;
import io.modelcontextprotocol.client.transport.StdioClientTransport;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema.Implementation;
import java.net.URI;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Asks a server for its tools. */
final class ToolServer {

    private static final int MOST_PAGES = 1_000;
    private static final int MOST_TOOLS = 10_000;

    private ToolServer() {}

    /** The tools of a server that is started for this, with our own environment, and stopped again. */
    static OfferedTools started(List<String> command, Duration timeout) {
        ServerParameters parameters = ServerParameters.builder(command.get(0))
                .args(command.subList(1, command.size()))
                .env(System.getenv())
                .build();
        StdioClientTransport transport = new StdioClientTransport(parameters, McpJsonDefaults.getMapper());
        // What a server says there is for its own log, and could be anything.
        transport.setStdErrorHandler(line -> {});
        return list(transport, command.get(0), timeout);
    }

    /** The tools of a server at a URL. */
    static OfferedTools at(String url, Map<String, String> headers, Duration timeout) {
        URI uri;
        try {
            uri = URI.create(url);
        } catch (IllegalArgumentException e) {
            throw new CliException("--url is no URL");
        }
        if (uri.getHost() == null || !("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
            throw new CliException("--url must be an absolute http or https URL, such as https://example.com/mcp");
        }
        String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/mcp" : uri.getRawPath();
        String endpoint = uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery();
        HttpClientStreamableHttpTransport transport = HttpClientStreamableHttpTransport.builder(
                        uri.getScheme() + "://" + uri.getRawAuthority())
                .endpoint(endpoint)
                .connectTimeout(timeout)
                .addHttpRequestCustomizer(
                        (request, method, target, body, context) -> headers.forEach(request::setHeader))
                .build();
        // Without a query, in which some servers take a key.
        return list(transport, uri.getScheme() + "://" + uri.getHost() + path, timeout);
    }

    private static OfferedTools list(McpClientTransport transport, String name, Duration timeout) {
        ListeningTransport listening = new ListeningTransport(transport);
        McpSyncClient client = McpClient.sync(listening)
                .clientInfo(Implementation.builder("interlock", "scan").build())
                .requestTimeout(timeout)
                .initializationTimeout(timeout)
                .jsonSchemaValidator(NoValidator.INSTANCE)
                .build();
        try {
            client.initialize();
            if (client.getServerCapabilities() == null
                    || client.getServerCapabilities().tools() == null) {
                return new OfferedTools(name, List.of(), Map.of());
            }
            pages(client, listening);
        } catch (CliException e) {
            throw e;
        } catch (RuntimeException e) {
            throw new CliException(name + ": the server's tools can't be had (" + reason(e) + ")");
        } finally {
            client.close();
        }
        return new OfferedTools(name, listening.definitions(), Map.of());
    }

    private static void pages(McpSyncClient client, ListeningTransport listening) {
        Set<String> cursors = new HashSet<>();
        String cursor = client.listTools(null).nextCursor();
        while (cursor != null && !cursor.isEmpty()) {
            List<ToolDefinition> soFar = listening.definitions();
            if (!cursors.add(cursor) || cursors.size() > MOST_PAGES || soFar.size() > MOST_TOOLS) {
                throw new CliException("the server's list of tools does not end");
            }
            cursor = client.listTools(cursor).nextCursor();
        }
    }

    private static String reason(Throwable failure) {
        Throwable cause = failure;
        for (int i = 0; i < 8 && cause.getCause() != null; i++) {
            cause = cause.getCause();
        }
        String message = cause.getMessage();
        return message == null ? cause.getClass().getSimpleName() : message;
    }
}
