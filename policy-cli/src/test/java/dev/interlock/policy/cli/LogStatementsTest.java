package dev.interlock.policy.cli;

import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What agents and servers say stands in no log as it is. So an argument of a log statement is a text of ours, a name
 * that {@code VisibleText} has made fit to be shown, the class of a failure or a failure without its messages.
 */
class LogStatementsTest {

    private static final Path ROOT = Path.of("").toAbsolutePath().getParent();

    private static final Pattern STATEMENT =
            Pattern.compile("\\blog\\s*\\.(?:trace|debug|info|warn|error|at[A-Z])\\w*\\(");

    private static final List<Pattern> HARMLESS = List.of(
            Pattern.compile("\"(?:[^\"\\\\]|\\\\.)*\"(?:\\s*\\+\\s*\"(?:[^\"\\\\]|\\\\.)*\")*"),
            Pattern.compile("[\\w.() =]+ \\? \"[\\w ]*\" : \"[\\w ]*\""),
            Pattern.compile("VisibleText\\.name\\(.*\\)", Pattern.DOTALL),
            Pattern.compile("RedactedException\\.of\\(.*\\)", Pattern.DOTALL),
            Pattern.compile("[\\w.()]+\\.getClass\\(\\)(?:\\.getName\\(\\))?"),
            Pattern.compile("decision\\.code\\(\\)\\.text\\(\\)"));

    /** Looked at by a person: they hold nothing but words of ours, classes and numbers. */
    private static final Map<String, Set<String>> KNOWN = Map.of(
            "CallGate.java", Set.of("level"),
            "ModernClients.java", Set.of("name", "field", "e"),
            "ToolDefinitionReader.java", Set.of("McpJsonDefaults.getMapper()"),
            "DenialLog.java", Set.of("failed.failure()", "more(now)", "kind.code()", "from"));

    @Test
    void noLogStatementRepeatsWhatOthersSay() throws IOException {
        Map<Path, String> sources = sources();
        List<String> statements = new ArrayList<>();
        List<String> bad = new ArrayList<>();
        sources.forEach((path, source) -> {
            String file = String.valueOf(path.getFileName());
            Matcher statement = STATEMENT.matcher(source);
            while (statement.find()) {
                for (String argument : arguments(source, statement.end())) {
                    statements.add(argument);
                    if (HARMLESS.stream()
                                    .noneMatch(form -> form.matcher(argument).matches())
                            && !KNOWN.getOrDefault(file, Set.of()).contains(argument)) {
                        bad.add(file + ": " + argument);
                    }
                }
            }
        });

        assertThat(statements).hasSizeGreaterThan(40);
        assertThat(bad).isEmpty();
    }

    private static Map<Path, String> sources() throws IOException {
        try (Stream<Path> files = Files.walk(ROOT)) {
            return files.filter(
                            file -> ROOT.relativize(file).toString().matches("policy-[^/]*/src/main/java/.*\\.java"))
                    .filter(file -> !file.toString().contains("policy-benchmarks"))
                    .collect(toMap(file -> file, LogStatementsTest::read));
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The arguments of a call whose parenthesis has been opened before {@code at}. */
    private static List<String> arguments(String source, int at) {
        List<String> arguments = new ArrayList<>();
        int depth = 0;
        int begin = at;
        for (int i = at; depth >= 0; i++) {
            char c = source.charAt(i);
            if (c == '"') {
                i++;
                while (source.charAt(i) != '"') {
                    i += source.charAt(i) == '\\' ? 2 : 1;
                }
            } else if (c == '(') {
                depth++;
            } else if (c == ')') {
                depth--;
            }
            if (depth < 0 || (depth == 0 && c == ',')) {
                arguments.add(source.substring(begin, i).strip());
                begin = i + 1;
            }
        }
        return arguments;
    }
}
