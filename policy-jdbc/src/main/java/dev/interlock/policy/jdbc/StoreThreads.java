package dev.interlock.policy.jdbc;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads that wait for the database if the host names no executor: daemons, at most {@value #MOST}, which
 * end when there has been nothing to do. Beyond that, transactions wait for one, within their time-outs, so a burst of
 * calls is no failure of the database. Beyond {@value #WAITING} that wait, transactions are refused.
 */
final class StoreThreads implements Executor {

    private static final int MOST = 64;
    private static final int WAITING = 10_000;

    private final AtomicInteger made = new AtomicInteger();
    private final ThreadPoolExecutor pool =
            new ThreadPoolExecutor(MOST, MOST, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(WAITING), this::thread);

    StoreThreads() {
        pool.allowCoreThreadTimeOut(true);
    }

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
