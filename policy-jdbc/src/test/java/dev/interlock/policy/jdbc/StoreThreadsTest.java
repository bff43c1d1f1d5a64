package dev.interlock.policy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The threads of a store. */
class StoreThreadsTest {

    @Test
    void aBurstWaitsForThreads() throws Exception {
        StoreThreads threads = new StoreThreads();
        int burst = 1_000;
        CountDownLatch go = new CountDownLatch(1);
        CountDownLatch done = new CountDownLatch(burst);
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        for (int i = 0; i < burst; i++) {
            threads.execute(() -> {
                most.accumulateAndGet(running.incrementAndGet(), Math::max);
                try {
                    go.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                running.decrementAndGet();
                done.countDown();
            });
        }
        go.countDown();

        assertThat(done.await(1, TimeUnit.MINUTES)).isTrue();
        assertThat(most).hasValueLessThanOrEqualTo(64);
        threads.close();
        assertThatThrownBy(() -> threads.execute(done::countDown)).isInstanceOf(RejectedExecutionException.class);
    }
}
