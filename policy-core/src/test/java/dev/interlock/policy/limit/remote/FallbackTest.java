package dev.interlock.policy.limit.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Caller;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.UnavailableException;
import dev.interlock.policy.time.TimeSource;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FallbackTest {

    static Stream<FailureMode> modes() {
        return Stream.of(FailureMode.closed(), FailureMode.open(), FailureMode.local(1));
    }

    @ParameterizedTest
    @MethodSource("modes")
    void onlyTheStoreItselfGrantsAStrictBatch(FailureMode mode) {
        Batch once = Batch.once("id", new LimitKey("once", "s"), Caller.of("ada", null), Duration.ofHours(1));

        assertThat(Fallback.of(mode, TimeSource.system()).reserve(once))
                .isEqualTo(new Reservation.NotGranted(-1, Reservation.Reason.UNAVAILABLE, null));
    }

    @Test
    void aUsageThatIsNotKnownSaysWhyTheStoreCouldNotBeAsked() {
        IllegalStateException cause = new IllegalStateException("lost");

        assertThatExceptionOfType(UnavailableException.class)
                .isThrownBy(() ->
                        Fallback.of(FailureMode.closed(), TimeSource.system()).usage(List.of(), cause))
                .satisfies(failure -> assertThat(failure.getSuppressed()).containsExactly(cause));
    }
}
