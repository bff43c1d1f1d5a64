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
 * Watches a policy file and passes on each new valid version. An invalid version is reported, and the previous one
 * stays in force. It also stays in force while the file is missing.
 *
 * <pre>{@code
 * try (PolicyWatcher watcher = PolicyWatcher.of(file, engine::update).listener(log).start()) { … }
 * }</pre>
 *
 * <p>What matters is the content at the path, however it got there: written in place, renamed over by an editor, or
 * reached through a symbolic link in a parent directory that now leads elsewhere, as when Kubernetes swaps {@code
 * ..data}. File system notifications only make the watcher faster. They miss such links and most network mounts, so the
 * watcher also polls the content.
 *
 * <p>New content must be seen twice, {@link Builder#settle} apart, before it is read: a half-written file can be a
 * valid policy with rules missing.
 *
 * <p>One daemon thread does all this, from {@link Builder#start} until {@link #close}. Anything but a {@linkplain
 * RegularFile regular file} counts as missing, and never keeps {@link #close} from returning.
 */
public final class PolicyWatcher implements AutoCloseable {

    /** The result of a check. */
    public enum Look {
        /** The content is the same as at the previous check. */
        UNCHANGED,
        /** The content is new. The next check reads it, if it is still the same. */
        SETTLING,
        /** A new version is in force. */
        UPDATED,
        /** The new version isn't a valid policy, or the consumer refused it. The previous one stays in force. */
        REJECTED,
        /** The file is missing, can't be opened, or isn't a regular file. The last version stays in force. */
        MISSING,
        /** The watcher is closed. The file wasn't checked. */
        CLOSED
    }

    /** Something that the operator of the host may want to know. */
    public sealed interface Event {

        /**
         * A new version is in force.
         *
         * @param reading the version, with its warnings
         */
        record Updated(ReadResult reading) implements Event {}

        /**
         * A new version isn't a valid policy. The previous one stays in force.
         *
         * @param reading what is wrong with it
         */
        record Rejected(ReadResult reading) implements Event {}

        /**
         * A new version is a valid policy, but applying it failed. The previous one stays in force.
         *
         * @param reading the version
         * @param cause why it failed
         */
        record UpdateFailed(ReadResult reading, Throwable cause) implements Event {}

        /**
         * The file is missing or can't be opened. The last version stays in force.
         *
         * @param file the file
         * @param cause the reason
         */
        record Missing(Path file, IOException cause) implements Event {}

        /**
         * The file holds the version in force again, after it was missing or invalid.
         *
         * @param file the file
         */
        record Restored(Path file) implements Event {}
    }

    /** Receives events. Called by the watching thread; exceptions that it throws are ignored. */
    @FunctionalInterface
    public interface Listener {
        /** Called when something happens. */
        void on(Event event);
    }

    /** A file that takes longer than this to open or read counts as missing until the next check. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Path file;
    private final RegularFile.FileOpener opener;
    private final Consumer<? super Policy> update;
    private final Listener listener;
    private final Duration pollInterval;
    private final Duration settle;
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile @Nullable WatchService notifications;
    /** The read in progress, which closing the watcher cancels. */
    private volatile @Nullable CompletableFuture<byte[]> reading;

    /** The digest of the content that was read last, valid or not; null before the first. */
    private @Nullable String known;
    /** The digest of the content in force. */
    private @Nullable String inForce;
    /** The digest of new content that has been seen once. */
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
     * Creates a builder of a watcher.
     *
     * @param file the policy's file; it need not exist yet
     * @param update receives each new version, one at a time; if it throws, the previous version stays in force
     */
    public static Builder of(Path file, Consumer<? super Policy> update) {
        return new Builder(file, update);
    }

    /**
     * Checks the file once and doesn't wait for a change; the watching thread does nothing else. Since new content
     * must be seen twice, a change takes two checks.
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
        ReadResult reading = PolicyYaml.read(bytes, file.toString());
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
            // Errors too: a policy that overflows the stack must not end the watching.
            tell(new Event.UpdateFailed(reading, e));
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
            // A listener that throws must not stop policies from being reloaded.
        }
    }

    /** Stops watching. When this returns, no update is in progress and none follows. */
    @Override
    public void close() {
        closed.countDown();
        CompletableFuture<byte[]> begun = reading;
        if (begun != null) {
            // Whatever is now in the file's place may never open.
            begun.cancel(true);
        }
        closeNotifications();
        synchronized (this) {
            // Waits for a check in progress; called from within an update, the only check is our own.
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
            // The watcher was closed while it waited.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            closeNotifications();
        }
    }

    /** Waits until the next check is due, or something in the file's directory changes. */
    private void await(Duration longest, boolean notified) throws InterruptedException {
        WatchService service = notifications;
        if (!notified || service == null) {
            closed.await(longest.toNanos(), TimeUnit.NANOSECONDS);
            return;
        }
        if (service.poll(longest.toNanos(), TimeUnit.NANOSECONDS) != null) {
            // The minimum time between checks, however much happens in the directory.
            closed.await(settle.toNanos() / 2, TimeUnit.NANOSECONDS);
        }
    }

    /** Asks for notifications about the file's directory; null if none are available for now. */
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
                // A watch service writes nothing, so nothing is lost.
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
        private RegularFile.FileOpener opener = Files::newByteChannel;

        private Builder(Path file, Consumer<? super Policy> update) {
            this.file = Objects.requireNonNull(file);
            this.update = Objects.requireNonNull(update);
        }

        /** Receives events; by default there is no listener. */
        public Builder listener(Listener told) {
            this.listener = Objects.requireNonNull(told);
            return this;
        }

        /**
         * How often the content is compared when there are no notifications: 5 seconds by default.
         *
         * @throws IllegalArgumentException if it isn't positive
         */
        public Builder pollInterval(Duration interval) {
            this.pollInterval = positive(interval, "pollInterval");
            return this;
        }

        /**
         * How long new content must stay the same before it is read: 200 milliseconds by default.
         *
         * @throws IllegalArgumentException if it isn't positive
         */
        public Builder settle(Duration time) {
            this.settle = positive(time, "settle");
            return this;
        }

        /** The policy that the host has already read from the file, so that it isn't passed on a second time. */
        public Builder inForce(Policy policy) {
            this.inForce = Objects.requireNonNull(policy);
            return this;
        }

        /** Opens the file; only tests replace it. */
        Builder opener(RegularFile.FileOpener fileOpener) {
            this.opener = fileOpener;
            return this;
        }

        /**
         * A watcher that checks only when {@link PolicyWatcher#check} is called, for hosts with their own scheduler.
         */
        public PolicyWatcher build() {
            return new PolicyWatcher(this);
        }

        /** A watcher with its own thread, already started. */
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
