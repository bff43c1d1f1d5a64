package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.cli.screen.Screen;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;

/** The help of every command, as a new user meets it. */
class HelpTest {

    private static final Pattern SENTENCES = Pattern.compile("[A-Z-].*([^.…][.:]|: interlock .*)", Pattern.DOTALL);

    static Stream<CommandSpec> commands() {
        Screen whole = Screen.of(Screen.UNBOUNDED);
        return below(Main.commandLine(whole, whole)).map(CommandLine::getCommandSpec);
    }

    private static Stream<CommandLine> below(CommandLine command) {
        return Stream.concat(
                Stream.of(command), command.getSubcommands().values().stream().flatMap(HelpTest::below));
    }

    private static String[] help(CommandSpec command) {
        List<String> words = new ArrayList<>(List.of(command.qualifiedName().split(" ")));
        words.remove(0);
        words.add("--help");
        return words.toArray(String[]::new);
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyDescriptionIsWholeSentences(CommandSpec command) {
        List<String> texts = new ArrayList<>(List.of(command.usageMessage().description()));
        texts.removeIf(text -> text.startsWith("  "));
        Stream.concat(command.options().stream(), command.positionalParameters().stream())
                .filter(arg -> !arg.hidden())
                .map(ArgSpec::description)
                .forEach(lines -> texts.addAll(List.of(lines)));

        assertThat(texts).as(command.qualifiedName()).isNotEmpty().allMatch(SENTENCES.asMatchPredicate());
        assertThat(command.usageMessage().description()[0])
                .as("what the list of commands shows of it")
                .endsWith(".")
                .hasSizeLessThanOrEqualTo(66);
    }

    @ParameterizedTest
    @MethodSource("commands")
    void helpFitsTheTerminal(CommandSpec command) {
        if (command.usageMessage().hidden()) {
            return;
        }
        for (int width : new int[] {80, 100, 200}) {
            String[] args = help(command);
            assertThat(CommandRun.on(Screen.of(width), args).out().lines())
                    .as("%s at %d columns", command.qualifiedName(), width)
                    .allMatch(line -> line.length() <= width)
                    .noneMatch(line -> line.matches(".*(~/\\.|https?:|redis:|--)"));
        }
    }

    @ParameterizedTest
    @MethodSource("commands")
    void helpInAPipeBreaksNoSentence(CommandSpec command) {
        if (command.usageMessage().hidden()) {
            return;
        }
        String out = CommandRun.of(help(command)).out();

        for (ArgSpec arg : command.args()) {
            for (String line : arg.description()) {
                assertThat(out).contains(line.replace("${DEFAULT-VALUE}", String.valueOf(arg.defaultValue())));
            }
        }
        assertThat(out.lines()).contains(command.usageMessage().description());
    }
}
