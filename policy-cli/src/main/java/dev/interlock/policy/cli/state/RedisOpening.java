package dev.interlock.policy.cli.state;

import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.Printable;
import dev.interlock.policy.limit.remote.StoreListener;
import dev.interlock.policy.redis.RedisStore;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Opens a Redis. Apart from the options, so that commands that need none don't load its client. */
final class RedisOpening {

    private RedisOpening() {}

    static OpenState open(String uri, StateOptions options, Consumer<String> tell) {
        RedisStore limiter;
        try {
            RedisStore.Builder builder = RedisStore.server(uri).listener(new Told(tell));
            if (options.prefix() != null) {
                builder.prefix(options.prefix());
            }
            if (options.down() != null) {
                builder.onFailure(options.down());
            }
            if (options.timeout() != null) {
                builder.timeout(options.timeout());
            }
            limiter = builder.build();
        } catch (IllegalArgumentException e) {
            throw new CliException(options.source() + ": " + e.getMessage());
        }
        try {
            limiter.connect().toCompletableFuture().join();
        } catch (CompletionException e) {
            tell.accept("the store can't be asked yet (" + message(e.getCause()) + ")");
        }
        return new OpenState(limiter.rateLimiter(), true, limiter::close);
    }

    /** The failure and its root cause: only the cause distinguishes a wrong password from a lost network. */
    private static String message(@Nullable Throwable failure) {
        Throwable root = failure;
        while (root != null && root.getCause() != null) {
            root = root.getCause();
        }
        String text = failure == null ? "" : String.valueOf(failure.getMessage());
        return Printable.of(root == null || root.equals(failure) ? text : text + ": " + root.getMessage());
    }

    /** Reports when the store is lost and when it is back. */
    private record Told(Consumer<String> tell) implements StoreListener {

        @Override
        public void unavailable(Throwable cause) {
            tell.accept("the store can't be asked (" + message(cause)
                    + "); until it can, calls with a limit are treated as --state-down says");
        }

        @Override
        public void available(Duration outage) {
            tell.accept("the store answers again, after " + outage.toSeconds() + " s");
        }
    }
}
