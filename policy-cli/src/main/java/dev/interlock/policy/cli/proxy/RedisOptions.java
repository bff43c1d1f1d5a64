package dev.interlock.policy.cli.proxy;

import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.Printable;
import dev.interlock.policy.cli.io.SecretFile;
import dev.interlock.policy.cli.server.ChildTransport;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import dev.interlock.policy.redis.FailureMode;
import dev.interlock.policy.redis.RedisListener;
import dev.interlock.policy.redis.RedisRateLimiter;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The option {@code --redis} and those that belong to it. Its messages never contain a password. */
public final class RedisOptions {

    /** Names a Redis as {@code --redis} does, but hidden from users who can list processes. */
    public static final String VARIABLE = ChildTransport.WITHHELD;

    @Option(
            names = "--redis",
            paramLabel = "URI",
            description = "Count limits in this Redis, with all others that do: redis://host:6379,"
                    + " rediss://user:password@host:6380, redis-sentinel://host1,host2#master. Others can see a command"
                    + " line; a URI with a password is safe in --redis-file.")
    private @Nullable String uri;

    @Option(
            names = "--redis-file",
            paramLabel = "FILE",
            description = "The same, with the URI in this file, which only you may be able to read (chmod 600). "
                    + VARIABLE + " in the environment is another way, but a server that the proxy starts can read the"
                    + " proxy's environment on many systems if it runs as the same user.")
    private @Nullable String file;

    @Option(
            names = "--redis-prefix",
            paramLabel = "PREFIX",
            description =
                    "What the names of all keys begin with; who uses the same one shares limits. Default: interlock.")
    private @Nullable String prefix;

    @Option(
            names = "--redis-down",
            paramLabel = "closed|open|local:F",
            converter = Mode.class,
            description = "What becomes of calls with a limit while Redis can't be asked: they are denied, go ahead"
                    + " uncounted, or are counted here by a fraction F of each limit. Default: closed.")
    private @Nullable FailureMode down;

    @Option(
            names = "--redis-timeout",
            paramLabel = "MS",
            description = "How many milliseconds a call waits for Redis. Default: 50.")
    private @Nullable Integer timeout;

    /** Reads {@code --redis-down}. */
    static final class Mode implements ITypeConverter<FailureMode> {

        @Override
        public FailureMode convert(String text) {
            if (text.equals("closed")) {
                return FailureMode.closed();
            } else if (text.equals("open")) {
                return FailureMode.open();
            } else if (text.startsWith("local:")) {
                try {
                    return FailureMode.local(Double.parseDouble(text.substring("local:".length())));
                } catch (NumberFormatException e) {
                    throw new TypeConversionException("'" + text + "' has no number after local:, such as local:0.25");
                } catch (IllegalArgumentException e) {
                    throw new TypeConversionException("'" + text + "': " + e.getMessage());
                }
            }
            throw new TypeConversionException("'" + text + "' is none of closed, open and local:F, such as local:0.25");
        }
    }

    /** Counts limits in memory or in Redis, until it is closed. */
    record Limits(RateLimiter limiter, @Nullable RedisRateLimiter inRedis) implements AutoCloseable {

        @Override
        public void close() {
            if (inRedis != null) {
                inRedis.close();
            }
        }
    }

    /**
     * Counts in Redis if one is named, otherwise in memory. An unreachable Redis is reported, but is not an error:
     * {@code --redis-down} decides what happens to calls.
     *
     * @throws CliException if an option makes no sense
     */
    Limits open(PrintWriter err) {
        if (uri != null && file != null) {
            throw new CliException("give either --redis or --redis-file");
        }
        String named = named();
        if (named == null || named.isEmpty()) {
            if (prefix != null || down != null || timeout != null) {
                throw new CliException(
                        "--redis-prefix, --redis-down and --redis-timeout need --redis URI, --redis-file FILE or "
                                + VARIABLE);
            }
            return new Limits(InMemoryRateLimiter.create(), null);
        }
        RedisRateLimiter limiter;
        try {
            RedisRateLimiter.Builder builder = RedisRateLimiter.server(named).listener(new Told(err));
            if (prefix != null) {
                builder.prefix(prefix);
            }
            if (down != null) {
                builder.onFailure(down);
            }
            if (timeout != null) {
                builder.timeout(Duration.ofMillis(timeout));
            }
            limiter = builder.build();
        } catch (IllegalArgumentException e) {
            throw new CliException(source() + ": " + e.getMessage());
        }
        try {
            limiter.connect().toCompletableFuture().join();
        } catch (CompletionException e) {
            err.println("interlock proxy: Redis can't be asked yet (" + message(e.getCause()) + ")");
        }
        return new Limits(limiter, limiter);
    }

    private @Nullable String named() {
        if (file == null) {
            return uri != null ? uri : System.getenv(VARIABLE);
        }
        String text = SecretFile.read(file, "--redis-file").strip();
        if (text.isEmpty()) {
            throw new CliException("--redis-file " + file + ": there is no URI in it");
        }
        return text;
    }

    private String source() {
        return file != null ? "--redis-file " + file : uri != null ? "--redis" : VARIABLE;
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

    /** Reports on the standard error when Redis is lost and when it is back. */
    private record Told(PrintWriter err) implements RedisListener {

        @Override
        public void unavailable(Throwable cause) {
            err.println("interlock proxy: Redis can't be asked (" + message(cause)
                    + "); until it can, calls with a limit are treated as --redis-down says");
        }

        @Override
        public void available(Duration outage) {
            err.println("interlock proxy: Redis answers again, after " + outage.toSeconds() + " s");
        }
    }
}
