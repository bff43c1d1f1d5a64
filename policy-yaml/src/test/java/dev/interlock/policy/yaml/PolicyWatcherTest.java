package dev.interlock.policy.yaml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.interlock.policy.Policy;
import dev.interlock.policy.yaml.PolicyWatcher.Event;
import dev.interlock.policy.yaml.PolicyWatcher.Look;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class PolicyWatcherTest {

    /** Ends a test that hangs, on however busy a machine; nothing is measured by it. */
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    @TempDir
    Path directory;

    private Path file;
    private final List<String> taken = new ArrayList<>();
    private final List<Event> events = new ArrayList<>();

    @BeforeEach
    void nameTheFile() {
        file = directory.resolve("policy.yaml");
    }

    @Test
    void aNewContentIsTakenWhenItHasBeenSeenTwice() throws IOException {
        write("one");
        PolicyWatcher watcher = watcher();
        assertThat(watcher.check()).isEqualTo(Look.SETTLING);
        assertThat(taken).isEmpty();
        assertThat(watcher.check()).isEqualTo(Look.UPDATED);
        assertThat(taken).containsExactly("one");
        assertThat(watcher.check()).isEqualTo(Look.UNCHANGED);
        assertThat(events).singleElement().isInstanceOf(Event.Updated.class);
    }

    @Test
    void aFileThatIsStillBeingWrittenIsNotTaken() throws IOException {
        write("one");
        PolicyWatcher watcher = settled();
        Files.writeString(file, "version: \"1\"\ndescription: two\n");
        assertThat(watcher.check()).isEqualTo(Look.SETTLING);
        Files.writeString(file, "version: \"1\"\ndescription: two\ndefault: deny\n");
        assertThat(watcher.check()).isEqualTo(Look.SETTLING);
        assertThat(watcher.check()).isEqualTo(Look.UPDATED);
        assertThat(taken).containsExactly("one", "two");
    }

    @Test
    void aBadVersionIsReportedOnceAndTheOneBeforeStays() throws IOException {
        write("one");
        PolicyWatcher watcher = settled();
        Files.writeString(file, "version: \"1\"\ndefualt: deny\n");
        watcher.check();
        assertThat(watcher.check()).isEqualTo(Look.REJECTED);
        assertThat(watcher.check()).isEqualTo(Look.UNCHANGED);
        assertThat(taken).containsExactly("one");
        assertThat(events)
                .singleElement()
                .isInstanceOfSatisfying(
                        Event.Rejected.class,
                        rejected -> assertThat(rejected.reading().errors())
                                .singleElement()
                                .asString()
                                .startsWith(file + ":2:1: error unknown-key"));
    }

    @Test
    void aBadVersionThatIsTakenBackIsReportedAsRestored() throws IOException {
        write("one");
        PolicyWatcher watcher = settled();
        Files.writeString(file, "nonsense");
        look(watcher, 2);
        events.clear();
        write("one");
        assertThat(look(watcher, 2)).isEqualTo(Look.UNCHANGED);
        assertThat(events).containsExactly(new Event.Restored(file));
        assertThat(taken).containsExactly("one");
    }

    @Test
    void aFileThatVanishesAndReturnsIsSurvived() throws IOException {
        write("one");
        PolicyWatcher watcher = settled();
        Files.delete(file);
        assertThat(watcher.check()).isEqualTo(Look.MISSING);
        assertThat(watcher.check()).isEqualTo(Look.MISSING);
        assertThat(events).singleElement().isInstanceOf(Event.Missing.class);
        write("one");
        assertThat(watcher.check()).isEqualTo(Look.UNCHANGED);
        assertThat(events).hasSize(2).last().isEqualTo(new Event.Restored(file));
        Files.delete(file);
        watcher.check();
        write("two");
        assertThat(look(watcher, 2)).isEqualTo(Look.UPDATED);
        assertThat(taken).containsExactly("one", "two");
    }

    @Test
    void aFileThatIsNotThereYetIsTakenWhenItComes() throws IOException {
        PolicyWatcher watcher = watcher();
        assertThat(watcher.check()).isEqualTo(Look.MISSING);
        write("one");
        assertThat(look(watcher, 2)).isEqualTo(Look.UPDATED);
    }

    @Test
    void anEditorMayReplaceTheFile() throws IOException {
        write("one");
        PolicyWatcher watcher = settled();
        Path other = directory.resolve(".policy.yaml.swp");
        Files.writeString(other, document("two"));
        Files.move(other, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        assertThat(look(watcher, 2)).isEqualTo(Look.UPDATED);
        assertThat(taken).containsExactly("one", "two");
    }

    @Test
    void aReplacementOfTheSameSizeAndTimeIsNoticed() throws IOException {
        write("one");
        PolicyWatcher watcher = settled();
        var time = Files.getLastModifiedTime(file);
        write("two");
        Files.setLastModifiedTime(file, time);
        assertThat(look(watcher, 2)).isEqualTo(Look.UPDATED);
    }

    @Test
    void aSymbolicLinkAboveTheFileMayBeSwapped() throws IOException {
        // As Kubernetes mounts a ConfigMap: policy.yaml -> ..data/policy.yaml, ..data -> a directory for each version.
        Path data = directory.resolve("..data");
        version("..2024_01", "one");
        Files.createSymbolicLink(data, Path.of("..2024_01"));
        Files.createSymbolicLink(file, Path.of("..data", "policy.yaml"));
        PolicyWatcher watcher = settled();
        version("..2024_02", "two");
        Path swap = directory.resolve("..data_tmp");
        Files.createSymbolicLink(swap, Path.of("..2024_02"));
        Files.move(swap, data, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        assertThat(look(watcher, 2)).isEqualTo(Look.UPDATED);
        assertThat(taken).containsExactly("one", "two");
    }

    @Test
    void whatTheTakerRefusesIsNotInForce() throws IOException {
        write("one");
        PolicyWatcher watcher = PolicyWatcher.of(file, policy -> {
                    if (policy.description().equals("two")) {
                        throw new IllegalStateException("needs a schema validator");
                    }
                    taken.add(policy.description());
                })
                .listener(events::add)
                .build();
        look(watcher, 2);
        write("two");
        assertThat(look(watcher, 2)).isEqualTo(Look.REJECTED);
        assertThat(events)
                .last()
                .isInstanceOfSatisfying(
                        Event.UpdateFailed.class,
                        failed -> assertThat(failed.cause()).hasMessage("needs a schema validator"));
        write("one");
        assertThat(look(watcher, 2)).isEqualTo(Look.UNCHANGED);
        write("three");
        assertThat(look(watcher, 2)).isEqualTo(Look.UPDATED);
        assertThat(taken).containsExactly("one", "three");
    }

    @Test
    void aListenerThatThrowsStopsNothing() throws IOException {
        write("one");
        PolicyWatcher watcher = PolicyWatcher.of(file, policy -> taken.add(policy.description()))
                .listener(event -> {
                    throw new IllegalStateException("the log is full");
                })
                .build();
        assertThat(look(watcher, 2)).isEqualTo(Look.UPDATED);
        write("two");
        assertThat(look(watcher, 2)).isEqualTo(Look.UPDATED);
    }

    @Test
    void thePolicyThatTheHostHasReadIsNotHandedOverAgain() throws IOException {
        write("one");
        Policy policy = PolicyYaml.read(file).orThrow();
        PolicyWatcher watcher = PolicyWatcher.of(file, changed -> taken.add(changed.description()))
                .inForce(policy)
                .build();
        assertThat(look(watcher, 3)).isEqualTo(Look.UNCHANGED);
        write("two");
        assertThat(look(watcher, 2)).isEqualTo(Look.UPDATED);
        assertThat(taken).containsExactly("two");
    }

    @Test
    void aHugeFileIsRefusedWithoutBeingReadToItsEnd() throws IOException {
        try (RandomAccessFile huge = new RandomAccessFile(file.toFile(), "rw")) {
            huge.setLength(10L << 30);
        }
        PolicyWatcher watcher = watcher();
        assertThat(look(watcher, 2)).isEqualTo(Look.REJECTED);
        assertThat(events).singleElement().asString().contains("too-large");
    }

    @Test
    void nothingHappensAfterItIsClosed() throws IOException {
        write("one");
        PolicyWatcher watcher = watcher();
        watcher.check();
        watcher.close();
        assertThat(watcher.check()).isEqualTo(Look.CLOSED);
        watcher.close();
        assertThat(taken).isEmpty();
    }

    @Test
    void intervalsMustBePositive() {
        assertThatThrownBy(() -> PolicyWatcher.of(file, policy -> {}).pollInterval(Duration.ZERO))
                .hasMessage("pollInterval must be positive, was PT0S");
        assertThatThrownBy(() -> PolicyWatcher.of(file, policy -> {}).settle(Duration.ofMillis(-1)))
                .hasMessage("settle must be positive, was PT-0.001S");
    }

    @Test
    void theThreadTakesWhatChangesAndEndsWhenItIsClosed() throws Exception {
        write("one");
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        BlockingQueue<Event> told = new LinkedBlockingQueue<>();
        BlockingQueue<Thread> threads = new LinkedBlockingQueue<>();
        try (PolicyWatcher watcher = PolicyWatcher.of(file, policy -> {
                    threads.add(Thread.currentThread());
                    seen.add(policy.description());
                })
                .listener(told::add)
                .pollInterval(Duration.ofMillis(50))
                .settle(Duration.ofMillis(10))
                .start()) {
            assertThat(watcher).isNotNull();
            assertThat(seen.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isEqualTo("one");
            assertThat(told.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isInstanceOf(Event.Updated.class);
            write("two");
            assertThat(seen.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isEqualTo("two");
            assertThat(told.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isInstanceOf(Event.Updated.class);
            Files.delete(file);
            assertThat(told.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isInstanceOf(Event.Missing.class);
            write("three");
            assertThat(seen.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isEqualTo("three");
        }
        Thread thread = threads.take();
        assertThat(thread.isDaemon()).isTrue();
        thread.join(PATIENCE.toMillis());
        assertThat(thread.isAlive()).isFalse();
    }

    private PolicyWatcher watcher() {
        return PolicyWatcher.of(file, policy -> taken.add(policy.description()))
                .listener(events::add)
                .build();
    }

    /** A watcher that has taken the file as it is. */
    private PolicyWatcher settled() {
        PolicyWatcher watcher = watcher();
        assertThat(look(watcher, 2)).isEqualTo(Look.UPDATED);
        events.clear();
        return watcher;
    }

    private static Look look(PolicyWatcher watcher, int times) {
        for (int i = 1; i < times; i++) {
            watcher.check();
        }
        return watcher.check();
    }

    private void version(String name, String description) throws IOException {
        Files.createDirectory(directory.resolve(name));
        Files.writeString(directory.resolve(name).resolve("policy.yaml"), document(description));
    }

    private void write(String description) throws IOException {
        Files.writeString(file, document(description));
    }

    private static String document(String description) {
        return "version: \"1\"\ndescription: " + description + "\n";
    }

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void aPipeInTheFilesPlaceHoldsNoOne() throws Exception {
        write("one");
        PolicyWatcher watcher = settled();
        Files.delete(file);
        assertThat(new ProcessBuilder("mkfifo", file.toString()).start().waitFor())
                .isZero();

        assertTimeoutPreemptively(PATIENCE, () -> {
            assertThat(watcher.check()).isEqualTo(Look.MISSING);
            watcher.close();
        });
        assertThat(events).last().isInstanceOf(Event.Missing.class);
    }

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void closingDoesNotWaitForAPipeThatComesBetweenTheLookAndTheOpening() throws Exception {
        write("one");
        BlockingQueue<Thread> opening = new LinkedBlockingQueue<>();
        PolicyWatcher watcher = PolicyWatcher.of(file, policy -> taken.add(policy.description()))
                .opener(each -> {
                    Files.delete(each);
                    assertThat(new ProcessBuilder("mkfifo", each.toString())
                                    .start()
                                    .onExit()
                                    .join()
                                    .exitValue())
                            .isZero();
                    opening.add(Thread.currentThread());
                    return Files.newByteChannel(each);
                })
                .build();

        assertTimeoutPreemptively(PATIENCE, () -> {
            CompletableFuture<Look> look = CompletableFuture.supplyAsync(watcher::check);
            Thread reader = opening.take();
            watcher.close();
            assertThat(look.join()).isEqualTo(Look.CLOSED);
            Files.newOutputStream(file).close();
            reader.join();
        });
        assertThat(taken).isEmpty();
    }
}
