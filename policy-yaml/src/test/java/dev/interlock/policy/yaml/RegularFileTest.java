package dev.interlock.policy.yaml;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class RegularFileTest {

    /** Ends a test that hangs, on however busy a machine; nothing is measured by it. */
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    @TempDir
    Path directory;

    private final BlockingQueue<Thread> opening = new LinkedBlockingQueue<>();

    @Test
    void aFileIsReadAsFarAsItIsWanted() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "0123456789");

        assertThat(RegularFile.read(file, 4)).asString(UTF_8).isEqualTo("0123");
        assertThat(RegularFile.read(file, 40)).asString(UTF_8).isEqualTo("0123456789");
        try (InputStream in = RegularFile.open(file)) {
            assertThat(in.readAllBytes()).asString(UTF_8).isEqualTo("0123456789");
        }
        assertThatThrownBy(() -> RegularFile.read(directory.resolve("none"), 4))
                .isInstanceOf(NoSuchFileException.class);
    }

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void directoriesPipesAndDevicesAreRefusedByEveryReader() throws Exception {
        Path pipe = pipe(directory.resolve("pipe"));
        for (Path file : List.of(directory, pipe, Path.of("/dev/zero"), Path.of("/dev/null"))) {
            assertTimeoutPreemptively(PATIENCE, () -> {
                assertThatThrownBy(() -> RegularFile.read(file, 4))
                        .isInstanceOf(FileSystemException.class)
                        .hasMessageContaining(file.equals(directory) ? "a directory" : "not a regular file");
                assertThatThrownBy(() -> RegularFile.open(file)).isInstanceOf(FileSystemException.class);
                assertThat(PolicyYaml.read(file).errors())
                        .singleElement()
                        .satisfies(error -> assertThat(error.code()).isEqualTo("unreadable"));
                assertThatThrownBy(() -> ToolLockFile.read(file)).isInstanceOf(FileSystemException.class);
            });
        }
    }

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void aPipeThatComesBetweenTheLookAndTheOpeningHoldsNoOne() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "text");

        assertTimeoutPreemptively(PATIENCE, () -> {
            CompletableFuture<byte[]> reading = RegularFile.reading(file, 10, this::swapped);
            assertThatThrownBy(() -> RegularFile.result(file, reading, Duration.ofNanos(1)))
                    .isInstanceOf(FileSystemException.class)
                    .hasMessageContaining("does not open");
            release(file);
        });
    }

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void aPipeWithAWriterIsRefusedWhenItHasOpened() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "text");

        assertTimeoutPreemptively(PATIENCE, () -> {
            CompletableFuture<byte[]> reading = RegularFile.reading(file, 10, this::swapped);
            release(file);
            assertThatThrownBy(() -> RegularFile.result(file, reading, PATIENCE))
                    .isInstanceOf(FileSystemException.class)
                    .hasMessageContaining("not a regular file");
        });
    }

    @Test
    void noMoreThanSoManyThreadsAreLeftBehind() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "text");
        CompletableFuture<Void> open = new CompletableFuture<>();
        List<Thread> left = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            CompletableFuture<byte[]> reading = RegularFile.reading(file, 10, each -> {
                opening.add(Thread.currentThread());
                open.join();
                return Files.newByteChannel(each);
            });
            left.add(opening.take());
            reading.cancel(true);
        }
        assertThatThrownBy(() -> RegularFile.read(file, 10)).hasMessageContaining("too many");

        open.complete(null);
        for (Thread each : left) {
            each.join();
        }
        assertThat(RegularFile.read(file, 10)).asString(UTF_8).isEqualTo("text");
    }

    private SeekableByteChannel swapped(Path file) throws IOException {
        Files.delete(file);
        pipe(file);
        opening.add(Thread.currentThread());
        return Files.newByteChannel(file);
    }

    /** Gives a pipe the writer that those wait for who open it. */
    private void release(Path pipe) throws Exception {
        Thread reader = opening.take();
        Files.newOutputStream(pipe).close();
        reader.join();
    }

    private static Path pipe(Path path) throws IOException {
        try {
            assertThat(new ProcessBuilder("mkfifo", path.toString()).start().waitFor())
                    .isZero();
            return path;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
