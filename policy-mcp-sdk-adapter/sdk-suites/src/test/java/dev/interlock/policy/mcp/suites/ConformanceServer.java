package dev.interlock.policy.mcp.suites;

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
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * The tools, resources and prompts that the conformance suite asks a server for, over streamable HTTP. It prints its
 * URL and serves until its input ends.
 */
final class ConformanceServer {

    private static final Map<String, Object> NO_ARGUMENTS = Map.of("type", "object");

    /** One red pixel. */
    private static final String PNG =
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";

    /** No sound at all. */
    private static final String WAV = "UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA=";

    private static final Content IMAGE = new McpSchema.ImageContent(null, PNG, "image/png");

    private ConformanceServer() {}

    public static void main(String[] args) throws IOException {
        HttpServletStreamableServerTransportProvider servlet = HttpServletStreamableServerTransportProvider.builder()
                .mcpEndpoint("/mcp")
                .securityValidator(DefaultServerTransportSecurityValidator.builder()
                        .allowedOrigin("http://localhost:*")
                        .allowedHost("localhost:*")
                        .build())
                .build();
        McpServer.SyncSpecification<?> specification = McpServer.sync(Adapter.around(servlet))
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
        McpSyncServer server = specification.build();
        try (Servlets servlets = new Servlets(servlet)) {
            System.out.println("http://localhost:" + servlets.port() + "/mcp");
            System.in.readAllBytes();
        } finally {
            server.close();
        }
    }

    private static void addTools(McpServer.SyncSpecification<?> server) {
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
        Map<String, Object> string = Map.of("type", "string");
        elicitation(server, "test_elicitation", Map.of("username", string, "email", string));
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
                McpSchema.Tool.builder(
                                "json_schema_2020_12_tool",
                                Map.of(
                                        "$schema",
                                        "https://json-schema.org/draft/2020-12/schema",
                                        "type",
                                        "object",
                                        "$defs",
                                        Map.of(
                                                "address",
                                                Map.of(
                                                        "type",
                                                        "object",
                                                        "properties",
                                                        Map.of("street", string, "city", string))),
                                        "properties",
                                        Map.of("name", string, "address", Map.of("$ref", "#/$defs/address")),
                                        "additionalProperties",
                                        false))
                        .description("A schema with what the draft of 2020-12 has")
                        .build(),
                (exchange, call) -> text("done"));
    }

    private static void tool(
            McpServer.SyncSpecification<?> server,
            String name,
            BiFunction<McpSyncServerExchange, CallToolRequest, CallToolResult> handler) {
        server.toolCall(
                McpSchema.Tool.builder(name, NO_ARGUMENTS)
                        .description("For the conformance suite")
                        .build(),
                handler);
    }

    private static void elicitation(
            McpServer.SyncSpecification<?> server, String name, Map<String, Object> properties) {
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
