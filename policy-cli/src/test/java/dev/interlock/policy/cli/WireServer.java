package dev.interlock.policy.cli;

import dev.interlock.policy.cli.server.JsonRpc;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A server of MCP 2026-07-28 on standard input and output, which takes no other version. It keeps every line that it
 * reads in a file. The name of a tool says how its calls are answered.
 */
final class WireServer {

    static final String VERSION = "2026-07-28";

    private static final String READ_ONLY = ",\"annotations\":{\"readOnlyHint\":true}}";

    private static final String TOOLS = Stream.of(
                            "echo",
                            "hidden",
                            "never",
                            "ask",
                            "book",
                            "careful",
                            "timid",
                            "changing",
                            "slow",
                            "sampler",
                            "odd",
                            "task",
                            "mismatch",
                            "login")
                    .map(name -> "{\"name\":\"" + name + "\",\"inputSchema\":{\"type\":\"object\"}" + READ_ONLY)
                    .collect(Collectors.joining(","))
            + ",{\"name\":\"wipe\",\"inputSchema\":{\"type\":\"object\"},\"annotations\":{\"destructiveHint\":true}}"
            + ",{\"name\":\"sized\",\"inputSchema\":{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\"}}}"
            + READ_ONLY;

    private WireServer() {}

    public static void main(String... args) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        JsonRpc json = new JsonRpc();
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            Files.writeString(Path.of(args[0]), line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            byte[] bytes = Interlock.utf8(line);
            if (json.read(bytes, 0, bytes.length) instanceof JsonRpc.Message message
                    && message.message() instanceof JSONRPCRequest request) {
                String answer = answer(request);
                if (answer != null) {
                    System.out.println(
                            "{\"jsonrpc\":\"2.0\",\"id\":" + JsonRpc.text(request.id()) + "," + answer + "}");
                }
            }
        }
    }

    private static @Nullable String answer(JSONRPCRequest request) {
        Map<?, ?> params = request.params() instanceof Map<?, ?> members ? members : Map.of();
        if (!(params.get("_meta") instanceof Map<?, ?> meta)
                || !VERSION.equals(meta.get("io.modelcontextprotocol/protocolVersion"))) {
            return "\"error\":{\"code\":-32022,\"message\":\"Unsupported\",\"data\":{\"supported\":[\"" + VERSION
                    + "\"],\"requested\":\"none\"}}";
        }
        return switch (request.method()) {
            case "server/discover" ->
                complete("\"supportedVersions\":[\"" + VERSION + "\"],\"capabilities\":{\"tools\":"
                        + "{\"listChanged\":true}},\"ttlMs\":300000,\"cacheScope\":\"public\"");
            case "tools/list" ->
                complete("\"tools\":[" + TOOLS + "],\"ttlMs\":300000,\"cacheScope\":\"public\",\"other\":1");
            case "tools/call" -> call(String.valueOf(params.get("name")), params);
            case "subscriptions/listen" -> {
                System.out.println("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/subscriptions/acknowledged\","
                        + "\"params\":{\"notifications\":{\"toolsListChanged\":true},\"_meta\":"
                        + "{\"io.modelcontextprotocol/subscriptionId\":" + JsonRpc.text(request.id()) + "}}}");
                yield null;
            }
            case "prompts/get", "tasks/get" -> asks("sampling/createMessage", "p1");
            default -> complete("\"content\":[]");
        };
    }

    private static @Nullable String call(String tool, Map<?, ?> params) {
        String state = String.valueOf(params.get("requestState"));
        return switch (tool) {
            case "slow" -> null;
            case "sampler" -> asks("sampling/createMessage", "s1");
            case "odd" -> asks("tasks/create", "s1");
            case "task" -> "\"result\":{\"resultType\":\"task\",\"taskId\":\"t1\"}";
            case "mismatch" ->
                "\"error\":{\"code\":-32020,\"message\":\"Header mismatch\",\"data\":{\"header\":\"x\"}}";
            case "login" ->
                "\"error\":{\"code\":-32042,\"message\":\"log in\",\"data\":{\"elicitations\":[{\"mode\":\"url\"}]}}";
            case "ask", "book" ->
                state.equals("s1")
                        ? asks("elicitation/create", "s2")
                        : state.equals("s2") ? text("booked") : asks("elicitation/create", "s1");
            default -> text(tool + " ran");
        };
    }

    private static String complete(String members) {
        return "\"result\":{\"resultType\":\"complete\"," + members + "}";
    }

    private static String text(String text) {
        return complete("\"content\":[{\"type\":\"text\",\"text\":\"" + text + "\"}]");
    }

    private static String asks(String method, String state) {
        return "\"result\":{\"resultType\":\"input_required\",\"requestState\":\"" + state
                + "\",\"inputRequests\":{\"q\":{\"method\":\"" + method + "\",\"params\":{}}}}";
    }
}
