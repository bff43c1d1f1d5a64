package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The packed jars carry neither the time nor the place of their build, so the same sources give the same bytes. */
class PackedJarsIT {

    private static final Pattern TIMESTAMP =
            Pattern.compile("<project\\.build\\.outputTimestamp>([^<]+)</project\\.build\\.outputTimestamp>");

    /** Of the libraries and the command: classes, sources, documentation, tests, and the runnable jar. */
    static Set<Path> packed() throws IOException, URISyntaxException {
        Path own = Path.of(
                Main.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        Path output = Sources.ROOT.toRealPath().resolve("policy-cli").relativize(own.getParent());
        Set<Path> jars = new TreeSet<>();
        for (Path module : Sources.modules()) {
            if (Files.isDirectory(module.resolve(output))
                    && !module.getFileName().toString().equals("policy-benchmarks")) {
                try (Stream<Path> files = Files.list(module.resolve(output))) {
                    files.filter(file -> file.getFileName().toString().matches("policy-.*\\.jar"))
                            .forEach(jars::add);
                }
            }
        }
        return jars;
    }

    /** What the build was told to write into archives as its time. */
    private static LocalDateTime told() {
        Matcher timestamp = TIMESTAMP.matcher(Sources.text(Sources.ROOT.resolve("pom.xml")));
        assertThat(timestamp.find()).isTrue();
        return OffsetDateTime.parse(timestamp.group(1))
                .withOffsetSameInstant(ZoneOffset.UTC)
                .toLocalDateTime();
    }

    private static boolean isOwn(JarEntry entry) {
        return entry.getName().startsWith("dev/interlock/");
    }

    @Test
    void theJarsOfTheCommandAreFound() throws IOException, URISyntaxException {
        assertThat(packed())
                .extracting(jar -> jar.getFileName().toString())
                .anyMatch(name -> name.matches("policy-core-.*\\.jar"))
                .anyMatch(name -> name.matches("policy-cli-.*-all\\.jar"));
    }

    @ParameterizedTest
    @MethodSource("packed")
    void eachEntryHasTheTimeThatThePomTells(Path jar) throws IOException {
        boolean runnable = jar.getFileName().toString().endsWith("-all.jar");
        List<String> others = new ArrayList<>();
        try (JarFile file = new JarFile(jar.toFile())) {
            for (Enumeration<JarEntry> entries = file.entries(); entries.hasMoreElements(); ) {
                JarEntry entry = entries.nextElement();
                // What others packed keeps the time at which they packed it.
                if ((!runnable || isOwn(entry)) && !entry.getTimeLocal().equals(told())) {
                    others.add(entry.getName() + " " + entry.getTimeLocal());
                }
            }
        }
        assertThat(others).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("packed")
    void noEntryNamesTheDirectoryOfTheBuild(Path jar) throws IOException {
        String directory = Sources.ROOT.toRealPath().toString();
        List<String> telling = new ArrayList<>();
        try (JarFile file = new JarFile(jar.toFile())) {
            for (Enumeration<JarEntry> entries = file.entries(); entries.hasMoreElements(); ) {
                JarEntry entry = entries.nextElement();
                String content = new String(file.getInputStream(entry).readAllBytes(), StandardCharsets.ISO_8859_1);
                if (content.contains(directory)) {
                    telling.add(entry.getName());
                }
            }
        }
        assertThat(telling).isEmpty();
    }
}
