package dev.interlock.policy.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every {@link SuspensionStore} must do. A test of one extends this class. */
public abstract class SuspensionStoreContract {

    private static final Instant SINCE = Instant.parse("2026-03-31T23:30:00.123456789Z");
    private static final Suspension INCIDENT = new Suspension("Incident 7.", "ada", SINCE);
    private static final int RACERS = 8;

    /** The store under test: the same all through one test, and in its beginning without a suspension. */
    protected abstract SuspensionStore store();

    /** Another handle on the same suspension, as another process has one. */
    protected SuspensionStore other() {
        return store();
    }

    @Test
    void inTheBeginningNothingIsSuspended() {
        assertThat(store().read()).isNull();
        assertThat(readAsync(store())).isNull();
        assertThat(store().resume()).isNull();
    }

    @Test
    void everyHandleSeesASuspensionAtOnceAsItWasMade() {
        store().suspend(INCIDENT);

        assertThat(store().read()).isEqualTo(INCIDENT);
        assertThat(other().read()).isEqualTo(INCIDENT);
        assertThat(readAsync(store())).isEqualTo(INCIDENT);
        assertThat(readAsync(other())).isEqualTo(INCIDENT);
    }

    @Test
    void aSuspensionEndsOnceForAll() {
        store().suspend(INCIDENT);

        assertThat(other().resume()).isEqualTo(INCIDENT);
        assertThat(store().read()).isNull();
        assertThat(store().resume()).isNull();
        assertThat(readAsync(other())).isNull();
    }

    @Test
    void theLastSuspensionTakesThePlaceOfThoseBefore() {
        Suspension later = new Suspension("Incident 8.", null, SINCE.plusSeconds(1));
        store().suspend(INCIDENT);
        other().suspend(later);

        assertThat(store().read()).isEqualTo(later);
        assertThat(store().resume()).isEqualTo(later);
        assertThat(other().read()).isNull();
    }

    @Test
    void aSuspensionThatIsRepeatedEndsAtOnce() {
        store().suspend(INCIDENT);
        store().suspend(INCIDENT);
        store().resume();

        assertThat(other().read()).isNull();
    }

    @Test
    void afterItsEndTheNextBegins() {
        for (int i = 0; i < 3; i++) {
            Suspension next = new Suspension("Incident " + i, "ada", SINCE.plusNanos(i));
            store().suspend(next);
            assertThat(other().read()).isEqualTo(next);
            assertThat(other().resume()).isEqualTo(next);
        }
        assertThat(store().read()).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "a\u0000b",
                "\u0000",
                "\ud800 alone",
                "alone \udfff",
                "\udfff\ud800",
                "\ud83d\ude80",
                "a\nb\r\n\tc",
                "'; DROP TABLE suspension; --",
                "\\x00 %s ? $1 {bytes}",
                "\u202egnp.exe",
                "\ufeff\uffff"
            })
    void everyTextIsKeptAsItIs(String text) {
        Suspension hostile = new Suspension(text, text, SINCE);
        store().suspend(hostile);

        assertThat(other().read()).isEqualTo(hostile);
        assertThat(store().resume()).isEqualTo(hostile);
    }

    @Test
    void aLongTextIsKeptWhole() {
        Suspension wordy = new Suspension("ü".repeat(100_000), "x".repeat(10_000), SINCE);
        store().suspend(wordy);

        assertThat(other().read()).isEqualTo(wordy);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1970-01-01T00:00:00Z",
                "1969-12-31T23:59:59.999999999Z",
                "-1000000000-01-01T00:00:00Z",
                "+1000000000-12-31T23:59:59.999999999Z"
            })
    void everyTimeIsKeptAsItIs(String since) {
        Suspension odd = new Suspension("", null, Instant.parse(since));
        store().suspend(odd);

        assertThat(other().read()).isEqualTo(odd);
    }

    @Test
    void ofThoseThatEndItTogetherOneDoes() throws Exception {
        store().suspend(INCIDENT);

        List<@Nullable Suspension> ended = race(racer -> handle(racer).resume());
        assertThat(ended).filteredOn(Objects::nonNull).containsExactly(INCIDENT);
        assertThat(store().read()).isNull();
    }

    @Test
    void ofThoseThatSuspendTogetherOneIsLastForAll() throws Exception {
        List<Suspension> made = race(racer -> {
            Suspension own = new Suspension("Incident " + racer, "ada " + racer, SINCE.plusSeconds(racer));
            handle(racer).suspend(own);
            return own;
        });

        Suspension last = store().read();
        assertThat(made).contains(last);
        assertThat(other().read()).isEqualTo(last);
    }

    /** What one of several threads does that start together. */
    private interface Step<T> {
        T by(int racer);
    }

    private SuspensionStore handle(int racer) {
        return racer % 2 == 0 ? store() : other();
    }

    private static <T> List<T> race(Step<T> step) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(RACERS);
        try {
            List<Callable<T>> racers = new ArrayList<>();
            for (int i = 0; i < RACERS; i++) {
                int racer = i;
                racers.add(() -> step.by(racer));
            }
            List<T> results = new ArrayList<>();
            for (Future<T> future : threads.invokeAll(racers)) {
                results.add(future.get());
            }
            return results;
        } finally {
            threads.shutdownNow();
        }
    }

    private static @Nullable Suspension readAsync(SuspensionStore store) {
        return store.readAsync().toCompletableFuture().join();
    }
}
