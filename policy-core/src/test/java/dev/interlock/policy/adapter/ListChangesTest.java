package dev.interlock.policy.adapter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.engine.PolicyEngine;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

/** Which notifications of changes are sent, and when. */
class ListChangesTest {

    private final PolicyEngine engine =
            PolicyEngine.builder(Policy.of(PolicyBody.of(Posture.ALLOW))).build();

    /** What waits for a thread. */
    private final Deque<Runnable> tasks = new ArrayDeque<>();

    /** The notifications that were begun. */
    private final List<CompletableFuture<Void>> sent = new ArrayList<>();

    private boolean overloaded;

    private final ListChanges changes = new ListChanges(engine, this::execute, () -> {
        CompletableFuture<Void> sending = new CompletableFuture<>();
        sent.add(sending);
        return sending;
    });

    private void execute(Runnable task) {
        if (overloaded) {
            throw new RejectedExecutionException("no thread is free");
        }
        tasks.add(task);
    }

    private void run() {
        while (!tasks.isEmpty()) {
            tasks.remove().run();
        }
    }

    private void end(int number) {
        sent.get(number).complete(null);
        run();
    }

    @Test
    void changesWhileOneIsSentLeadToOneMore() {
        changes.begin();
        changes.changed();
        run();
        for (int i = 0; i < 1_000; i++) {
            changes.changed();
        }
        run();
        assertThat(sent).hasSize(1);

        end(0);
        assertThat(sent).hasSize(2);
        end(1);
        assertThat(sent).hasSize(2);

        changes.changed();
        run();
        assertThat(sent).hasSize(3);
    }

    @Test
    void nothingIsSentBeforeTheSessionIsInOperation() {
        changes.heard("initialize");
        changes.changed();
        run();
        assertThat(sent).isEmpty();

        changes.heard("notifications/initialized");
        changes.changed();
        run();
        assertThat(sent).hasSize(1);
    }

    @Test
    void nothingIsSentOnceTheSessionHasEndedEvenIfAThreadWasAskedBefore() {
        changes.begin();
        changes.changed();
        changes.close();
        run();
        changes.changed();
        run();

        assertThat(sent).isEmpty();

        changes.begin();
        changes.changed();
        run();
        assertThat(sent).as("a session after that").hasSize(1);
    }

    @Test
    void whatCouldNotBeSentIsSentOnceTheClientCanBeReached() {
        changes.begin();
        changes.changed();
        run();
        sent.get(0).completeExceptionally(new IllegalStateException("away"));
        run();
        assertThat(sent).hasSize(1);

        changes.reachable();
        run();
        assertThat(sent).hasSize(2);
        end(1);

        changes.reachable();
        run();
        assertThat(sent).as("nothing was missed since").hasSize(2);
    }

    @Test
    void anOverloadedHostLosesOnlyWhatChangedMeanwhile() {
        changes.begin();
        overloaded = true;
        changes.changed();
        changes.changed();
        overloaded = false;

        changes.changed();
        run();

        assertThat(sent).hasSize(1);
    }

    @Test
    void theEngineIsFollowedFromOpeningToClosing() {
        changes.begin();
        engine.update(Policy.of(PolicyBody.of(Posture.DENY)));
        run();
        assertThat(sent).isEmpty();

        changes.open();
        changes.open();
        changes.begin();
        engine.update(Policy.of(PolicyBody.of(Posture.ALLOW)));
        run();
        assertThat(sent).hasSize(1);
        end(0);

        changes.close();
        changes.begin();
        engine.update(Policy.of(PolicyBody.of(Posture.DENY)));
        run();
        assertThat(sent).hasSize(1);
    }
}
