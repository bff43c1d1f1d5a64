package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The runnable jar says of everything that is packed into it under which licence it is, and has the licence's text. */
class ThirdPartyIT {

    private static final Pattern ROW =
            Pattern.compile("^(?<artifact>[a-z][\\w.-]+:\\S+) +(?<licence>\\S+) +(?<where>\\S+)$", Pattern.MULTILINE);

    /** Words that only the text of that licence has. */
    private static final Map<String, String> WORDS = Map.of(
            "Apache-2.0", "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION",
            "MIT", "permission notice shall be",
            "MIT-0", "Permission is hereby granted",
            "BSD-2-Clause", "Redistributions of source code must retain",
            "BSD-3-Clause", "Redistributions in binary form must reproduce");

    @Test
    void everyPackedJarIsListedWithItsLicenceAndNothingElseIs() throws IOException, URISyntaxException {
        Set<String> packed = new TreeSet<>();
        Map<String, String> listed = new HashMap<>();
        try (JarFile runnable = runnable()) {
            for (Path jar : jarsOfOthers()) {
                if (isPacked(jar, runnable)) {
                    packed.add(artifact(jar));
                }
            }
            String list = text(runnable, "THIRD-PARTY");
            ROW.matcher(list).results().forEach(row -> listed.put(row.group(1), row.group(2) + " " + row.group(3)));
            for (Map.Entry<String, String> row : listed.entrySet()) {
                String[] licence = row.getValue().split(" ", -1);
                String where = licence[1].equals("below") ? below(list, row.getKey()) : text(runnable, licence[1]);
                assertThat(where.replaceAll("\\s+", " "))
                        .as("the licence of %s", row.getKey())
                        .contains(WORDS.get(licence[0]));
            }
        }
        assertThat(packed).isNotEmpty();
        assertThat(listed.keySet().stream().map(name -> name.replaceAll(".*:", "")))
                .as("the rows of policy-cli/src/shade/THIRD-PARTY")
                .containsExactlyInAnyOrderElementsOf(packed);
    }

    /** The text under the artifact's headline, up to the next text's. */
    private static String below(String list, String artifact) {
        String[] parts = list.split("\n\n\n", -1);
        return Stream.of(parts)
                .filter(part -> part.lines().anyMatch(line -> line.equals("== " + artifact)))
                .collect(Collectors.joining());
    }

    private static JarFile runnable() throws IOException, URISyntaxException {
        Path own = Path.of(
                Main.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        try (Stream<Path> files = Files.list(own.getParent())) {
            return new JarFile(
                    files.filter(file -> file.getFileName().toString().endsWith("-all.jar"))
                            .findFirst()
                            .orElseThrow()
                            .toFile());
        }
    }

    /** The jars of others that the command or its tests use. */
    private static List<Path> jarsOfOthers() {
        return Pattern.compile(File.pathSeparator, Pattern.LITERAL)
                .splitAsStream(System.getProperty("java.class.path"))
                .map(Path::of)
                .filter(path -> path.toString().endsWith(".jar"))
                .filter(path -> !path.getFileName().toString().startsWith("policy-"))
                .toList();
    }

    private static boolean isPacked(Path jar, JarFile runnable) throws IOException {
        try (JarFile file = new JarFile(jar.toFile())) {
            return file.stream()
                    .map(JarEntry::getName)
                    .filter(name -> name.endsWith(".class") && !name.endsWith("module-info.class"))
                    .anyMatch(name -> runnable.getEntry(name) != null);
        }
    }

    /** By where a repository keeps it: under its name, and under its version. */
    private static String artifact(Path jar) {
        return jar.getParent().getParent().getFileName().toString();
    }

    private static String text(JarFile jar, String name) throws IOException {
        return new String(
                jar.getInputStream(jar.getJarEntry("META-INF/" + name)).readAllBytes(), StandardCharsets.UTF_8);
    }
}
