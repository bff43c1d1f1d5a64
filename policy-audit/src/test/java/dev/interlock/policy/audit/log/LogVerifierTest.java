package dev.interlock.policy.audit.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.interlock.policy.audit.log.Verification.Kind;
import dev.interlock.policy.audit.log.Verification.LogFinding;
import dev.interlock.policy.call.ToolCall;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What can be done to a log, and what is found of it. Line 1 opens the log, lines 2 to 11 are decisions, 12 closes it.
 */
class LogVerifierTest {

    private static final SealKey KEY =
            SealKey.hmac("0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.US_ASCII));

    @TempDir
    private Path directory;

    private Path file;
    private LogHead head = LogHead.NONE;

    @BeforeEach
    void writeALog() throws Exception {
        file = directory.resolve("audit.jsonl");
        write(AuditLog.at(file), 1);
    }

    private void write(AuditLog.Builder builder, int firstId) throws IOException {
        AuditLog log = builder.open();
        for (int i = 0; i < 10; i++) {
            log.record(Events.allowed(firstId + i));
        }
        log.close();
        head = log.head();
    }

    private void rewrite(Consumer<List<String>> change) throws IOException {
        List<String> lines = new ArrayList<>(Files.readAllLines(file));
        change.accept(lines);
        Files.write(file, lines);
    }

    private List<LogFinding> findings() throws IOException {
        return LogVerifier.of(file).verify().findings();
    }

    private void assertFound(Kind kind, long line) throws IOException {
        assertThat(findings()).extracting(LogFinding::kind, LogFinding::line).containsExactly(tuple(kind, line));
        assertThat(findings().get(0)).asString().startsWith(file + ":" + line + ": ");
    }

    @Test
    void aLogAsItWasWrittenIsIntact() throws Exception {
        Verification found = LogVerifier.of(file).head(head).verify();
        assertThat(found.findings()).isEmpty();
        assertThat(found.notes()).isEmpty();
        assertThat(found.lines()).isEqualTo(12);
        assertThat(found.head()).isEqualTo(head).isEqualTo(LogHead.parse(head.toString()));
    }

    @Test
    void aChangedLineIsFoundWhereItIs() throws Exception {
        rewrite(lines -> lines.set(4, lines.get(4).replace("\"pay\"", "\"buy\"")));
        assertFound(Kind.CHANGED, 5);
    }

    @Test
    void aChangedLineWithANewHashIsFoundByTheNext() throws Exception {
        rewrite(lines -> lines.set(4, rehash(lines.get(4).replace("\"pay\"", "\"buy\""))));
        assertFound(Kind.CHANGED, 6);
    }

    @Test
    void aRemovedLineIsFoundWhereItWas() throws Exception {
        rewrite(lines -> lines.remove(4));
        assertFound(Kind.MISSING, 5);
    }

    @Test
    void aRemovedFirstLineIsFound() throws Exception {
        rewrite(lines -> lines.remove(0));
        assertFound(Kind.MISSING, 1);
    }

    @Test
    void swappedLinesAreFound() throws Exception {
        rewrite(lines -> Collections.swap(lines, 4, 5));
        assertThat(findings())
                .extracting(LogFinding::kind, LogFinding::line)
                .containsExactly(tuple(Kind.MISSING, 5L), tuple(Kind.MOVED, 6L));
    }

    @Test
    void aLineThatStandsTwiceIsFound() throws Exception {
        rewrite(lines -> lines.add(5, lines.get(4)));
        assertFound(Kind.MOVED, 6);
    }

    @Test
    void anAddedLineIsFound() throws Exception {
        rewrite(lines -> lines.add(4, "{\"event\":\"decision\",\"decision\":\"allowed\"}"));
        assertFound(Kind.UNREADABLE, 5);
    }

    @Test
    void linesCutOffAtTheEndAreFoundByTheMissingClosingLine() throws Exception {
        rewrite(lines -> lines.subList(6, lines.size()).clear());
        assertFound(Kind.TRUNCATED, 7);
    }

    @Test
    void aHalfLineAtTheEndIsFound() throws Exception {
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, bytes.length - 20));
        assertFound(Kind.TRUNCATED, 12);
    }

    @Test
    void whatAnAgentWritesPassesForNoClosingLine() throws Exception {
        Path other = directory.resolve("other.jsonl");
        try (AuditLog log = AuditLog.at(other).arguments(Redaction.allBut()).open()) {
            log.record(Events.allowed(
                    "x\",\"event\":\"seal\"",
                    ToolCall.of("t\",\"event\":\"seal\",\"", Map.of("event", "seal", "t", "\"event\":\"seal\""))));
        }
        List<String> lines = new ArrayList<>(Files.readAllLines(other));
        lines.remove(lines.size() - 1);
        Files.write(other, lines);

        assertThat(LogVerifier.of(other).verify().findings())
                .extracting(LogFinding::kind)
                .containsExactly(Kind.TRUNCATED);
    }

    @Test
    void aCutBackToAnEarlierClosingLineIsFoundByAHead() throws Exception {
        byte[] before = Files.readAllBytes(file);
        write(AuditLog.at(file), 11);
        Files.write(file, before);

        assertThat(findings()).as("not visible without a head").isEmpty();
        assertThat(LogVerifier.of(file).head(head).verify().findings())
                .extracting(LogFinding::kind)
                .containsExactly(Kind.TRUNCATED);
    }

    @Test
    void aLogWrittenAnewIsFoundByAHead() throws Exception {
        LogHead kept = head;
        Files.delete(file);
        write(AuditLog.at(file), 101);

        assertThat(findings()).as("not visible without a head or a key").isEmpty();
        assertThat(LogVerifier.of(file).head(kept).verify().findings())
                .extracting(LogFinding::kind)
                .containsExactly(Kind.CHANGED);
    }

    @Test
    void aLogWrittenAnewIsFoundByAKey() throws Exception {
        Path signed = directory.resolve("signed.jsonl");
        write(AuditLog.at(signed).sealedBy(KEY), 1);
        assertThat(LogVerifier.of(signed).key(KEY).verify().findings()).isEmpty();

        assertThat(LogVerifier.of(file).key(KEY).verify().findings())
                .extracting(LogFinding::kind, LogFinding::line)
                .containsExactly(tuple(Kind.SIGNATURE, 12L));
        SealKey other = SealKey.hmac(new byte[32]);
        assertThat(LogVerifier.of(signed).key(other).verify().findings())
                .extracting(LogFinding::kind)
                .containsExactly(Kind.SIGNATURE);
    }

    @Test
    void aSignedLogChangedAndChainedAnewIsFound() throws Exception {
        Path signed = directory.resolve("signed.jsonl");
        write(AuditLog.at(signed).sealedBy(KEY), 1);
        List<String> lines = new ArrayList<>(Files.readAllLines(signed));
        lines.set(4, lines.get(4).replace("\"pay\"", "\"buy\""));
        String hash = LogHead.NONE.hash();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).replaceFirst("\"prev\":\"[0-9a-f]{64}\"", "\"prev\":\"" + hash + "\"");
            lines.set(i, rehash(line));
            hash = lines.get(i)
                    .substring(lines.get(i).length() - 66, lines.get(i).length() - 2);
        }
        Files.write(signed, lines);

        assertThat(LogVerifier.of(signed).verify().findings())
                .as("the chain is whole")
                .isEmpty();
        assertThat(LogVerifier.of(signed).key(KEY).verify().findings())
                .extracting(LogFinding::kind)
                .containsExactly(Kind.SIGNATURE);
    }

    @Test
    void aForgedLogWithoutASignatureIsFoundOrIfItMayBeUnclosedSaidToBeUnsigned() throws Exception {
        rewrite(lines -> lines.remove(lines.size() - 1));

        assertThat(LogVerifier.of(file).key(KEY).verify().findings())
                .extracting(LogFinding::kind)
                .containsExactly(Kind.TRUNCATED);
        Verification excused = LogVerifier.of(file).key(KEY).unclosed(true).verify();
        assertThat(excused.intact())
                .as("so looks a log, too, whose process was killed before it signed anything")
                .isTrue();
        assertThat(excused.notes()).extracting(LogFinding::kind).containsExactly(Kind.SIGNATURE);
        assertThat(excused.notes().get(0).message()).startsWith("no line of this log is signed");
    }

    @Test
    void linesForgedAfterTheLastSignatureAreCountedAmongTheUnsigned() throws Exception {
        Path signed = directory.resolve("signed.jsonl");
        write(AuditLog.at(signed).sealedBy(KEY), 1);
        List<String> lines = new ArrayList<>(Files.readAllLines(signed));
        lines.add(rehash(lines.get(3)
                .replaceFirst("\"seq\":4,", "\"seq\":13,")
                .replaceFirst("\"prev\":\"[0-9a-f]{64}\"", "\"prev\":\"" + head.hash() + "\"")));
        Files.write(signed, lines);

        assertThat(LogVerifier.of(signed).key(KEY).verify().findings())
                .extracting(LogFinding::kind)
                .containsExactly(Kind.TRUNCATED);
        Verification excused = LogVerifier.of(signed).key(KEY).unclosed(true).verify();
        assertThat(excused.findings()).isEmpty();
        assertThat(excused.notes().get(0).message()).startsWith("the last line comes after the last signature");
    }

    @Test
    void anotherLogOfTheSameKeyInItsPlaceIsFoundByAHeadAlone() throws Exception {
        Path signed = directory.resolve("signed.jsonl");
        Path other = directory.resolve("other.jsonl");
        write(AuditLog.at(other).sealedBy(KEY), 101);
        write(AuditLog.at(signed).sealedBy(KEY), 1);
        LogHead kept = head;
        Files.move(other, signed, StandardCopyOption.REPLACE_EXISTING);

        assertThat(LogVerifier.of(signed).key(KEY).verify().findings())
                .as("a signature says who wrote a log, not which one was to be there")
                .isEmpty();
        assertThat(LogVerifier.of(signed).key(KEY).head(kept).verify().findings())
                .extracting(LogFinding::kind)
                .containsExactly(Kind.CHANGED);
    }

    @Test
    void whoChecksNeedsOnlyThePublicKey() throws Exception {
        KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        KeyPair other = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        Path signed = directory.resolve("signed.jsonl");
        write(AuditLog.at(signed).sealedBy(SealKey.ed25519(pair.getPrivate())), 1);

        assertThat(LogVerifier.of(signed)
                        .key(SealKey.ed25519(pair.getPublic()))
                        .verify()
                        .findings())
                .isEmpty();
        assertThat(LogVerifier.of(signed)
                        .key(SealKey.ed25519(other.getPublic()))
                        .verify()
                        .findings())
                .hasSize(1);
        assertThatThrownBy(() -> AuditLog.at(signed).sealedBy(SealKey.ed25519(pair.getPublic())))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aMissingFileInTheMiddleIsFoundAndOneAtTheBeginningMayBePruned() throws Exception {
        Path rotated = directory.resolve("rotated.jsonl");
        write(AuditLog.at(rotated).rotateAt(1_000).queue(1, 1).overflow(OverflowPolicy.BLOCK), 1);
        List<Path> files = AuditLog.files(rotated);
        assertThat(files).hasSizeGreaterThan(4);

        Files.delete(files.get(0));
        assertThat(LogVerifier.of(rotated).verify().findings())
                .extracting(LogFinding::kind)
                .containsExactly(Kind.MISSING);
        assertThat(LogVerifier.of(rotated).pruned(true).verify().findings()).isEmpty();

        Files.delete(files.get(2));
        assertThat(LogVerifier.of(rotated).pruned(true).verify().findings())
                .extracting(LogFinding::kind, LogFinding::file)
                .contains(tuple(Kind.MISSING, files.get(3)));
    }

    @Test
    void aMissingLastFileIsFoundByAHead() throws Exception {
        Path rotated = directory.resolve("rotated.jsonl");
        write(AuditLog.at(rotated).rotateAt(1_000).queue(1, 1).overflow(OverflowPolicy.BLOCK), 1);
        Files.delete(rotated);

        assertThat(LogVerifier.of(rotated).verify().findings())
                .as("not visible without a head")
                .isEmpty();
        assertThat(LogVerifier.of(rotated).head(head).verify().findings())
                .extracting(LogFinding::kind)
                .containsExactly(Kind.TRUNCATED);
    }

    @Test
    void aLogInUseNeedsNoClosingLineIfItMayBeUnclosed() throws Exception {
        Path open = directory.resolve("open.jsonl");
        try (AuditLog log = AuditLog.at(open).sync(SyncPolicy.everyDecision()).open()) {
            log.record(Events.allowed(1));
            assertThat(LogVerifier.of(open).unclosed(true).verify().findings()).isEmpty();
        }
    }

    @Test
    void aLockThatSomebodyHoldsIsNoExcuseForALogWhoseEndIsCutOff() throws Exception {
        Path cut = directory.resolve("cut.jsonl");
        try (AuditLog log = AuditLog.at(cut).sealedBy(KEY).open()) {
            log.record(Events.allowed(1));
        }
        List<String> lines = Files.readAllLines(cut);
        Files.write(cut, lines.subList(0, lines.size() - 1));
        Path lock = directory.resolve("cut.jsonl.lock");
        try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileChannel log = FileChannel.open(cut, StandardOpenOption.WRITE)) {
            assertThat(channel.tryLock()).isNotNull();
            assertThat(log.tryLock()).isNotNull();

            assertThat(LogVerifier.of(cut).verify().findings())
                    .extracting(LogFinding::kind)
                    .containsExactly(Kind.TRUNCATED);
            assertThat(LogVerifier.of(cut).key(KEY).verify().intact()).isFalse();
        }
    }

    @Test
    void aLogThatIsNotThereIsNoEmptyLog() {
        assertThatThrownBy(() -> LogVerifier.of(directory.resolve("none")).verify())
                .isInstanceOf(NoSuchFileException.class);
    }

    /** What somebody would do who knows the format, but not the hashes that others have kept. */
    private static String rehash(String line) {
        StringBuilder body = new StringBuilder(line.substring(0, line.lastIndexOf(",\"hash\":")));
        ChainFields.end(body);
        return body.substring(0, body.length() - 1);
    }
}
