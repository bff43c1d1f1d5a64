package dev.interlock.policy.audit.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/**
 * Laws of the chain: no single change to the bytes of a closed log goes unseen, and none is seen before where it was
 * made.
 */
class TamperProperties {

    private static byte[] whole = {};
    private static Path directory = Path.of("");

    @BeforeContainer
    static void writeALog() throws IOException {
        directory = Files.createTempDirectory("tamper");
        Path file = directory.resolve("written.jsonl");
        try (AuditLog log = AuditLog.at(file).open()) {
            for (int i = 0; i < 8; i++) {
                log.record(Events.allowed(i));
            }
        }
        whole = Files.readAllBytes(file);
    }

    @AfterContainer
    static void remove() throws IOException {
        try (var files = Files.list(directory)) {
            files.forEach(file -> {
                try {
                    Files.delete(file);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
        Files.delete(directory);
    }

    private static Verification verify(byte[] bytes) throws IOException {
        Path file = directory.resolve("tampered.jsonl");
        Files.write(file, bytes);
        return LogVerifier.of(file).verify();
    }

    private static long lineOf(int index) {
        long line = 1;
        for (int i = 0; i < index; i++) {
            line += whole[i] == '\n' ? 1 : 0;
        }
        return line;
    }

    @Property
    void aChangedByteIsFoundInItsLineOrTheNext(@ForAll @IntRange(max = 1_000_000) int at, @ForAll byte value)
            throws IOException {
        int index = at % whole.length;
        byte[] changed = whole.clone();
        changed[index] = value;
        if (value == whole[index]) {
            return;
        }
        List<Verification.LogFinding> findings = verify(changed).findings();

        assertThat(findings).isNotEmpty();
        assertThat(findings.get(0).line()).isBetween(lineOf(index), lineOf(index) + 1);
    }

    @Property
    void aRemovedRunOfBytesIsFound(
            @ForAll @IntRange(max = 1_000_000) int at, @ForAll @IntRange(min = 1, max = 900) int length)
            throws IOException {
        int from = at % whole.length;
        int to = Math.min(whole.length, from + length);
        byte[] changed = new byte[whole.length - (to - from)];
        System.arraycopy(whole, 0, changed, 0, from);
        System.arraycopy(whole, to, changed, from, whole.length - to);

        assertThat(verify(changed).intact()).isFalse();
    }

    @Property
    void aCutIsFoundWhereverItIs(@ForAll @IntRange(max = 1_000_000) int at) throws IOException {
        assertThat(verify(Arrays.copyOf(whole, at % whole.length)).intact()).isFalse();
    }

    @Property(tries = 200)
    void linesInAnyOtherOrderAreFound(@ForAll long seed) throws IOException {
        List<String> lines = new ArrayList<>(
                new String(whole, StandardCharsets.US_ASCII).lines().toList());
        List<String> shuffled = new ArrayList<>(lines);
        Collections.shuffle(shuffled, new Random(seed));
        byte[] bytes = (String.join("\n", shuffled) + "\n").getBytes(StandardCharsets.US_ASCII);

        assertThat(verify(bytes).intact()).isEqualTo(shuffled.equals(lines));
    }
}
