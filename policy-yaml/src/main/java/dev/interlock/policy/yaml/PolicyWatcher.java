package dev.interlock.policy.yaml;

import dev.interlock.policy.Policy;
import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Watches a policy file and hands over each new version that is good. A version that isn't is reported, and the one
 * before stays in force; so it does while the file is gone.
 *
 * <pre>{@code
 * try (PolicyWatcher watcher = PolicyWatcher.of(file, engine::update).listener(log).start()) { … }
 * }</pre>
 *
 * <p>What counts is the content at the path, however it came there: written in place, renamed over by an editor, or
 * reached through a symbolic link somewhere above that now leads elsewhere, as when Kubernetes swaps {@code ..data}. The
 * file system's notifications only make it quick. They miss such links and most network mounts, so the content is also
 * compared every so often.
 *
 * <p>A new content must be seen twice, {@link Builder#settle} apart, before it is read: half a file that is still being
 * written can be a valid policy, and one with rules missing.
 *
 * <p>One daemon thread does all this, from {@link Builder#start} until {@link #close}. What is no {@linkplain RegularFile
 * regular file} counts as missing, and never keeps {@link #close} from returning.
 */
public final class PolicyWatcher implements AutoCloseable {

    /** What a look at the file came to. */
    public enum Look {
        /** The content is the one that was looked at last. */
        UNCHANGED,
        /** The content is new; the next look reads it, if it is still the same. */
        SETTLING,
        /** A new version is in force. */
        UPDATED,
        /** The new version is no policy, or whoever takes it has refused it; the one before is in force. */
        REJECTED,
        /** The file isn't there, can't be opened, or is no regular file; the last version is in force. */
        MISSING,
        /** The watcher is closed, and nothing was looked at. */
        CLOSED
    }

    /** Something that whoever runs the host may want to know. */
    public sealed interface Event {

        /**
         * A new version is in force.
         *
         * @param reading the version, with its warnings
         */
        record Updated(Reading reading) implements Event {}

        /**
         * A new version is no policy, and the one before stays in force.
         *
         * @param reading what is wrong with it
         */
        record Rejected(Reading reading) implements Event {}

        /**
         * A new version is a policy, but taking it over failed, and the one before stays in force.
         *
         * @param reading the version
         * @param cause why it failed
         */
        record Failed(Reading reading, Throwable cause) implements Event {}

        /**
         * The file is gone or can't be opened, and the last version stays in force.
         *
         * @param file the file
         * @param cause why
         */
        record Missing(Path file, IOException cause) implements Event {}

        /**
         * The file holds the version in force again, after it was missing or bad.
         *
         * @param file the file
         */
        record Restored(Path file) implements Event {}
    }

    /** Is told what happens. Called by the watching thread; what it throws is ignored. */
    @FunctionalInterface
    public interface Listener {
        /** Something happened. */
        void on(Event event);
    }

    /** A file that takes longer to open or to read than this is as good as gone, until the next look. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Path file;
    private final RegularFile.Opener opener;
    private final Consumer<? super Policy> update;
    private final Listener listener;
    private final Duration pollInterval;
    private final Duration settle;
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile @Nullable WatchService notifications;
    /** The look that is under way, to be given up by whoever closes the watcher. */
    private volatile @Nullable CompletableFuture<byte[]> reading;

    /** The digest of the content that was last read, whether good or bad; null before there is one. */
    private @Nullable String known;
    /** The digest of the content that is in force. */
    private @Nullable String inForce;
    /** The digest of a new content that has been seen once. */
    private @Nullable String settling;

    private @Nullable Policy assumed;
    private boolean missing;

    private PolicyWatcher(Builder builder) {
        this.file = builder.file;
        this.opener = builder.opener;
        this.update = builder.update;
        this.listener = builder.listener;
        this.pollInterval = builder.pollInterval;
        this.settle = builder.settle;
        this.assumed = builder.inForce;
    }

    /**
     * Begins a watcher.
     *
     * @param file the policy's file; it need not be there yet
     * @param update takes each new version, one at a time; if it throws, the version before stays in force
     */
    public static Builder of(Path file, Consumer<? super Policy> update) {
        return new Builder(file, update);
    }

    /**
     * Looks at the file once, without waiting for anything; the watching thread does nothing else. Since a new content
     * must be seen twice, a change takes two looks.
     */
    public synchronized Look check() {
        if (closed.getCount() == 0) {
            return Look.CLOSED;
        }
        byte[] bytes;
        try {
            bytes = content();
        } catch (CancellationException e) {
            return Look.CLOSED;
        } catch (IOException e) {
            settling = null;
            return missing(e);
        }
        String content = digest(bytes);
        boolean back = missing;
        missing = false;
        if (content.equals(known)) {
            settling = null;
            if (back && content.equals(inForce)) {
                tell(new Event.Restored(file));
            }
            return Look.UNCHANGED;
        }
        if (!content.equals(settling)) {
            settling = content;
            return Look.SETTLING;
        }
        settling = null;
        known = content;
        return take(content, bytes);
    }

    private byte[] content() throws IOException {
        CompletableFuture<byte[]> begun = RegularFile.reading(file, Bounds.MAX_BYTES + 1, opener);
        reading = begun;
        if (closed.getCount() == 0) {
            begun.cancel(true);
        }
        try {
            return RegularFile.result(file, begun, PATIENCE);
        } finally {
            reading = null;
        }
    }

    private Look missing(IOException cause) {
        if (!missing) {
            missing = true;
            tell(new Event.Missing(file, cause));
        }
        return Look.MISSING;
    }

    private Look take(String content, byte[] bytes) {
        if (content.equals(inForce)) {
            tell(new Event.Restored(file));
            return Look.UNCHANGED;
        }
        Reading reading = PolicyYaml.read(bytes, file.toString());
        Optional<Policy> policy = reading.policy();
        if (policy.isEmpty()) {
            tell(new Event.Rejected(reading));
            return Look.REJECTED;
        }
        if (policy.get().equals(assumed)) {
            assumed = null;
            inForce = content;
            return Look.UNCHANGED;
        }
        assumed = null;
        try {
            update.accept(policy.get());
        } catch (RuntimeException | Error e) {
            // Also an Error: a policy that overflows the stack must not end the watching of the next one.
            tell(new Event.Failed(reading, e));
            return Look.REJECTED;
        }
        inForce = content;
        tell(new Event.Updated(reading));
        return Look.UPDATED;
    }

    private void tell(Event event) {
        try {
            listener.on(event);
        } catch (RuntimeException e) {
            // A log that fails must not stop policies from being reloaded.
        }
    }

    /** Stops watching. When this returns no update is under way, and none follows. */
    @Override
    public void close() {
        closed.countDown();
        CompletableFuture<byte[]> begun = reading;
        if (begun != null) {
            // What stands in the file's place may never open.
            begun.cancel(true);
        }
        closeNotifications();
        synchronized (this) {
            // A check that is under way ends first; called from within an update, there is none but our own.
            settling = null;
        }
    }

    private void start() {
        Thread thread = new Thread(this::run, "interlock-policy-watcher");
        thread.setDaemon(true);
        thread.start();
    }

    private void run() {
        WatchKey key = null;
        try {
            while (closed.getCount() > 0) {
                key = key != null && key.isValid() ? key : register();
                Look look = check();
                await(look == Look.SETTLING ? settle : pollInterval, look != Look.SETTLING);
                if (key != null) {
                    key.pollEvents();
                    key.reset();
                }
            }
        } catch (ClosedWatchServiceException e) {
            // Closed while it waited.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            closeNotifications();
        }
    }

    /** Waits until it is time for the next look, or something in the file's directory changes. */
    private void await(Duration longest, boolean notified) throws InterruptedException {
        WatchService service = notifications;
        if (!notified || service == null) {
            closed.await(longest.toNanos(), TimeUnit.NANOSECONDS);
            return;
        }
        if (service.poll(longest.toNanos(), TimeUnit.NANOSECONDS) != null) {
            // Not more often than this, however much happens in the directory.
            closed.await(settle.toNanos() / 2, TimeUnit.NANOSECONDS);
        }
    }

    /** Asks for notifications about the file's directory; null if there are none to be had for now. */
    private @Nullable WatchKey register() {
        Path directory = file.toAbsolutePath().getParent();
        if (directory == null) {
            return null;
        }
        try {
            WatchService service = notifications;
            if (service == null) {
                service = directory.getFileSystem().newWatchService();
                notifications = service;
                if (closed.getCount() == 0) {
                    closeNotifications();
                    return null;
                }
            }
            return directory.register(
                    service,
                    StandardWatchEventKinds.ENTRY_CREATE,
                    StandardWatchEventKinds.ENTRY_MODIFY,
                    StandardWatchEventKinds.ENTRY_DELETE);
        } catch (IOException | UnsupportedOperationException e) {
            return null;
        }
    }

    private void closeNotifications() {
        WatchService service = notifications;
        if (service != null) {
            try {
                service.close();
            } catch (IOException e) {
                // Nothing was being written, so nothing is lost.
            }
        }
    }

    private static String digest(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Settings of a watcher. */
    public static final class Builder {

        private final Path file;
        private final Consumer<? super Policy> update;
        private Listener listener = event -> {};
        private Duration pollInterval = Duration.ofSeconds(5);
        private Duration settle = Duration.ofMillis(200);
        private @Nullable Policy inForce;
        private RegularFile.Opener opener = Files::newByteChannel;

        private Builder(Path file, Consumer<? super Policy> update) {
            this.file = Objects.requireNonNull(file);
            this.update = Objects.requireNonNull(update);
        }

        /** Who is told what happens; nobody unless it is set. */
        public Builder listener(Listener told) {
            this.listener = Objects.requireNonNull(told);
            return this;
        }

        /**
         * How often the content is compared even if nothing has been notified: 5 seconds unless it is set.
         *
         * @throws IllegalArgumentException if it isn't positive
         */
        public Builder pollInterval(Duration interval) {
            this.pollInterval = positive(interval, "pollInterval");
            return this;
        }

        /**
         * How long a new content must stay the same before it is read: 200 milliseconds unless it is set.
         *
         * @throws IllegalArgumentException if it isn't positive
         */
        public Builder settle(Duration time) {
            this.settle = positive(time, "settle");
            return this;
        }

        /** The policy that the host has read from the file already, so that it isn't handed over a second time. */
        public Builder inForce(Policy policy) {
            this.inForce = Objects.requireNonNull(policy);
            return this;
        }

        /** Opens the file; only tests change it. */
        Builder opener(RegularFile.Opener fileOpener) {
            this.opener = fileOpener;
            return this;
        }

        /** A watcher that looks only when {@link PolicyWatcher#check} is called, for hosts with a scheduler of their own. */
        public PolicyWatcher build() {
            return new PolicyWatcher(this);
        }

        /** A watcher with its thread. */
        public PolicyWatcher start() {
            PolicyWatcher watcher = build();
            watcher.start();
            return watcher;
        }

        private static Duration positive(Duration duration, String name) {
            if (duration.isNegative() || duration.isZero()) {
                throw new IllegalArgumentException(name + " must be positive, was " + duration);
            }
            return duration;
        }
    }
}
