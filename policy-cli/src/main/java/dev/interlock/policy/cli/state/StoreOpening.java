package dev.interlock.policy.cli.state;

import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.Printable;
import dev.interlock.policy.limit.remote.FailureMode;
import dev.interlock.policy.limit.remote.StoreListener;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How a store is opened.
 *
 * @param source where it is named, for messages
 * @param prefix what the names of keys in Redis begin with; null for the default
 * @param down what becomes of calls while the store can't be asked; null for the default
 * @param timeout how long a call waits for the store; null for the default
 * @param tell takes a line for people
 */
record StoreOpening(
        String source,
        @Nullable String prefix,
        @Nullable FailureMode down,
        @Nullable Duration timeout,
        Consumer<String> tell) {

    /**
     * Opens a store that is not in memory. Only the classes of that kind of store are loaded.
     *
     * @throws CliException if an option makes no sense, or a file can't be opened
     */
    OpenState open(StoreAddress address) {
        return open(address, true);
    }

    /**
     * Does the same for a person who looks at it. A file that is not there is not made.
     *
     * @throws CliException as {@link #open} does, or if there is no such file
     */
    OpenState existing(StoreAddress address) {
        return open(address, false);
    }

    private OpenState open(StoreAddress address, boolean mayMake) {
        if (address instanceof StoreAddress.RedisServer redis) {
            return RedisOpening.open(redis.uri(), this);
        }
        if (prefix != null) {
            throw new CliException("--state-prefix is for Redis, and " + source + " names none");
        }
        if (address instanceof StoreAddress.SqliteFile file) {
            return JdbcOpening.open(file.path(), mayMake, this);
        } else if (address instanceof StoreAddress.Database database) {
            return JdbcOpening.open(database.url(), this);
        }
        throw new IllegalArgumentException("there is no store at " + address);
    }

    /** Says of a store that it can't be reached yet, which is not an error. */
    void notYet(@Nullable Throwable failure) {
        tell.accept("the store can't be asked yet (" + message(failure) + ")");
    }

    /** The failure and its root cause: only the cause distinguishes a wrong password from a lost network. */
    static String message(@Nullable Throwable failure) {
        Throwable root = failure;
        while (root != null && root.getCause() != null) {
            root = root.getCause();
        }
        String text = failure == null ? "" : String.valueOf(failure.getMessage());
        return Printable.of(root == null || root.equals(failure) ? text : text + ": " + root.getMessage());
    }

    /** Reports when the store is lost and when it is back. */
    StoreListener listener() {
        return new StoreListener() {
            @Override
            public void unavailable(Throwable cause) {
                tell.accept("the store can't be asked (" + message(cause)
                        + "); until it can, calls with a limit are treated as --state-down says");
            }

            @Override
            public void available(Duration outage) {
                tell.accept("the store answers again, after " + outage.toSeconds() + " s");
            }
        };
    }
}
