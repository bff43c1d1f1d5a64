package dev.interlock.policy.limit.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Window;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.LimitRule.FixedWindow;
import dev.interlock.policy.limit.LimitRule.SlidingWindow;
import dev.interlock.policy.limit.LimitRule.TokenBucket;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.Usage;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter.SnapshotException;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotTest {

    private static final TokenBucket BUCKET = new TokenBucket(Amount.of(6), Duration.ofMinutes(1));
    private static final TokenBucket EXACT = new TokenBucket(new Amount(2_500_000), Duration.ofMinutes(1));
    private static final SlidingWindow SLIDING = new SlidingWindow(Amount.of(6), Duration.ofMinutes(1));
    private static final FixedWindow DAILY = new FixedWindow(Amount.of(6), Window.Calendar.DAY);
    private static final FixedWindow COUNTER = new FixedWindow(null, new Window.Length(Duration.ofDays(10)));

    private static final List<Charge> CHARGES = List.of(
            charge("bucket", BUCKET, Amount.of(4)),
            charge("exact", EXACT, new Amount(1_700_001)),
            charge("sliding", SLIDING, Amount.of(5)),
            charge("daily", DAILY, Amount.of(3)),
            charge("counter", COUNTER, Amount.MAX));

    @TempDir
    Path directory;

    private Path file;
    private final ManualTime time = ManualTime.at("2026-11-23T10:30:00Z");
    private final InMemoryRateLimiter limiter = limiter(time);

    @BeforeEach
    void use() {
        file = directory.resolve("limits");
        CHARGES.forEach(charge -> assertThat(admits(limiter, charge)).isTrue());
    }

    private static Charge charge(String key, LimitRule rule, Amount amount) {
        return new Charge(new LimitKey(key, "subject"), rule, amount, ChargeMode.SENT);
    }

    private static InMemoryRateLimiter limiter(ManualTime time) {
        return InMemoryRateLimiter.builder().time(time).build();
    }

    private static boolean admits(RateLimiter limiter, Charge charge) {
        return limiter.reserve(new Batch("", List.of(charge))) instanceof Reservation.Granted;
    }

    /** Another process, whose monotonic clock has nothing to do with the first one's. */
    private InMemoryRateLimiter restart(String wall) throws IOException {
        return InMemoryRateLimiter.builder().time(at(wall)).restore(file);
    }

    private static ManualTime at(String wall) {
        ManualTime time = ManualTime.at(wall);
        time.advanceNanos(-123_456_789_012_345L);
        return time;
    }

    // ---- what is kept ----

    @Test
    void aRestartedLimiterGoesOnWhereItStood() throws Exception {
        limiter.snapshot(file);

        assertThat(restart("2026-11-23T10:30:00Z").usage(CHARGES)).isEqualTo(limiter.usage(CHARGES));
    }

    @Test
    void timeThatPassedBetweenHasPassedLessAMillisecond() throws Exception {
        time.advance(Duration.ofSeconds(7));
        limiter.snapshot(file);
        time.advance(Duration.ofSeconds(20).minusMillis(1));

        assertThat(restart("2026-11-23T10:30:27Z").usage(CHARGES.subList(0, 3)))
                .isEqualTo(limiter.usage(CHARGES.subList(0, 3)));
    }

    @Test
    void whatIsAtAFreshStartByThenIsNotKept() throws Exception {
        limiter.snapshot(file);

        assertThat(restart("2026-11-23T10:31:01Z").keyCount()).isEqualTo(2);
        assertThat(restart("2026-11-24T00:00:00Z").keyCount()).isEqualTo(1);
        assertThat(restart("2036-01-01T00:00:00Z").keyCount()).isZero();
    }

    @Test
    void aWallClockThatHasGoneBackBetweenMakesNoRoom() throws Exception {
        limiter.snapshot(file);
        List<Usage> before = limiter.usage(CHARGES);
        InMemoryRateLimiter restarted = restart("2026-10-01T00:00:00Z");

        assertThat(restarted.usage(CHARGES))
                .extracting(Usage::room)
                .isEqualTo(before.stream().map(Usage::room).toList());
        assertThat(admits(restarted, charge("daily", DAILY, Amount.of(4)))).isFalse();
    }

    @Test
    void aWindowThatWasForgottenBeforeIsNotFreshIfTheWallClockThenGoesBack() throws Exception {
        time.setWall("2026-11-24T00:00:00Z");
        for (int i = 0; i < 10; i++) {
            admits(limiter, charge("sweep" + i, BUCKET, Amount.ONE));
        }
        limiter.snapshot(file);

        assertThat(admits(restart("2026-11-23T23:59:59Z"), charge("daily", DAILY, Amount.ONE)))
                .isFalse();
        assertThat(admits(restart("2026-11-24T00:00:00Z"), charge("daily", DAILY, Amount.ONE)))
                .isTrue();
    }

    @Test
    void aWindowThatEndedBetweenIsNotFreshIfTheWallClockThenGoesBack() throws Exception {
        limiter.snapshot(file);
        ManualTime later = at("2026-11-24T00:00:00Z");
        InMemoryRateLimiter restarted =
                InMemoryRateLimiter.builder().time(later).restore(file);
        later.setWall("2026-11-23T23:59:59Z");

        assertThat(admits(restarted, charge("daily", DAILY, Amount.ONE))).isFalse();
    }

    @Test
    void keysMayBeAnyText() throws Exception {
        List<Charge> odd = Stream.of("", "ü", "\u0000\n", "日本", "\ud800", "\udc00\ud800", "x".repeat(100_000))
                .map(text -> new Charge(new LimitKey(text, text + text), BUCKET, Amount.of(6), ChargeMode.SENT))
                .toList();
        odd.forEach(charge -> assertThat(admits(limiter, charge)).isTrue());
        limiter.snapshot(file);
        InMemoryRateLimiter restarted = restart("2026-11-23T10:30:00Z");

        assertThat(restarted.keyCount()).isEqualTo(limiter.keyCount());
        odd.forEach(charge -> assertThat(admits(restarted, charge)).isFalse());
    }

    @Test
    void aSnapshotOfASnapshotSaysTheSame() throws Exception {
        limiter.snapshot(file);
        byte[] first = Files.readAllBytes(file);
        restart("2026-11-23T10:30:00Z").snapshot(file);

        assertThat(Files.readAllBytes(file)).hasSize(first.length);
        assertThat(restart("2026-11-23T10:30:00Z").usage(CHARGES)).isEqualTo(limiter.usage(CHARGES));
    }

    @Test
    void aSnapshotCanBeWrittenWhileCallsAreCounted() throws Exception {
        Charge busy = charge("busy", new TokenBucket(Amount.of(1_000_000), Duration.ofDays(1)), Amount.ONE);
        AtomicBoolean done = new AtomicBoolean();
        Thread caller = new Thread(() -> {
            while (!done.get()) {
                admits(limiter, busy);
                limiter.reserve(new Batch("", CHARGES));
            }
        });
        caller.start();
        try {
            for (int i = 0; i < 20; i++) {
                limiter.snapshot(file);
                assertThat(restart("2026-11-23T10:30:00Z").keyCount()).isBetween(5L, 6L);
            }
        } finally {
            done.set(true);
            caller.join();
        }
    }

    // ---- how it is written ----

    @Test
    void theFileIsReplacedAndNothingIsLeftBesideIt() throws Exception {
        Files.writeString(file, "what was there before");
        limiter.snapshot(file);

        assertThat(restart("2026-11-23T10:30:00Z").keyCount()).isEqualTo(5);
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void onlyItsOwnerMayReadIt() throws Exception {
        limiter.snapshot(file);

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
    }

    @Test
    void aFailureLeavesWhatWasThereAndNothingBesideIt() throws Exception {
        limiter.snapshot(file);
        byte[] before = Files.readAllBytes(file);
        admits(limiter, charge("x".repeat((1 << 20) + 1), BUCKET, Amount.ONE));

        assertThatThrownBy(() -> limiter.snapshot(file))
                .isInstanceOf(SnapshotException.class)
                .hasMessageContaining("1048577 characters");
        assertThat(Files.readAllBytes(file)).isEqualTo(before);
        assertThatThrownBy(() -> limiter.snapshot(directory.resolve("missing/limits")))
                .isInstanceOf(NoSuchFileException.class);
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).containsExactly(file);
        }
    }

    // ---- what is refused ----

    private void refused(byte[] bytes, String why) throws IOException {
        Files.write(file, bytes);
        assertThatThrownBy(() -> restart("2026-11-23T10:30:00Z"))
                .isInstanceOf(SnapshotException.class)
                .hasMessageStartingWith(file.toString())
                .hasMessageContaining(why);
    }

    @Test
    void aMissingFileIsACaseOfItsOwn() {
        assertThatThrownBy(() -> restart("2026-11-23T10:30:00Z")).isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void whatIsNoSnapshotIsRefused() throws Exception {
        refused(new byte[0], "cut short");
        refused("version: 1\ntools: {}\n".getBytes(StandardCharsets.UTF_8), "not a snapshot");
        refused(new byte[1_000], "not a snapshot");
    }

    @Test
    void anotherFormatIsRefused() throws Exception {
        limiter.snapshot(file);
        byte[] bytes = Files.readAllBytes(file);
        bytes[11] = 4;
        refused(bytes, "the snapshot has format 4, and only 1 to 3 can be read");
    }

    @Test
    void aSnapshotCutShortAnywhereIsRefused() throws Exception {
        limiter.snapshot(file);
        byte[] bytes = Files.readAllBytes(file);
        for (int length = 0; length < bytes.length; length++) {
            refused(Arrays.copyOf(bytes, length), "");
        }
        refused(Arrays.copyOf(bytes, bytes.length + 1), "checksum");
    }

    @Test
    void aSnapshotWithABitFlippedInAnyByteIsRefused() throws Exception {
        limiter.snapshot(file);
        byte[] bytes = Files.readAllBytes(file);
        for (int i = 0; i < bytes.length; i++) {
            byte bit = (byte) (1 << (i % 8));
            bytes[i] ^= bit;
            refused(bytes, "");
            bytes[i] ^= bit;
        }
    }

    /**
     * Anyone who can write the file can also write its checksum. What comes of it may be wrong, but must be a limiter.
     */
    @Test
    void aForgedSnapshotIsRefusedOrReadButBreaksNothing() throws Exception {
        limiter.snapshot(file);
        byte[] whole = Files.readAllBytes(file);
        byte[] body = Arrays.copyOf(whole, whole.length - 32);
        for (int i = 0; i < body.length; i++) {
            for (int value : new int[] {0, 0x7F, 0xFF, body[i] + 1}) {
                byte before = body[i];
                body[i] = (byte) value;
                Files.write(file, sealed(body));
                body[i] = before;
                try {
                    RateLimiter restored = restart("2026-11-23T10:30:00Z");
                    restored.usage(CHARGES);
                    restored.reserve(new Batch("", CHARGES));
                } catch (SnapshotException e) {
                    assertThat(e).hasMessageStartingWith(file.toString());
                }
            }
        }
    }

    @Test
    void aTextOrALogLongerThanAnyThatIsWrittenIsRefusedBeforeItTakesMemory() throws Exception {
        refused(
                sealed(record(out -> {
                    out.writeByte('B');
                    out.writeInt(Integer.MAX_VALUE);
                    out.writeByte(0);
                })),
                "a text of length 2147483647");
        refused(
                sealed(record(out -> {
                    out.writeByte('S');
                    out.writeInt(0);
                    out.writeByte(0);
                    out.writeInt(0);
                    out.writeByte(0);
                    out.writeInt(0);
                    out.writeByte(0);
                    out.writeLong(1_000_000_000);
                    out.writeInt(Integer.MAX_VALUE);
                })),
                "2147483647 entries");
        refused(
                record(out -> {
                    out.writeByte('B');
                    out.writeInt(1 << 20);
                    out.writeByte(1);
                }),
                "cut short");
    }

    private interface Content {
        void to(DataOutputStream out) throws IOException;
    }

    private static byte[] record(Content content) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeLong(Snapshot.MAGIC);
        out.writeInt(Snapshot.VERSION);
        out.writeLong(0);
        content.to(out);
        return bytes.toByteArray();
    }

    private static byte[] sealed(byte[] body) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write(body);
        bytes.write(MessageDigest.getInstance("SHA-256").digest(body));
        return bytes.toByteArray();
    }

    @Test
    void moreKeysThanTheLimiterMayHaveAreRefused() throws Exception {
        limiter.snapshot(file);

        assertThatThrownBy(() -> InMemoryRateLimiter.builder()
                        .time(at("2026-11-23T10:30:00Z"))
                        .maxKeys(4)
                        .restore(file))
                .isInstanceOf(SnapshotException.class)
                .hasMessageContaining("more keys than maxKeys allows");
    }
}
