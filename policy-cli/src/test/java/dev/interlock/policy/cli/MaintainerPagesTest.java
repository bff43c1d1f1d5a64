package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The pages for maintainers name classes that exist, and the links of all pages lead to files. */
class MaintainerPagesTest {

    private static final Path DOCS = Sources.ROOT.resolve("docs");
    private static final Path DECISIONS = DOCS.resolve("decisions");

    /** A class in backticks, with or without a member: {@code `Policy`}, {@code `Rule.Deny`}. */
    private static final Pattern CLASS = Pattern.compile("`([A-Z]\\w*[a-z]\\w*)(?:\\.\\w+)*(?:\\([^`]*\\))?`");

    /** Code in a line, between equal numbers of backticks. */
    private static final Pattern CODE = Pattern.compile("(`+)(?!`).*?(?<!`)\\1(?!`)");

    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#\\s]+)(?:#[^)\\s]*)?\\)");

    private static final Pattern FENCED = Pattern.compile("^```.*?^```$", Pattern.MULTILINE | Pattern.DOTALL);

    private final Sources sources = Sources.in("src/main/java", "src/test/java");

    private static List<Path> pagesIn(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".md"))
                    .sorted()
                    .toList();
        }
    }

    static Stream<Path> maintainerPages() throws IOException {
        List<Path> pages = new ArrayList<>(pagesIn(DECISIONS));
        pages.add(DOCS.resolve("architecture.md"));
        pages.add(Sources.ROOT.resolve("CONTRIBUTING.md"));
        return pages.stream();
    }

    static Stream<Path> pages() throws IOException {
        List<Path> pages = new ArrayList<>(pagesIn(Sources.ROOT));
        pages.addAll(pagesIn(DOCS));
        pages.addAll(pagesIn(DECISIONS));
        return pages.stream();
    }

    /** Classes of other projects count as well, if a source imports them. */
    private List<String> missingClasses(String page) {
        Set<String> imported = sources.imported();
        List<String> missing = new ArrayList<>();
        Matcher named = CLASS.matcher(page);
        while (named.find()) {
            String type = named.group(1);
            if (sources.of(type).isEmpty() && !imported.contains(type)) {
                missing.add(type);
            }
        }
        return missing;
    }

    private static Set<Path> linkedFrom(Path page) {
        Set<Path> linked = new TreeSet<>();
        // A pattern in code may look like a link.
        String prose =
                CODE.matcher(FENCED.matcher(Sources.text(page)).replaceAll("")).replaceAll("");
        Matcher link = LINK.matcher(prose);
        while (link.find()) {
            if (!link.group(1).contains("://")) {
                linked.add(page.resolveSibling(link.group(1)).normalize());
            }
        }
        return linked;
    }

    @ParameterizedTest
    @MethodSource("maintainerPages")
    void eachClassThatAPageNamesIsThere(Path page) {
        assertThat(missingClasses(Sources.text(page)))
                .as("classes in backticks that no source declares or imports")
                .isEmpty();
    }

    @Test
    void aClassThatIsNotThereIsNoticed() {
        assertThat(missingClasses("`MaintainerPagesTest` decides with `List.of(…)`, and `OUT` is a constant"))
                .isEmpty();
        assertThat(missingClasses("`Renamed`, `Renamed.member`, `NoSuch.call(a, b)`"))
                .containsExactly("Renamed", "Renamed", "NoSuch");
    }

    @ParameterizedTest
    @MethodSource("pages")
    void eachLinkLeadsToAFile(Path page) {
        assertThat(linkedFrom(page)).allSatisfy(target -> assertThat(target).exists());
    }

    @Test
    void theIndexLeadsToEveryPage() throws IOException {
        Path index = DOCS.resolve("README.md");
        List<Path> others = new ArrayList<>(pagesIn(DOCS));
        others.remove(index);
        assertThat(linkedFrom(index)).containsAll(others);

        Path decisions = DECISIONS.resolve("README.md");
        List<Path> records = new ArrayList<>(pagesIn(DECISIONS));
        records.remove(decisions);
        assertThat(linkedFrom(decisions)).containsAll(records);
    }

    @Test
    void fromTheIndexItIsThreeLinksToTheClassThatDecides() {
        Path architecture = DOCS.resolve("architecture.md");
        assertThat(linkedFrom(DOCS.resolve("README.md"))).contains(architecture);
        assertThat(linkedFrom(architecture))
                .anySatisfy(target -> assertThat(target.getFileName()).hasToString("PolicyEngine.java"));
    }
}
