package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Lines have at most 120 columns. The formatter breaks code, but neither comments and string literals nor pages. */
class LineLengthTest {

    private static final int MOST = 120;

    private static final Pattern READ_BY_PEOPLE = Pattern.compile(".*\\.(?:java|lua|md)");

    /** A URL, or what a link leads to, can't be broken. */
    private static final Pattern ADDRESS = Pattern.compile("https?://\\S+|\\]\\([^)]*\\)");

    static Stream<Path> files() throws IOException {
        List<Path> files = new ArrayList<>();
        Files.walkFileTree(Sources.ROOT, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                String name = folder.getFileName().toString();
                boolean foreign = name.equals("target") || name.equals("node_modules") || name.matches("\\.\\w.*");
                return foreign ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (READ_BY_PEOPLE.matcher(file.toString()).matches()) {
                    files.add(file);
                }
                return FileVisitResult.CONTINUE;
            }
        });
        return files.stream().sorted();
    }

    /** The numbers of the lines that are too long; what was copied may be: output in pages, texts in tests. */
    private static List<Integer> tooLong(String name, String text) {
        boolean page = name.endsWith(".md");
        String fence = page ? "```" : "\"\"\"";
        boolean copied = false;
        List<Integer> lines = new ArrayList<>();
        int number = 0;
        for (String line : text.lines().toList()) {
            number++;
            boolean inside = copied;
            if (line.split(Pattern.quote(fence), -1).length % 2 == 0) {
                copied = !copied;
            }
            boolean table = page && line.strip().startsWith("|");
            String shown = ADDRESS.matcher(line).replaceAll("");
            if (!inside && !table && shown.codePointCount(0, shown.length()) > MOST) {
                lines.add(number);
            }
        }
        return lines;
    }

    @ParameterizedTest
    @MethodSource("files")
    void noLineIsTooLong(Path file) {
        assertThat(tooLong(file.toString(), Sources.text(file)))
                .as("lines of more than %d columns", MOST)
                .isEmpty();
    }

    @Test
    void pagesSourcesAndScriptsAreLookedAt() throws IOException {
        assertThat(files())
                .extracting(file -> file.getFileName().toString())
                .contains("README.md", "policy-language.md", "LineLengthTest.java", "PolicyEngine.java", "cells.lua");
    }

    @ParameterizedTest
    @ValueSource(strings = {"page.md", "Source.java", "script.lua"})
    void aLineThatIsTooLongIsFound(String name) {
        String line = "x".repeat(MOST + 1);

        assertThat(tooLong(name, "short\n" + line + "\nshort\n" + line)).containsExactly(2, 4);
        assertThat(tooLong(name, line.substring(1))).isEmpty();
    }

    @Test
    void tablesAddressesAndWhatWasCopiedMayBeLong() {
        String line = "x".repeat(MOST + 1);

        assertThat(tooLong("page.md", "| " + line + "\n```\n" + line + "\n```\n[a](" + line + ")\nhttps://" + line))
                .isEmpty();
        assertThat(tooLong("Source.java", "String a = \"\"\"\n" + line + "\n\"\"\";\n" + line))
                .containsExactly(4);
    }
}
