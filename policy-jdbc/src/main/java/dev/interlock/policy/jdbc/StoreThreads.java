package dev.interlock.policy.jdbc;

import java.util.concurrent.Executor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads that wait for the database if the host names no executor: daemons, as many as are needed up to {@value
 * #MOST}, which end when there has been nothing to do. Beyond that, transactions are refused.
 */
final class StoreThreads implements Executor {

    private static final int MOST = 64;

    private final AtomicInteger made = new AtomicInteger();
    private final ThreadPoolExecutor pool =
            new ThreadPoolExecutor(0, MOST, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), this::thread);

    private Thread thread(Runnable work) {
        Thread thread = new Thread(work, "interlock-jdbc-" + made.incrementAndGet());
        thread.setDaemon(true);
        return thread;
    }

    @Override
    public void execute(Runnable work) {
        pool.execute(work);
    }

    void close() {
        pool.shutdown();
    }
}
