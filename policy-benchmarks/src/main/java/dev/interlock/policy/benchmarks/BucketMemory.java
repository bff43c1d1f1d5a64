package dev.interlock.policy.benchmarks;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import dev.interlock.policy.yaml.PolicyYaml;
import io.github.bucket4j.Bucket;
import io.github.resilience4j.ratelimiter.RateLimiter;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.ObjectName;

/** A program that holds token buckets for very many sessions and prints how many bytes each takes, besides its name. */
final class BucketMemory {

    private static final Pattern TOTAL = Pattern.compile("(?m)^Total +\\d+ +(\\d+)");

    private BucketMemory() {}

    /** The arguments: which limiter, and how many sessions. */
    public static void main(String[] arguments) throws JMException {
        int keys = Integer.parseInt(arguments[1]);
        String[] sessions = new String[keys];
        for (int i = 0; i < keys; i++) {
            sessions[i] = "session-" + Long.toHexString(i * 0x9E3779B97F4A7C15L);
        }
        Object warm = buckets(arguments[0], new String[] {"warm"});
        long before = liveBytes();
        Object held = buckets(arguments[0], sessions);
        long bytes = liveBytes() - before;
        System.out.println(Math.round((double) bytes / keys));
        if (held.equals(warm) || sessions.length != keys) {
            throw new IllegalStateException("kept, so that they count");
        }
    }

    private static Object buckets(String whose, String[] sessions) {
        return switch (whose) {
            case "interlock" -> interlock(sessions);
            case "bucket4j" -> bucket4j(sessions);
            case "resilience4j" -> resilience4j(sessions);
            default -> throw new IllegalArgumentException("no buckets of '" + whose + "'");
        };
    }

    private static PolicyEngine interlock(String[] sessions) {
        // One limit may have at most half of a limiter's keys.
        InMemoryRateLimiter limiter =
                InMemoryRateLimiter.builder().maxKeys(2L * sessions.length).build();
        PolicyEngine engine = PolicyEngine.builder(
                        PolicyYaml.read(Refunds.slowLimitedPolicy(), "policy").orThrow())
                .rateLimiter(limiter)
                .build();
        ToolCall call = ToolCall.of(Refunds.TOOL, Refunds.arguments(1));
        for (String session : sessions) {
            engine.admit(call.in(session)).succeeded();
        }
        if (limiter.keyCount() != sessions.length) {
            throw new IllegalStateException(limiter.keyCount() + " keys are counted, not " + sessions.length);
        }
        return engine;
    }

    private static Cache<String, Bucket> bucket4j(String[] sessions) {
        Cache<String, Bucket> cache =
                Caffeine.newBuilder().expireAfterAccess(Duration.ofHours(1)).build();
        for (String session : sessions) {
            cache.get(
                            session,
                            key -> Bucket.builder()
                                    .addLimit(limit -> limit.capacity(10).refillGreedy(10, Duration.ofHours(10)))
                                    .build())
                    .tryConsume(1);
        }
        cache.cleanUp();
        return cache;
    }

    private static Map<String, RateLimiter> resilience4j(String[] sessions) {
        RateLimiterConfig config = RateLimiterConfig.custom()
                .limitForPeriod(10)
                .limitRefreshPeriod(Duration.ofHours(1))
                .timeoutDuration(Duration.ZERO)
                .build();
        Map<String, RateLimiter> limiters = new java.util.concurrent.ConcurrentHashMap<>();
        for (String session : sessions) {
            limiters.computeIfAbsent(session, key -> RateLimiter.of(key, config))
                    .acquirePermission();
        }
        return limiters;
    }

    /** Measured by the class histogram, which collects garbage first. */
    private static long liveBytes() throws JMException {
        Object histogram = ManagementFactory.getPlatformMBeanServer()
                .invoke(
                        new ObjectName("com.sun.management:type=DiagnosticCommand"),
                        "gcClassHistogram",
                        new Object[] {new String[0]},
                        new String[] {String[].class.getName()});
        Matcher total = TOTAL.matcher((String) histogram);
        if (!total.find()) {
            throw new IllegalStateException("a histogram without a total");
        }
        return Long.parseLong(total.group(1));
    }
}
