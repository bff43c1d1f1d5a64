package dev.interlock.policy.tool.rating;

import dev.interlock.policy.tool.RiskLevel;
import dev.interlock.policy.tool.ToolCategory;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.tool.rating.NameReading.Certainty;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a tool's arguments say about its risk. Looks at a bounded number of them, at the top level only. */
final class SchemaSignals {

    private static final int MAX_ARGUMENTS = 200;
    private static final int MAX_VALUES = 100;

    /** From this many arguments on, a reviewer wants to know. */
    private static final int MANY_ARGUMENTS = 10;

    private static final Set<String> HTTP_METHODS = Set.of("get", "head", "options", "post", "put", "patch", "delete");

    private final Lexicon lexicon;
    private final ToolNameReader names;

    SchemaSignals(Lexicon lexicon, ToolNameReader names) {
        this.lexicon = lexicon;
        this.names = names;
    }

    void weigh(ToolDefinition tool, Assessment assessment) {
        ObjectValue schema = tool.inputSchema();
        if (schema == null || !(schema.get("properties") instanceof ObjectValue properties)) {
            return;
        }
        weighActions(properties, assessment);
        int seen = 0;
        boolean amount = false;
        boolean currency = false;
        for (Map.Entry<String, Value> property : properties.members().entrySet()) {
            if (++seen > MAX_ARGUMENTS) {
                assessment.aboveUsual("only the first " + MAX_ARGUMENTS + " parameters were looked at");
                break;
            }
            List<String> words = Words.ofName(property.getKey());
            amount |= words.contains("amount");
            currency |= words.contains("currency");
            weighArgument(shown(property.getKey()), words, property.getValue(), assessment);
        }
        if (amount && currency && assessment.category() != ToolCategory.READ) {
            assessment.atLeast(RiskLevel.HIGH, "takes an amount of money (arguments 'amount' and 'currency')");
        }
        if (properties.size() >= MANY_ARGUMENTS) {
            assessment.note(properties.size() + " parameters");
        }
    }

    private void weighArgument(String name, List<String> words, Value property, Assessment assessment) {
        boolean reads = assessment.category() == ToolCategory.READ;
        String argument = " (argument '" + name + "')";
        if (names(words, "commands")) {
            assessment.atLeast(RiskLevel.HIGH, "runs code" + argument);
        } else if (names(words, "code")) {
            // A reading tool may look at code without running it, as a linter does.
            assessment.atLeast(
                    reads ? RiskLevel.MEDIUM : RiskLevel.HIGH, (reads ? "takes code" : "runs code") + argument);
        } else if (names(words, "markup")) {
            assessment.atLeast(RiskLevel.MEDIUM, "takes raw HTML or a template" + argument);
        }
        if (has(words, "addresses") || "uri".equals(text(property, "format"))) {
            assessment.atLeast(RiskLevel.MEDIUM, "takes a URL" + argument);
        } else if (has(words, "paths")) {
            assessment.note("takes a file path" + argument);
        }
        if (has(words, "secrets") || isKey(words)) {
            assessment.atLeast(RiskLevel.MEDIUM, "takes a secret" + argument);
        }
        if (has(words, "forcing")) {
            if (reads) {
                assessment.note("can be forced" + argument);
            } else {
                assessment.aboveUsual("can be forced" + argument);
            }
        }
    }

    /**
     * Matches {@code api_key}, {@code private_key}, {@code access_token}; not {@code next_token}, which pages through
     * results.
     */
    private static boolean isKey(List<String> words) {
        return (words.contains("key") && (words.contains("api") || words.contains("private")))
                || (words.contains("token") && (words.contains("access") || words.contains("auth")));
    }

    /** Whether the name consists only of words of that list and fillers. */
    private boolean names(List<String> words, String list) {
        boolean named = false;
        for (String word : words) {
            if (lexicon.lists(list, word)) {
                named = true;
            } else if (!lexicon.lists("fillers", word)) {
                return false;
            }
        }
        return named;
    }

    private boolean has(List<String> words, String list) {
        return words.stream().anyMatch(word -> lexicon.lists(list, word));
    }

    /** A tool that selects one of several actions by an argument is as risky as the worst of them. */
    private void weighActions(ObjectValue properties, Assessment assessment) {
        int seen = 0;
        for (Map.Entry<String, Value> property : properties.members().entrySet()) {
            if (++seen > MAX_ARGUMENTS) {
                return;
            }
            List<String> words = Words.ofName(property.getKey());
            if (!words.isEmpty()
                    && lexicon.lists("actions", words.get(words.size() - 1))
                    && property.getValue() instanceof ObjectValue schema) {
                weighActions(property.getKey(), schema.texts("enum"), assessment);
            }
        }
    }

    private void weighActions(String argument, List<String> values, Assessment assessment) {
        List<String> allowed = values.subList(0, Math.min(MAX_VALUES, values.size()));
        if (!allowed.isEmpty() && HTTP_METHODS.containsAll(lowerCase(allowed))) {
            if (!allowed.stream()
                    .allMatch(method -> method.equalsIgnoreCase("get") || method.equalsIgnoreCase("head"))) {
                assessment.raiseTo(ToolCategory.EXECUTE, "sends any HTTP request (argument '" + shown(argument) + "')");
            }
            return;
        }
        NameReading gravest = NameReading.SILENT;
        String of = "";
        for (String value : allowed) {
            NameReading reading = names.read(value);
            if (reading.certainty().compareTo(Certainty.HINT) >= 0) {
                NameReading graver = gravest.orGraver(reading);
                of = graver.category() == gravest.category() ? of : value;
                gravest = graver;
            }
        }
        if (gravest.category() != null && NameReading.graver(gravest.category(), assessment.category())) {
            assessment.raiseTo(gravest.category(), "action '" + shown(of) + "' (argument '" + shown(argument) + "')");
        }
    }

    private static List<String> lowerCase(List<String> values) {
        return values.stream().map(value -> value.toLowerCase(Locale.ROOT)).toList();
    }

    private static @Nullable String text(Value schema, String member) {
        return schema instanceof ObjectValue object ? object.text(member) : null;
    }

    private static String shown(String name) {
        return Words.shown(name);
    }
}
