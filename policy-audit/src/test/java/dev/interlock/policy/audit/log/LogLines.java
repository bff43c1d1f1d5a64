package dev.interlock.policy.audit.log;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A log read back, by a JSON parser that is not ours. */
final class LogLines {

    private static final JsonMapper JSON = new JsonMapper();

    private LogLines() {}

    static List<JsonNode> of(Path file) throws IOException {
        return AuditLog.files(file).stream()
                .flatMap(each -> text(each).lines())
                .map(JSON::readTree)
                .toList();
    }

    static List<JsonNode> of(Path file, String event) throws IOException {
        return of(file).stream()
                .filter(line -> line.get("event").asString().equals(event))
                .toList();
    }

    static List<String> ids(Path file) throws IOException {
        return of(file, "decision").stream()
                .map(line -> line.get("id").asString())
                .toList();
    }

    static String text(Path file) {
        try {
            return Files.readString(file, StandardCharsets.US_ASCII);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
