package dev.interlock.policy.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The Java sources of all modules, which pages of the guide name. */
final class Sources {

    static final Path ROOT = Path.of("..");

    private static final Pattern IMPORT = Pattern.compile("^import (?:static )?[\\w.]+;$", Pattern.MULTILINE);

    /** By the simple name of the class; of several classes with one name, all texts, one after the other. */
    private final Map<String, String> texts;

    private Sources(Map<String, String> texts) {
        this.texts = texts;
    }

    /**
     * Reads sources.
     *
     * @param folders the folders of each module that are looked into, such as {@code src/test/java}
     */
    static Sources in(String... folders) {
        return new Sources(modules().stream()
                .flatMap(module -> Stream.of(folders).map(module::resolve))
                .filter(Files::isDirectory)
                .flatMap(folder -> files(folder).stream())
                .filter(file -> file.toString().endsWith(".java"))
                .collect(Collectors.toMap(
                        file -> file.getFileName().toString().replace(".java", ""), Sources::text, String::concat)));
    }

    static List<Path> modules() {
        try (Stream<Path> modules = Files.list(ROOT)) {
            return modules.toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Path> files(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The source of the class with this simple name. */
    Optional<String> of(String type) {
        return Optional.ofNullable(texts.get(type));
    }

    /** The simple names of all classes that the sources import, and so of those of other projects. */
    Set<String> imported() {
        return texts.values().stream()
                .flatMap(text -> IMPORT.matcher(text).results())
                .flatMap(found -> Stream.of(found.group().replace(";", "").split("[ .]", -1)))
                .collect(Collectors.toSet());
    }
}
