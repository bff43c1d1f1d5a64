package dev.interlock.policy.audit.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Laws of opening: wherever the last run's writing stopped, the log goes on behind the last whole line. */
class LastLineProperties {

    @Property(tries = 100)
    void whatWasWholeStaysAndWhatWasNotIsKeptBesideTheLog(
            @ForAll @IntRange(max = 1_000_000) int at, @ForAll @IntRange(max = 300) int zeros) throws IOException {
        Path directory = Files.createTempDirectory("last-line");
        Path file = directory.resolve("audit.jsonl");
        try (AuditLog log = AuditLog.at(file).open()) {
            for (int i = 0; i < 5; i++) {
                log.record(Events.allowed(i));
            }
        }
        byte[] whole = Files.readAllBytes(file);
        int cut = at % (whole.length + 1);
        byte[] left = Arrays.copyOf(Arrays.copyOf(whole, cut), cut + zeros);
        Files.write(file, left);
        List<String> kept = cut == 0 ? List.of() : wholeIds(whole, cut);

        try (AuditLog log = AuditLog.at(file).open()) {
            log.record(Events.allowed(99));
        }

        assertThat(LogVerifier.of(file).verify().findings()).isEmpty();
        List<String> expected = new ArrayList<>(kept);
        expected.add("d99");
        assertThat(LogLines.ids(file)).isEqualTo(expected);
        long aside = 0;
        try (var files = Files.list(directory)) {
            for (Path each : files.toList()) {
                aside += each.toString().contains(".torn-") ? Files.size(each) : 0;
                Files.delete(each);
            }
        }
        Files.delete(directory);
        int lastBreak = -1;
        for (int i = 0; i < cut; i++) {
            lastBreak = whole[i] == '\n' ? i : lastBreak;
        }
        assertThat(aside).isEqualTo(left.length - (lastBreak + 1));
    }

    private static List<String> wholeIds(byte[] whole, int cut) throws IOException {
        Path copy = Files.createTempFile("whole", ".jsonl");
        int end = cut;
        while (end > 0 && whole[end - 1] != '\n') {
            end--;
        }
        Files.write(copy, Arrays.copyOf(whole, end));
        List<String> ids = LogLines.ids(copy);
        Files.delete(copy);
        return ids;
    }
}
