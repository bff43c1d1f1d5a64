package dev.interlock.policy.cli.proxy;

import dev.interlock.policy.cli.Interlock;
import dev.interlock.policy.doubles.RoundsLoad;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The calls that a server gets. It does with them what their {@linkplain RoundsLoad#arguments arguments} say. */
final class Inquiries {

    private static final JsonMapper JSON = new JsonMapper();

    private final Map<Integer, Integer> arrivals = new ConcurrentHashMap<>();

    static JsonNode read(String line) {
        return JSON.readTree(line);
    }

    static String write(Map<String, ?> message) {
        return JSON.writeValueAsString(message);
    }

    static int number(JsonNode call) {
        return call.at("/params/arguments/n").asInt();
    }

    /** Returns the round of a call; -1 if its state is not one of it. */
    private static int round(JsonNode call) {
        JsonNode state = call.at("/params/requestState");
        if (state.isMissingNode()) {
            return 0;
        }
        return state.asString().matches(number(call) + "/[1-9]")
                ? Integer.parseInt(state.asString().substring(state.asString().indexOf('/') + 1))
                : -1;
    }

    static boolean isFirstRound(JsonNode call) {
        return call.at("/params/requestState").isMissingNode();
    }

    void count(JsonNode call) {
        arrivals.merge(number(call), 1, Integer::sum);
    }

    /** How often a call has come. */
    int arrivals(int n) {
        return arrivals.getOrDefault(n, 0);
    }

    /** Whether a call gets no answer in this round, until its client gives up. */
    static boolean isHeld(JsonNode call) {
        JsonNode hold = call.at("/params/arguments/hold");
        return !hold.isMissingNode() && hold.asInt() == round(call);
    }

    /** Returns the answer to a request. */
    static String answer(JsonNode request) {
        return "{\"jsonrpc\":\"2.0\",\"id\":" + request.get("id") + "," + outcome(request) + "}";
    }

    private static String outcome(JsonNode request) {
        if (!request.path("method").asString().equals("tools/call")) {
            return "\"result\":{\"resultType\":\"complete\"}";
        }
        int round = round(request);
        JsonNode arguments = request.at("/params/arguments");
        String end = arguments.path("end").asString("");
        if (round >= 0 && round < arguments.get("asks").asInt()) {
            return "\"result\":{\"resultType\":\"input_required\",\"requestState\":\"" + number(request) + "/"
                    + (round + 1) + "\",\"inputRequests\":{\"" + RoundsLoad.INPUT
                    + "\":{\"method\":\"elicitation/create\",\"params\":{}}}}";
        }
        return round < 0 || end.equals("error")
                ? "\"error\":{\"code\":-32050,\"message\":\"it failed\"}"
                : "\"result\":{\"resultType\":\"complete\",\"content\":[{\"type\":\"text\",\"text\":\"done\"}],"
                        + "\"isError\":" + end.equals("isError") + "}";
    }

    /** A server on standard input and output. Tells which call it holds, and in the end how often each has come. */
    static final class Server {

        /**
         * Serves until its input ends.
         *
         * @param args the file for what has come, and how many calls must have come before any is answered
         */
        public static void main(String... args) throws IOException {
            Inquiries inquiries = new Inquiries();
            int together = Integer.parseInt(args[1]);
            List<String> early = new ArrayList<>();
            int begun = 0;
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                JsonNode message = read(line);
                if (message.has("id")) {
                    String answer = answer(message);
                    if (message.path("method").asString().equals("tools/call")) {
                        inquiries.count(message);
                        begun += isFirstRound(message) ? 1 : 0;
                        if (isHeld(message)) {
                            answer = holds(number(message));
                        }
                    }
                    early.add(answer);
                }
                if (begun >= together) {
                    early.forEach(out::println);
                    early.clear();
                    out.flush();
                }
            }
            Files.writeString(Path.of(args[0]), write(inquiries.byName()));
        }

        private static String holds(int n) {
            return "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"level\":\"info\",\"data\":"
                    + n + "}}";
        }
    }

    private Map<String, Integer> byName() {
        Map<String, Integer> named = new ConcurrentHashMap<>();
        arrivals.forEach((n, times) -> named.put(String.valueOf(n), times));
        return named;
    }

    /** What a {@link Server} has written in the end. */
    static JsonNode written(Path file) throws IOException {
        return read(Files.readString(file));
    }

    /** How a {@link Server} is started. */
    static List<String> server(Path file, int together) {
        List<String> command = new ArrayList<>(Interlock.java());
        command.addAll(List.of(Server.class.getName(), file.toString(), String.valueOf(together)));
        return command;
    }

    /** The call that a {@link Server} says it holds; null if the message says something else. */
    static @Nullable Integer held(JsonNode message) {
        JsonNode data = message.at("/params/data");
        return data.isMissingNode() ? null : data.asInt();
    }
}
