package dev.interlock.policy.limit.remote;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.remote.CircuitBreaker.Pass;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CircuitBreakerTest {

    private final Exception failure = new Exception("gone");

    private final ManualTime time = ManualTime.at("2026-11-23T10:00:00Z");
    private final List<String> outages = new ArrayList<>();
    private final StoreListener listener = new StoreListener() {
        @Override
        public void unavailable(Throwable cause) {
            outages.add("lost: " + cause);
        }

        @Override
        public void available(Duration outage) {
            outages.add("back after " + outage);
        }
    };
    private final CircuitBreaker breaker = new CircuitBreaker(time, 3, Duration.ofSeconds(1), listener);

    @Test
    void itOpensAfterSoManyFailuresInARowAndTellsOnce() {
        breaker.failed(failure);
        breaker.failed(failure);
        breaker.succeeded(Pass.ASK);
        breaker.failed(failure);
        breaker.failed(failure);
        assertThat(breaker.pass()).isEqualTo(Pass.ASK);

        breaker.failed(failure);
        breaker.failed(failure);
        assertThat(breaker.pass()).isEqualTo(Pass.NONE);
        assertThat(outages).containsExactly("lost: " + failure);
    }

    @Test
    void afterThePauseOneMayTryAndTheOthersWaitOn() {
        open();
        time.advance(Duration.ofSeconds(1));

        assertThat(breaker.pass()).isEqualTo(Pass.TRY);
        assertThat(breaker.pass()).isEqualTo(Pass.NONE);
        breaker.failed(failure);
        time.advance(Duration.ofMillis(999));
        assertThat(breaker.pass()).isEqualTo(Pass.NONE);
        time.advance(Duration.ofMillis(1));
        assertThat(breaker.pass()).isEqualTo(Pass.TRY);
        assertThat(outages).hasSize(1);
    }

    @Test
    void itClosesWhenATrySucceedsButNotForAnAnswerFromBefore() {
        open();
        breaker.succeeded(Pass.ASK);
        assertThat(breaker.pass()).isEqualTo(Pass.NONE);

        time.advance(Duration.ofSeconds(1));
        breaker.succeeded(breaker.pass());
        assertThat(breaker.pass()).isEqualTo(Pass.ASK);
        assertThat(outages).containsExactly("lost: " + failure, "back after PT1S");
    }

    @Test
    void aTryThatNeverEndsIsFollowedByAnother() {
        open();
        time.advance(Duration.ofSeconds(1));
        assertThat(breaker.pass()).isEqualTo(Pass.TRY);
        time.advance(Duration.ofSeconds(1));
        assertThat(breaker.pass()).isEqualTo(Pass.TRY);
    }

    @Test
    void aListenerThatThrowsStopsNothing() {
        CircuitBreaker told = new CircuitBreaker(time, 1, Duration.ofSeconds(1), new StoreListener() {
            @Override
            public void unavailable(Throwable cause) {
                throw new IllegalStateException("listener");
            }
        });
        told.failed(failure);
        assertThat(told.pass()).isEqualTo(Pass.NONE);
    }

    private void open() {
        for (int i = 0; i < 3; i++) {
            breaker.failed(failure);
        }
    }
}
