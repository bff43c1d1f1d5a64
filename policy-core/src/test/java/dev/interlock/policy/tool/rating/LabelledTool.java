package dev.interlock.policy.tool.rating;

import dev.interlock.policy.tool.ToolCategory;
import dev.interlock.policy.tool.ToolDefinition;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** A tool that a person has labelled with what a call to it does; not certain where two persons could differ. */
record LabelledTool(String server, ToolDefinition definition, ToolCategory category, boolean certain) {

    /** Lines of server, tool, category and description, parted by tabs. */
    static List<LabelledTool> fromResource(String name) {
        return lines(name)
                .map(line -> line.split("\t", -1))
                .map(cells -> new LabelledTool(cells[0], definition(cells[1], cells[3]), category(cells[2]), true))
                .toList();
    }

    /** Lines of tool, category and risk, parted by commas, below a heading. */
    static List<String[]> rowsOf(String name) {
        return lines(name).skip(1).map(line -> line.split(",", -1)).toList();
    }

    /** JSON Lines with {@code server}, {@code tool}, {@code description}, {@code category} and {@code certain}. */
    static List<LabelledTool> fromJsonLines(Path file) {
        ObjectMapper mapper = new ObjectMapper();
        try {
            return Files.readAllLines(file).stream()
                    .filter(line -> !line.isBlank())
                    .map(mapper::readTree)
                    .map(LabelledTool::fromJson)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static LabelledTool fromJson(JsonNode row) {
        return new LabelledTool(
                row.path("server").asString(""),
                definition(row.path("tool").asString(), row.path("description").asString("")),
                category(row.path("category").asString()),
                row.path("certain").asBoolean(true));
    }

    private static ToolDefinition definition(String name, String description) {
        return ToolDefinition.named(name).withDescription(description);
    }

    private static ToolCategory category(String text) {
        return ToolCategory.of(text).orElseThrow(() -> new IllegalArgumentException("no category: " + text));
    }

    private static Stream<String> lines(String resource) {
        try (InputStream bytes = LabelledTool.class.getResourceAsStream(resource)) {
            String text = new String(Objects.requireNonNull(bytes, resource).readAllBytes(), StandardCharsets.UTF_8);
            return text.lines().filter(line -> !line.isBlank() && !line.startsWith("#"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
