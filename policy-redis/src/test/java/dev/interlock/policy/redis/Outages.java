package dev.interlock.policy.redis;

import dev.interlock.policy.limit.remote.StoreListener;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** What a limiter told of outages. */
final class Outages implements StoreListener {

    /** In their order: the cause of each loss, and {@code "back"}. */
    private final List<String> events = new CopyOnWriteArrayList<>();

    @Override
    public void unavailable(Throwable cause) {
        events.add("lost: " + cause);
    }

    @Override
    public void available(Duration outage) {
        events.add("back");
    }

    List<String> events() {
        return events;
    }
}
