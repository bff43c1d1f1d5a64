package dev.interlock.policy.mcp;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.json.jackson3.JacksonMcpJsonMapper;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpServerFeatures.SyncCompletionSpecification;
import io.modelcontextprotocol.server.McpServerFeatures.SyncPromptSpecification;
import io.modelcontextprotocol.server.McpServerFeatures.SyncResourceSpecification;
import io.modelcontextprotocol.server.McpServerFeatures.SyncResourceTemplateSpecification;
import io.modelcontextprotocol.server.McpSyncServer;
import io.modelcontextprotocol.server.McpSyncServerExchange;
import io.modelcontextprotocol.server.transport.DefaultServerTransportSecurityValidator;
import io.modelcontextprotocol.server.transport.HttpServletStreamableServerTransportProvider;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.Content;
import io.modelcontextprotocol.spec.McpSchema.GetPromptResult;
import io.modelcontextprotocol.spec.McpSchema.Prompt;
import io.modelcontextprotocol.spec.McpSchema.PromptArgument;
import io.modelcontextprotocol.spec.McpSchema.PromptMessage;
import io.modelcontextprotocol.spec.McpSchema.ReadResourceResult;
import io.modelcontextprotocol.spec.McpSchema.Resource;
import io.modelcontextprotocol.spec.McpSchema.ResourceContents;
import io.modelcontextprotocol.spec.McpSchema.Role;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.apache.catalina.LifecycleException;
import tools.jackson.databind.json.JsonMapper;

/** The tools, resources and prompts that the conformance suite asks a server for, over streamable HTTP. */
@SuppressWarnings("deprecation") // the suite asks for what the newest protocol has no longer
final class ConformanceServer implements ConformanceSuite.Server {

    private static final Map<String, Object> NO_ARGUMENTS = Map.of("type", "object");

    private static final Map<String, Object> STRING = Map.of("type", "string");

    /** A schema with what the draft of 2020-12 has. */
    static final Map<String, Object> NEWEST_SCHEMA = json("""
            {
              "$schema": "https://json-schema.org/draft/2020-12/schema",
              "type": "object",
              "$defs": {
                "address": {
                  "$anchor": "address",
                  "type": "object",
                  "properties": {"street": {"type": "string"}, "city": {"type": "string"}}
                }
              },
              "properties": {"name": {"type": "string"}, "address": {"$ref": "#/$defs/address"}},
              "allOf": [{"anyOf": [{"required": ["name"]}, {"required": ["address"]}]}],
              "if": {"required": ["name"]},
              "then": {"properties": {"name": {"minLength": 1}}},
              "else": {"required": ["address"]},
              "additionalProperties": false
            }
            """);

    /** One red pixel. */
    static final String PNG =
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";

    /** No sound at all. */
    static final String WAV = "UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA=";

    private static final Content IMAGE = new McpSchema.ImageContent(null, PNG, "image/png");

    private final AtomicInteger calls = new AtomicInteger();
    private final McpSyncServer server;
    private final HttpServer http;

    /**
     * The SDK has "mode" both as the type's id of an elicitation and as a property. Jackson 3.2 doesn't write such an
     * object, so that the question is never sent, and the tool waits for its answer.
     */
    @JsonTypeInfo(
            use = JsonTypeInfo.Id.NAME,
            include = JsonTypeInfo.As.EXISTING_PROPERTY,
            property = "mode",
            defaultImpl = McpSchema.ElicitFormRequest.class)
    private interface ElicitationWrittenOnce {}

    ConformanceServer(ConformanceGuard guard, Path directory) throws LifecycleException {
        HttpServletStreamableServerTransportProvider servlet = HttpServletStreamableServerTransportProvider.builder()
                .jsonMapper(mapper())
                .mcpEndpoint("/mcp")
                .securityValidator(DefaultServerTransportSecurityValidator.builder()
                        .allowedOrigin("http://localhost:*")
                        .allowedHost("localhost:*")
                        .build())
                .build();
        McpServer.SyncSpecification<?> specification = McpServer.sync(guard.around(servlet))
                .serverInfo("conformance", "1")
                .capabilities(McpSchema.ServerCapabilities.builder()
                        .completions()
                        .logging()
                        .prompts(true)
                        .resources(true, true)
                        .tools(true)
                        .build());
        addTools(specification);
        addResources(specification);
        addPrompts(specification);
        server = specification.build();
        http = HttpServer.of(servlet, directory);
    }

    private static Map<String, Object> json(String text) {
        try {
            return McpJsonDefaults.getMapper().readValue(text, new TypeRef<>() {});
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static McpJsonMapper mapper() {
        JsonMapper ofSdk = ((JacksonMcpJsonMapper) McpJsonDefaults.getMapper()).getJsonMapper();
        return new JacksonMcpJsonMapper(ofSdk.rebuild()
                .addMixIn(McpSchema.ElicitRequest.class, ElicitationWrittenOnce.class)
                .build());
    }

    @Override
    public String url() {
        return http.url() + "/mcp";
    }

    @Override
    public int calls() {
        return calls.get();
    }

    @Override
    public void close() throws LifecycleException {
        server.close();
        http.close();
    }

    private void addTools(McpServer.SyncSpecification<?> server) {
        tool(server, "test_simple_text", (exchange, call) -> text("This is a simple text response for testing."));
        tool(server, "test_image_content", (exchange, call) -> result(IMAGE));
        tool(
                server,
                "test_audio_content",
                (exchange, call) -> result(new McpSchema.AudioContent(null, WAV, "audio/wav")));
        tool(
                server,
                "test_embedded_resource",
                (exchange, call) ->
                        result(embedded("test://embedded-resource", "This is an embedded resource content.")));
        tool(
                server,
                "test_multiple_content_types",
                (exchange, call) -> result(
                        new TextContent("Multiple content types test:"),
                        IMAGE,
                        embedded("test://mixed-content-resource", "a resource")));
        tool(server, "test_tool_with_logging", (exchange, call) -> {
            for (String step : List.of("started", "processing data", "completed")) {
                exchange.loggingNotification(McpSchema.LoggingMessageNotification.builder()
                        .level(McpSchema.LoggingLevel.INFO)
                        .logger("conformance")
                        .data("Tool execution " + step)
                        .build());
            }
            return text("done");
        });
        tool(server, "test_tool_with_progress", (exchange, call) -> {
            Object token = call.meta() == null ? null : call.meta().get("progressToken");
            if (token != null) {
                for (int progress : new int[] {0, 50, 100}) {
                    exchange.progressNotification(new McpSchema.ProgressNotification(token, progress, 100.0, "so far"));
                }
            }
            return text("done");
        });
        tool(
                server,
                "test_error_handling",
                (exchange, call) -> CallToolResult.builder()
                        .addTextContent("This tool intentionally returns an error for testing")
                        .isError(true)
                        .build());
        tool(server, "test_sampling", (exchange, call) -> {
            Object prompt = call.arguments().getOrDefault("prompt", "");
            return text("LLM response: "
                    + exchange.createMessage(McpSchema.CreateMessageRequest.builder(
                                            List.of(new McpSchema.SamplingMessage(
                                                    Role.USER, new TextContent(prompt.toString()))),
                                            100)
                                    .build())
                            .content());
        });
        elicitation(server, "test_elicitation", Map.of("username", STRING, "email", STRING));
        elicitation(
                server,
                "test_elicitation_sep1034_defaults",
                Map.of(
                        "name", Map.of("type", "string", "default", "John Doe"),
                        "age", Map.of("type", "integer", "default", 30),
                        "score", Map.of("type", "number", "default", 95.5),
                        "status",
                                Map.of(
                                        "type",
                                        "string",
                                        "enum",
                                        List.of("active", "inactive", "pending"),
                                        "default",
                                        "active"),
                        "verified", Map.of("type", "boolean", "default", true)));
        List<String> options = List.of("option1", "option2", "option3");
        List<Object> titled = List.of(
                Map.of("const", "value1", "title", "First"),
                Map.of("const", "value2", "title", "Second"),
                Map.of("const", "value3", "title", "Third"));
        elicitation(
                server,
                "test_elicitation_sep1330_enums",
                Map.of(
                        "untitledSingle", Map.of("type", "string", "enum", options),
                        "titledSingle", Map.of("type", "string", "oneOf", titled),
                        "legacyEnum",
                                Map.of(
                                        "type",
                                        "string",
                                        "enum",
                                        List.of("opt1", "opt2", "opt3"),
                                        "enumNames",
                                        List.of("One", "Two", "Three")),
                        "untitledMulti", Map.of("type", "array", "items", Map.of("type", "string", "enum", options)),
                        "titledMulti", Map.of("type", "array", "items", Map.of("anyOf", titled))));
        server.toolCall(
                McpSchema.Tool.builder("json_schema_2020_12_tool", NEWEST_SCHEMA)
                        .description("A schema with what the draft of 2020-12 has")
                        .build(),
                (exchange, call) -> text("done"));
    }

    private void tool(
            McpServer.SyncSpecification<?> server,
            String name,
            BiFunction<McpSyncServerExchange, CallToolRequest, CallToolResult> handler) {
        server.toolCall(
                McpSchema.Tool.builder(name, NO_ARGUMENTS)
                        .description("For the conformance suite")
                        .build(),
                (exchange, call) -> {
                    calls.incrementAndGet();
                    return handler.apply(exchange, call);
                });
    }

    private void elicitation(McpServer.SyncSpecification<?> server, String name, Map<String, Object> properties) {
        tool(
                server,
                name,
                (exchange, call) -> text("Elicitation completed: "
                        + exchange.createElicitation(McpSchema.ElicitFormRequest.builder(
                                        call.arguments()
                                                .getOrDefault("message", "Please answer.")
                                                .toString(),
                                        Map.of("type", "object", "properties", properties))
                                .build())));
    }

    private static void addResources(McpServer.SyncSpecification<?> server) {
        resource(
                server,
                "test://static-text",
                uri -> new McpSchema.TextResourceContents(
                        uri, "text/plain", "This is the content of the static text resource."));
        resource(server, "test://static-binary", uri -> new McpSchema.BlobResourceContents(uri, "image/png", PNG));
        resource(
                server,
                "test://watched-resource",
                uri -> new McpSchema.TextResourceContents(uri, "text/plain", "Nothing changes here."));
        server.resourceTemplates(new SyncResourceTemplateSpecification(
                McpSchema.ResourceTemplate.builder("test://template/{id}/data", "template")
                        .description("For the conformance suite")
                        .mimeType("application/json")
                        .build(),
                (exchange, request) -> {
                    String id = request.uri().replaceAll("^test://template/|/data$", "");
                    return new ReadResourceResult(List.of(new McpSchema.TextResourceContents(
                            request.uri(),
                            "application/json",
                            "{\"id\":\"" + id + "\",\"templateTest\":true,\"data\":\"Data for ID: " + id + "\"}")));
                }));
    }

    private static void resource(
            McpServer.SyncSpecification<?> server, String uri, Function<String, ResourceContents> contents) {
        server.resources(new SyncResourceSpecification(
                Resource.builder(uri, uri)
                        .description("For the conformance suite")
                        .build(),
                (exchange, request) -> new ReadResourceResult(List.of(contents.apply(request.uri())))));
    }

    private static void addPrompts(McpServer.SyncSpecification<?> server) {
        prompt(
                server,
                "test_simple_prompt",
                List.of(),
                arguments -> List.of(new TextContent("This is a simple prompt for testing.")));
        prompt(
                server,
                "test_prompt_with_arguments",
                List.of("arg1", "arg2"),
                arguments -> List.of(new TextContent("Prompt with arguments: arg1='" + arguments.get("arg1")
                        + "', arg2='" + arguments.get("arg2") + "'")));
        prompt(
                server,
                "test_prompt_with_embedded_resource",
                List.of("resourceUri"),
                arguments -> List.of(
                        embedded(
                                String.valueOf(arguments.get("resourceUri")), "Embedded resource content for testing."),
                        new TextContent("Please process the embedded resource above.")));
        prompt(
                server,
                "test_prompt_with_image",
                List.of(),
                arguments -> List.of(IMAGE, new TextContent("Please analyze the image above.")));
        server.completions(new SyncCompletionSpecification(
                new McpSchema.PromptReference("test_prompt_with_arguments"),
                (exchange, request) -> new McpSchema.CompleteResult(
                        new McpSchema.CompleteResult.CompleteCompletion(List.of("test1", "test2"), 2, false))));
    }

    private static void prompt(
            McpServer.SyncSpecification<?> server,
            String name,
            List<String> arguments,
            Function<Map<String, Object>, List<Content>> contents) {
        server.prompts(new SyncPromptSpecification(
                new Prompt(
                        name,
                        "For the conformance suite",
                        arguments.stream()
                                .map(argument -> new PromptArgument(argument, "A string", true))
                                .toList()),
                (exchange, request) -> new GetPromptResult(
                        "For the conformance suite",
                        contents.apply(request.arguments() == null ? Map.of() : request.arguments()).stream()
                                .map(content -> new PromptMessage(Role.USER, content))
                                .toList())));
    }

    private static CallToolResult text(String text) {
        return result(new TextContent(text));
    }

    private static CallToolResult result(Content... contents) {
        return CallToolResult.builder(List.of(contents)).build();
    }

    private static Content embedded(String uri, String text) {
        return new McpSchema.EmbeddedResource(null, new McpSchema.TextResourceContents(uri, "text/plain", text));
    }
}
