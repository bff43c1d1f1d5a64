package dev.interlock.policy.cli.server;

import dev.interlock.policy.cli.io.InputFile;
import dev.interlock.policy.review.ServerTools;
import dev.interlock.policy.testing.ToolList;
import dev.interlock.policy.tool.ToolClassifier;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.tool.ToolRating;
import dev.interlock.policy.tool.rating.StandardToolClassifier;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The tools that a server offers.
 *
 * @param source where the tools come from, for people
 * @param definitions the tools from all pages, in the server's order
 * @param ratings ratings from a saved list, by tool name
 */
record OfferedTools(String source, List<ToolDefinition> definitions, Map<String, ToolRating> ratings) {

    OfferedTools {
        definitions = List.copyOf(definitions);
        ratings = Map.copyOf(ratings);
    }

    /** The tools in a saved list. */
    static OfferedTools inFile(String file) {
        InputFile source = InputFile.read(file);
        ToolList list = source.toolList();
        return new OfferedTools(source.name(), list.definitions(), list.ratings());
    }

    /** Rates the tools as an engine does by default, except for ratings from a saved list. */
    ToolClassifier classifier() {
        ToolClassifier standard = StandardToolClassifier.create();
        return tool -> {
            ToolRating byHand = ratings.get(tool.name());
            return byHand == null ? standard.rate(tool) : byHand;
        };
    }

    ServerTools named(@Nullable String server) {
        return new ServerTools(server, definitions);
    }
}
