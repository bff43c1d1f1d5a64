package dev.interlock.policy.mcp;

import io.modelcontextprotocol.modern.McpException;
import io.modelcontextprotocol.modern.McpSchema.AudioContent;
import io.modelcontextprotocol.modern.McpSchema.BlobResourceContents;
import io.modelcontextprotocol.modern.McpSchema.CallToolOutcome;
import io.modelcontextprotocol.modern.McpSchema.CallToolRequest;
import io.modelcontextprotocol.modern.McpSchema.CallToolResult;
import io.modelcontextprotocol.modern.McpSchema.ClientCapabilities;
import io.modelcontextprotocol.modern.McpSchema.CompleteResult;
import io.modelcontextprotocol.modern.McpSchema.Content;
import io.modelcontextprotocol.modern.McpSchema.CreateMessageRequest;
import io.modelcontextprotocol.modern.McpSchema.ElicitFormRequest;
import io.modelcontextprotocol.modern.McpSchema.EmbeddedResource;
import io.modelcontextprotocol.modern.McpSchema.GetPromptOutcome;
import io.modelcontextprotocol.modern.McpSchema.GetPromptRequest;
import io.modelcontextprotocol.modern.McpSchema.GetPromptResult;
import io.modelcontextprotocol.modern.McpSchema.ImageContent;
import io.modelcontextprotocol.modern.McpSchema.Implementation;
import io.modelcontextprotocol.modern.McpSchema.InputRequiredResult;
import io.modelcontextprotocol.modern.McpSchema.Prompt;
import io.modelcontextprotocol.modern.McpSchema.PromptArgument;
import io.modelcontextprotocol.modern.McpSchema.PromptMessage;
import io.modelcontextprotocol.modern.McpSchema.ReadResourceResult;
import io.modelcontextprotocol.modern.McpSchema.Resource;
import io.modelcontextprotocol.modern.McpSchema.ResourceContents;
import io.modelcontextprotocol.modern.McpSchema.ResourceTemplate;
import io.modelcontextprotocol.modern.McpSchema.Role;
import io.modelcontextprotocol.modern.McpSchema.SamplingMessage;
import io.modelcontextprotocol.modern.McpSchema.TextContent;
import io.modelcontextprotocol.modern.McpSchema.TextResourceContents;
import io.modelcontextprotocol.modern.McpSchema.Tool;
import io.modelcontextprotocol.modern.server.HmacRequestStateCodec;
import io.modelcontextprotocol.modern.server.McpRequestContext;
import io.modelcontextprotocol.modern.server.McpServer;
import io.modelcontextprotocol.modern.server.McpSyncResponse;
import io.modelcontextprotocol.modern.server.feature.McpChangeFeed;
import io.modelcontextprotocol.modern.server.feature.McpSyncPrompt;
import io.modelcontextprotocol.modern.server.feature.McpSyncPromptRepository;
import io.modelcontextprotocol.modern.server.feature.McpSyncResource;
import io.modelcontextprotocol.modern.server.feature.McpSyncResourceRepository;
import io.modelcontextprotocol.modern.server.feature.McpSyncTool;
import io.modelcontextprotocol.modern.server.feature.McpSyncToolRepository;
import io.modelcontextprotocol.modern.server.feature.PromptsFeature;
import io.modelcontextprotocol.modern.server.feature.PromptsPage;
import io.modelcontextprotocol.modern.server.feature.ResourceTemplatesPage;
import io.modelcontextprotocol.modern.server.feature.ResourcesFeature;
import io.modelcontextprotocol.modern.server.feature.ResourcesPage;
import io.modelcontextprotocol.modern.server.feature.ToolsFeature;
import io.modelcontextprotocol.modern.server.feature.ToolsPage;
import io.modelcontextprotocol.modern.server.transport.HttpServletMcpTransport;
import io.modelcontextprotocol.server.transport.DefaultServerTransportSecurityValidator;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.catalina.LifecycleException;

/** The tools, resources and prompts that the conformance suite asks a server of MCP 2026-07-28 for, over HTTP. */
@SuppressWarnings("deprecation") // the suite asks for what the protocol will not have for ever
final class ModernConformanceServer implements ConformanceSuite.Server {

    private static final Map<String, Object> NO_ARGUMENTS = Map.of("type", "object");

    private static final Content IMAGE =
            ImageContent.builder(ConformanceServer.PNG, "image/png").build();

    private final Map<String, McpSyncTool> tools = new LinkedHashMap<>();
    private final Map<String, McpSyncPrompt> prompts = new LinkedHashMap<>();
    private final Map<String, Supplier<ResourceContents>> resources = new LinkedHashMap<>();
    private final AtomicInteger calls = new AtomicInteger();
    private final McpServer server;
    private final HttpServer http;

    ModernConformanceServer(ConformanceGuard guard, Path directory) throws LifecycleException {
        addTools();
        addToolsThatAsk();
        addResources();
        addPrompts();
        server = McpServer.builder()
                .serverInfo(Implementation.builder("conformance", "1").build())
                .feature(ToolsFeature.ofSync(new Tools()))
                .feature(PromptsFeature.ofSync(new Prompts()))
                .feature(ResourcesFeature.ofSync(new Resources()))
                .subscriptions(new McpChangeFeed())
                .requestStateCodec(
                        HmacRequestStateCodec.builder().key(new byte[32]).build())
                .build();
        http = HttpServer.of(
                HttpServletMcpTransport.builder(
                                guard == ConformanceGuard.NONE
                                        ? server
                                        : EnforcingRequestManager.wrap(server, guard.engine()))
                        .endpoint("/mcp")
                        .httpHeaderValidator(DefaultServerTransportSecurityValidator.builder()
                                .allowedOrigin("http://localhost:*")
                                .allowedHost("localhost:*")
                                .build())
                        .build(),
                directory);
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
        server.closeGracefully();
        http.close();
    }

    private final class Tools implements McpSyncToolRepository {

        @Override
        public ToolsPage list(McpRequestContext context, String cursor) {
            return ToolsPage.of(
                    tools.values().stream().map(McpSyncTool::definition).toList());
        }

        @Override
        public McpSyncTool find(McpRequestContext context, String name) {
            return tools.get(name);
        }
    }

    private final class Prompts implements McpSyncPromptRepository {

        @Override
        public PromptsPage list(McpRequestContext context, String cursor) {
            return PromptsPage.of(
                    prompts.values().stream().map(McpSyncPrompt::definition).toList());
        }

        @Override
        public McpSyncPrompt find(McpRequestContext context, String name) {
            return prompts.get(name);
        }

        @Override
        public boolean supportsCompletion() {
            return true;
        }
    }

    private final class Resources implements McpSyncResourceRepository {

        @Override
        public ResourcesPage list(McpRequestContext context, String cursor) {
            return ResourcesPage.of(resources.keySet().stream()
                    .map(uri -> Resource.builder(uri, uri)
                            .description("For the conformance suite")
                            .build())
                    .toList());
        }

        @Override
        public ResourceTemplatesPage listTemplates(McpRequestContext context, String cursor) {
            return ResourceTemplatesPage.of(List.of(ResourceTemplate.builder("test://template/{id}/data", "template")
                    .description("For the conformance suite")
                    .mimeType("application/json")
                    .build()));
        }

        @Override
        public McpSyncResource find(McpRequestContext context, String uri) {
            Supplier<ResourceContents> contents = resources.get(uri);
            if (contents == null && uri.matches("test://template/[^/]+/data")) {
                String id = uri.replaceAll("^test://template/|/data$", "");
                contents = () -> TextResourceContents.builder(
                                uri,
                                "{\"id\":\"" + id + "\",\"templateTest\":true,\"data\":\"Data for ID: " + id + "\"}")
                        .mimeType("application/json")
                        .build();
            }
            Supplier<ResourceContents> found = contents;
            return found == null
                    ? null
                    : McpSyncResource.of((asking, request) -> McpSyncResponse.result(
                            ReadResourceResult.builder(List.of(found.get())).build()));
        }
    }

    // ---- tools

    private void addTools() {
        tool("test_simple_text", call -> text("This is a simple text response for testing."));
        tool("test_image_content", call -> result(IMAGE));
        tool(
                "test_audio_content",
                call -> result(
                        AudioContent.builder(ConformanceServer.WAV, "audio/wav").build()));
        tool(
                "test_embedded_resource",
                call -> result(embedded("test://embedded-resource", "This is an embedded resource content.")));
        tool(
                "test_multiple_content_types",
                call -> result(
                        TextContent.builder("Multiple content types test:").build(),
                        IMAGE,
                        embedded("test://mixed-content-resource", "a resource")));
        tool(
                "test_error_handling",
                call -> CallToolResult.builder()
                        .addContent(TextContent.builder("This tool intentionally returns an error for testing")
                                .build())
                        .isError(true)
                        .build());
        answering(
                "test_tool_with_progress",
                ClientCapabilities.NONE,
                (context, call) -> McpSyncResponse.streaming(notifier -> {
                    for (int progress : new int[] {0, 50, 100}) {
                        notifier.progress(progress, 100.0, "so far");
                    }
                    return text("done");
                }));
        answering(
                "test_logging_tool",
                ClientCapabilities.NONE,
                (context, call) -> McpSyncResponse.streaming(notifier -> {
                    if (context.meta().containsKey("io.modelcontextprotocol/logLevel")) {
                        notifier.notify("notifications/message", Map.of("level", "info", "data", "called"));
                    }
                    return text("done");
                }));
        described("json_schema_2020_12_tool", ConformanceServer.NEWEST_SCHEMA, call -> text("done"));
        described(
                "test_param_headers",
                Map.of(
                        "type",
                        "object",
                        "properties",
                        Map.of("place", Map.of("type", "string", "x-mcp-header", "Place"))),
                call -> text("done"));
        answering(
                "test_missing_capability",
                ClientCapabilities.builder().sampling().build(),
                (context, call) -> McpSyncResponse.result(text("done")));
    }

    private void addToolsThatAsk() {
        answering(
                "test_streaming_elicitation",
                ClientCapabilities.NONE,
                (context, call) -> McpSyncResponse.streaming(notifier -> {
                    notifier.progress(1, 2.0, "asking");
                    return asking().elicit("user_name", form("name")).build();
                }));
        tool(
                "test_input_required_result_elicitation",
                call -> given(call, "user_name")
                        ? text("Hello, " + content(call, "user_name").get("name") + "!")
                        : asking().elicit("user_name", form("name")).build());
        tool(
                "test_input_required_result_sampling",
                call -> given(call, "sample_request")
                        ? text("Sampling result: " + call.inputResponses().get("sample_request"))
                        : asking().createMessage("sample_request", sampling("What is the capital of France?"))
                                .build());
        tool(
                "test_input_required_result_list_roots",
                call -> given(call, "roots_request")
                        ? text("Found " + call.inputResponses().get("roots_request"))
                        : asking().listRoots("roots_request").build());
        tool(
                "test_input_required_result_request_state",
                call -> "confirming".equals(call.requestState()) && given(call, "confirm")
                        ? text("state-ok: requestState validated")
                        : asking().elicit("confirm", form("ok"))
                                .requestState("confirming")
                                .build());
        tool(
                "test_input_required_result_multiple_inputs",
                call -> call.requestState() != null
                                && given(call, "user_name")
                                && given(call, "greeting")
                                && given(call, "client_roots")
                        ? text("Name: " + content(call, "user_name").get("name"))
                        : asking().elicit("user_name", form("name"))
                                .createMessage("greeting", sampling("Generate a greeting"))
                                .listRoots("client_roots")
                                .requestState("several")
                                .build());
        tool("test_input_required_result_multi_round", call -> {
            if ("round 1".equals(call.requestState()) && given(call, "step1")) {
                return asking().elicit("step2", form("color"))
                        .requestState("round 2")
                        .build();
            }
            return "round 2".equals(call.requestState()) && given(call, "step2")
                    ? text("Multi-round complete: " + content(call, "step2").get("color"))
                    : asking().elicit("step1", form("name"))
                            .requestState("round 1")
                            .build();
        });
        tool("test_input_required_result_tampered_state", call -> {
            if (call.requestState() == null) {
                return asking().elicit("confirm", form("ok"))
                        .requestState("sealed")
                        .build();
            }
            if (!given(call, "confirm")) {
                throw new McpException(-32602, "nothing was confirmed");
            }
            return text("integrity-ok: state verified");
        });
        answering("test_input_required_result_capabilities", ClientCapabilities.NONE, (context, call) -> {
            if (call.inputResponses() != null && !call.inputResponses().isEmpty()) {
                return McpSyncResponse.result(text(
                        "capabilities-ok: received " + call.inputResponses().keySet()));
            }
            ClientCapabilities client = context.clientCapabilities();
            if (!client.supportsElicitationForm() && !client.supportsSampling()) {
                return McpSyncResponse.result(text("nothing that can be asked for"));
            }
            InputRequiredResult.Builder asking = asking().requestState("capabilities");
            if (client.supportsElicitationForm()) {
                asking.elicit("elicit_input", form("value"));
            }
            if (client.supportsSampling()) {
                asking.createMessage("sample_input", sampling("Sample request"));
            }
            return McpSyncResponse.result(asking.build());
        });
    }

    private void tool(String name, Function<CallToolRequest, CallToolOutcome> handler) {
        described(name, NO_ARGUMENTS, handler);
    }

    private void described(
            String name, Map<String, Object> schema, Function<CallToolRequest, CallToolOutcome> handler) {
        answering(
                name, schema, ClientCapabilities.NONE, (context, call) -> McpSyncResponse.result(handler.apply(call)));
    }

    private void answering(
            String name,
            ClientCapabilities required,
            BiFunction<McpRequestContext, CallToolRequest, McpSyncResponse<CallToolOutcome>> handler) {
        answering(name, NO_ARGUMENTS, required, handler);
    }

    private void answering(
            String name,
            Map<String, Object> schema,
            ClientCapabilities required,
            BiFunction<McpRequestContext, CallToolRequest, McpSyncResponse<CallToolOutcome>> handler) {
        tools.put(
                name,
                McpSyncTool.of(
                        Tool.builder(name, schema)
                                .description("For the conformance suite")
                                .build(),
                        required,
                        (context, call) -> {
                            calls.incrementAndGet();
                            return handler.apply(context, call);
                        }));
    }

    private static InputRequiredResult.Builder asking() {
        return InputRequiredResult.builder();
    }

    private static ElicitFormRequest form(String field) {
        Map<String, Object> schema = Map.of(
                "type",
                "object",
                "properties",
                Map.of(field, Map.of("type", field.equals("ok") ? "boolean" : "string")),
                "required",
                List.of(field));
        return ElicitFormRequest.builder("Please answer.", schema).build();
    }

    private static CreateMessageRequest sampling(String prompt) {
        return CreateMessageRequest.builder(
                        List.of(SamplingMessage.builder(
                                        Role.USER, TextContent.builder(prompt).build())
                                .build()),
                        100)
                .build();
    }

    private static boolean given(CallToolRequest call, String key) {
        return call.inputResponses() != null && call.inputResponses().containsKey(key);
    }

    private static Map<?, ?> content(CallToolRequest call, String key) {
        return content(call.inputResponses(), key);
    }

    private static Map<?, ?> content(Map<String, Object> responses, String key) {
        return responses.get(key) instanceof Map<?, ?> answer && answer.get("content") instanceof Map<?, ?> content
                ? content
                : Map.of();
    }

    private static CallToolResult text(String text) {
        return result(TextContent.builder(text).build());
    }

    private static CallToolResult result(Content... contents) {
        return CallToolResult.builder().content(List.of(contents)).build();
    }

    private static Content embedded(String uri, String text) {
        return EmbeddedResource.builder(TextResourceContents.builder(uri, text)
                        .mimeType("text/plain")
                        .build())
                .build();
    }

    // ---- resources and prompts

    private void addResources() {
        resources.put(
                "test://static-text",
                () -> TextResourceContents.builder(
                                "test://static-text", "This is the content of the static text resource.")
                        .mimeType("text/plain")
                        .build());
        resources.put(
                "test://static-binary",
                () -> BlobResourceContents.builder("test://static-binary", ConformanceServer.PNG)
                        .mimeType("image/png")
                        .build());
        resources.put(
                "test://watched-resource",
                () -> TextResourceContents.builder("test://watched-resource", "Nothing changes here.")
                        .mimeType("text/plain")
                        .build());
    }

    private void addPrompts() {
        prompt(
                "test_simple_prompt",
                List.of(),
                request -> prompt(TextContent.builder("This is a simple prompt for testing.")
                        .build()));
        prompt(
                "test_prompt_with_arguments",
                List.of("arg1", "arg2"),
                request -> prompt(TextContent.builder("Prompt with arguments: arg1='"
                                + request.arguments().get("arg1") + "', arg2='"
                                + request.arguments().get("arg2") + "'")
                        .build()));
        prompts.computeIfPresent(
                "test_prompt_with_arguments",
                (name, prompt) -> prompt.withCompletionHandler((context, request) ->
                        CompleteResult.of(new CompleteResult.Completion(List.of("test1", "test2"), 2, false))));
        prompt(
                "test_prompt_with_embedded_resource",
                List.of("resourceUri"),
                request -> prompt(
                        embedded(request.arguments().get("resourceUri"), "Embedded resource content for testing."),
                        TextContent.builder("Please process the embedded resource above.")
                                .build()));
        prompt(
                "test_prompt_with_image",
                List.of(),
                request -> prompt(
                        IMAGE,
                        TextContent.builder("Please analyze the image above.").build()));
        prompt(
                "test_input_required_result_prompt",
                List.of(),
                request -> request.inputResponses() != null
                                && request.inputResponses().containsKey("user_context")
                        ? prompt(TextContent.builder("Prompt with context: "
                                        + content(request.inputResponses(), "user_context")
                                                .get("context"))
                                .build())
                        : asking().elicit("user_context", form("context")).build());
    }

    private void prompt(String name, List<String> arguments, Function<GetPromptRequest, GetPromptOutcome> handler) {
        prompts.put(
                name,
                McpSyncPrompt.of(
                        Prompt.builder(name)
                                .description("For the conformance suite")
                                .arguments(arguments.stream()
                                        .map(argument -> PromptArgument.builder(argument)
                                                .description("A string")
                                                .required(true)
                                                .build())
                                        .toList())
                                .build(),
                        (context, request) -> McpSyncResponse.result(handler.apply(request))));
    }

    private static GetPromptOutcome prompt(Content... contents) {
        return GetPromptResult.builder(List.of(contents).stream()
                        .map(content ->
                                PromptMessage.builder(Role.USER, content).build())
                        .toList())
                .description("For the conformance suite")
                .build();
    }
}
