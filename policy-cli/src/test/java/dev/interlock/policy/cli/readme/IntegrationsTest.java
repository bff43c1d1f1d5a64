package dev.interlock.policy.cli.readme;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Holds the page on integrations to sources that the build compiles: the examples', and those beside this test. */
class IntegrationsTest {

    private static final Path ROOT = Path.of("..");

    private final String page = Files.readString(ROOT.resolve("docs/integrations.md"));

    IntegrationsTest() throws IOException {}

    @Test
    void everyBlockOfJavaIsPartOfASourceThatIsCompiled() throws IOException {
        Matcher block = Pattern.compile("(?ms)^<!-- From (\\S+)\\. -->\n```java\n(.*?)^```$")
                .matcher(page);
        int blocks = 0;
        while (block.find()) {
            blocks++;
            assertThat(block.group(2)).as(block.group(1)).isEqualTo(excerpt(ROOT.resolve(block.group(1))));
        }
        assertThat(blocks).isPositive().isEqualTo(page.split("```java\n", -1).length - 1);
    }

    private static String excerpt(Path file) throws IOException {
        String source = Files.readString(file);
        String begin = "// begin\n";
        String between = source.substring(source.indexOf(begin) + begin.length(), source.indexOf("// end\n"));
        return between.stripTrailing().stripIndent() + "\n";
    }

    @Test
    void theFilesItLinksToExist() {
        Matcher links = Pattern.compile("]\\(([^)#:]+)\\)").matcher(page);
        List<Path> missing = new ArrayList<>();
        while (links.find()) {
            Path file = ROOT.resolve("docs").resolve(links.group(1));
            if (!Files.exists(file)) {
                missing.add(file);
            }
        }
        assertThat(missing).isEmpty();
    }
}
