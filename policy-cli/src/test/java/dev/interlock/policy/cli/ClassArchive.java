package dev.interlock.policy.cli;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The classes that a run of the command loads, as the JVM keeps them for the next one (class data sharing). These tests
 * start some hundreds of JVMs, and loading classes from jars is most of what a short run does.
 */
final class ClassArchive {

    private static final String JAVA =
            Path.of(System.getProperty("java.home"), "bin", "java").toString();

    private static final String BASE = System.getProperty("basedir", "");

    private static final Map<Boolean, List<String>> CLASS_PATH = Stream.of(
                    System.getProperty("java.class.path").split(File.pathSeparator, -1))
            .collect(Collectors.partitioningBy(entry -> Files.isDirectory(Path.of(entry))));

    /** How a JVM is started that has the classes of this one. */
    static final List<String> COMMAND = command();

    private ClassArchive() {}

    private static List<String> command() {
        List<String> command = new ArrayList<>(started());
        archive().ifPresent(archive -> command.add("-XX:SharedArchiveFile=" + archive));
        // A server of a test may start further JVMs, in another working directory.
        command.add("-Dbasedir=" + BASE);
        command.add("-cp");
        // An archive holds for a class path that begins as the one it was made with, which may not name a directory.
        command.add(Stream.concat(jars().stream(), CLASS_PATH.get(true).stream())
                .collect(Collectors.joining(File.pathSeparator)));
        return List.copyOf(command);
    }

    /** Without messages of the JVM about the archive: what reads its output would take them for the command's. */
    private static List<String> started() {
        List<String> words = new ArrayList<>(
                List.of(JAVA, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Xlog:disable"));
        if (Runtime.version().feature() >= 22) {
            // The command's jar says the same in its manifest. Older JDKs don't know it, and warn of it.
            words.add("--enable-native-access=ALL-UNNAMED");
        }
        return words;
    }

    private static List<String> jars() {
        return CLASS_PATH.get(false);
    }

    /** Made once for these jars; empty where this JVM makes none, or the command is not in a jar yet. */
    private static Optional<Path> archive() {
        try {
            Path directory = Path.of(BASE, "target").toAbsolutePath();
            if (!Files.isDirectory(directory)) {
                return Optional.empty();
            }
            Path archive = directory.resolve("classes-" + fingerprint() + ".jsa");
            try (FileChannel channel = FileChannel.open(
                            directory.resolve("classes.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    FileLock lock = channel.lock()) {
                if (!Files.exists(archive) && lock.isValid()) {
                    make(directory.resolve("classes.new"), archive);
                }
            }
            return Optional.of(archive).filter(Files::exists);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void make(Path unfinished, Path archive) throws IOException {
        List<String> command = new ArrayList<>(started());
        command.addAll(
                List.of("-XX:ArchiveClassesAtExit=" + unfinished, "-cp", String.join(File.pathSeparator, jars())));
        command.addAll(List.of(Main.class.getName(), "demo"));
        try {
            int code = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(Redirect.DISCARD)
                    .start()
                    .waitFor();
            if (code == 0 && Files.exists(unfinished)) {
                try (DirectoryStream<Path> outdated = Files.newDirectoryStream(archive.getParent(), "classes-*.jsa")) {
                    for (Path file : outdated) {
                        Files.delete(file);
                    }
                }
                Files.move(unfinished, archive, StandardCopyOption.ATOMIC_MOVE);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String fingerprint() throws IOException {
        StringBuilder text = new StringBuilder(System.getProperty("java.vm.version")).append(JAVA);
        for (String jar : jars()) {
            Path file = Path.of(jar);
            text.append(jar).append(Files.exists(file) ? Files.size(file) + "@" + Files.getLastModifiedTime(file) : "");
        }
        return HexFormat.of().toHexDigits(text.toString().hashCode());
    }
}
