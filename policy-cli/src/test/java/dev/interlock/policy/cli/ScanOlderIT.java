package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers that don't know the question which versions of the protocol they speak are scanned all the same. */
class ScanOlderIT {

    @TempDir
    private Path directory;

    /** Knows only methods of before MCP 2026-07-28. What it does with any other, its argument says. */
    static final class OlderServer {
        private static final Pattern ID = Pattern.compile("\"id\":(\\d+)");

        public static void main(String... args) throws IOException {
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                Matcher id = ID.matcher(line);
                if (!id.find()) {
                    continue;
                }
                if (line.contains("\"initialize\"")) {
                    answer(id, "\"result\":{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{\"tools\":{}}}");
                } else if (line.contains("tools/list")) {
                    answer(
                            id,
                            "\"result\":{\"tools\":[{\"name\":\"get_item\",\"inputSchema\":"
                                    + "{\"type\":\"object\"}}]}");
                } else if (args[0].equals("ends")) {
                    System.exit(3);
                } else if (args[0].equals("refuses")) {
                    answer(id, "\"error\":{\"code\":-32601,\"message\":\"Method not found\"}");
                }
            }
        }

        private static void answer(Matcher id, String end) {
            System.out.println("{\"jsonrpc\":\"2.0\",\"id\":" + id.group(1) + "," + end + "}");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ends", "refuses", "ignores"})
    void isInitialized(String how) throws Exception {
        List<String> words = new ArrayList<>(List.of("scan", "--format", "json", "--"));
        words.addAll(Interlock.java());
        words.addAll(List.of(OlderServer.class.getName(), how));

        Interlock.Result scan = new Interlock(directory).run(words.toArray(String[]::new));

        assertThat(scan.err()).isEmpty();
        assertThat(scan.out()).contains("\"name\":\"get_item\"");
    }
}
