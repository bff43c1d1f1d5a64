package dev.interlock.policy.cli.proxy;

import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.server.LockFile;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.tool.ToolLock;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** {@code --lock}. */
final class LockOption {

    /** How often the file is looked at. It is read whole, but it is small. */
    private static final Duration PAUSE = Duration.ofSeconds(1);

    @Option(
            names = "--lock",
            paramLabel = "FILE",
            description = "Hides and denies tools that are not as they were accepted in this file; see interlock lock."
                    + " A changed file is taken up while the proxy runs.")
    private @Nullable String file;

    /**
     * Reads the lock; null if none is given.
     *
     * @throws CliException if it can't be read
     */
    @Nullable
    ToolLock read() {
        return file == null ? null : new LockFile(file).read();
    }

    /** Takes up each valid version of the file from now on. While there is none, the last one stays in force. */
    void follow(PolicyEngine engine, @Nullable ToolLock inForce, Consumer<String> reports) {
        if (file == null || inForce == null) {
            return;
        }
        LockFile lock = new LockFile(file);
        Thread follower = new Thread(() -> follow(lock, engine, inForce, reports), "interlock-lock-watcher");
        follower.setDaemon(true);
        follower.start();
    }

    private static void follow(LockFile file, PolicyEngine engine, ToolLock first, Consumer<String> reports) {
        ToolLock inForce = first;
        String told = "";
        while (true) {
            String problem = "";
            try {
                Thread.sleep(PAUSE.toMillis());
                ToolLock lock = file.read();
                if (!lock.equals(inForce)) {
                    engine.update(lock);
                    inForce = lock;
                    reports.accept("the lock file was changed, and is in force");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            } catch (CliException e) {
                problem = e.getMessage() + "; the lock before stays in force";
            } catch (RuntimeException | Error e) {
                problem = "the changed lock file can't be enforced; the lock before stays in force";
            }
            if (!problem.isEmpty() && !problem.equals(told)) {
                reports.accept(problem);
            }
            told = problem;
        }
    }
}
