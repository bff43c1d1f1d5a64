package dev.interlock.policy.redis;

import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.recorded.EnginePath;
import dev.interlock.policy.recorded.RecordedCase;
import dev.interlock.policy.recorded.RecordedPathContract;
import dev.interlock.policy.recorded.RecordedRun;
import dev.interlock.policy.time.TimeSource;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An engine whose limits are in Redis, whose clock is the recorded one. */
class RedisPathTest extends RecordedPathContract {

    @Override
    protected @Nullable String play(RecordedCase recorded) throws Exception {
        List<RedisStore> opened = new ArrayList<>();
        try {
            return RecordedRun.play(recorded, time -> open(time, opened), EnginePath::new);
        } finally {
            opened.forEach(RedisStore::close);
        }
    }

    private static RateLimiter open(TimeSource time, List<RedisStore> opened) {
        RedisStore limiter = SharedServer.limiter()
                .serverTime(() -> Long.toString(time.wallMillis() * 1_000))
                .build();
        opened.add(limiter);
        return limiter.rateLimiter();
    }
}
