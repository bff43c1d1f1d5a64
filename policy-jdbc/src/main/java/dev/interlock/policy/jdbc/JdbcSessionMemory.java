package dev.interlock.policy.jdbc;

import dev.interlock.policy.limit.UnavailableException;
import dev.interlock.policy.session.MarkClaim;
import dev.interlock.policy.session.MarkRoom;
import dev.interlock.policy.session.SessionChange;
import dev.interlock.policy.session.SessionMarks;
import dev.interlock.policy.session.SessionMemory;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Keeps the marks of sessions in the database: one row for each session, and one transaction for each change. */
final class JdbcSessionMemory implements SessionMemory {

    private final Transactions transactions;
    private final SessionRows rows;

    JdbcSessionMemory(Transactions transactions, SessionRows rows) {
        this.transactions = transactions;
        this.rows = rows;
    }

    @Override
    public SessionMarks call(String session) {
        SessionRows.Seen seen = transactions.read(transaction -> rows.look(transaction, session));
        return seen.callMatters() ? transactions.change(transaction -> rows.call(transaction, session)) : seen.marks();
    }

    @Override
    public CompletionStage<SessionMarks> callAsync(String session) {
        return transactions
                .readAsync(transaction -> rows.look(transaction, session))
                .thenCompose(seen -> seen.callMatters()
                        ? transactions.changeAsync(transaction -> rows.call(transaction, session))
                        : CompletableFuture.completedFuture(seen.marks()));
    }

    @Override
    public SessionMarks read(String session) {
        return transactions.read(transaction -> rows.look(transaction, session)).marks();
    }

    /** What becomes of room. */
    private enum Stage {
        KEPT,
        /** The last change is on its way. */
        ENDING,
        GIVEN_BACK
    }

    /** Room for one call. Thread-safe. */
    private static final class RowRoom implements MarkRoom.Kept {
        private final JdbcSessionMemory owner;
        private final String id;
        private final MarkClaim claim;
        private final AtomicReference<Stage> stage = new AtomicReference<>(Stage.KEPT);

        RowRoom(JdbcSessionMemory owner, String id, MarkClaim claim) {
            this.owner = owner;
            this.id = id;
            this.claim = claim;
        }
    }

    @Override
    public MarkRoom reserve(MarkClaim claim) {
        try {
            return Transactions.await(reserving(claim));
        } catch (UnavailableException e) {
            return new MarkRoom.None(MarkRoom.Shortage.UNAVAILABLE);
        }
    }

    @Override
    public CompletionStage<MarkRoom> reserveAsync(MarkClaim claim) {
        return reserving(claim).exceptionally(failure -> new MarkRoom.None(MarkRoom.Shortage.UNAVAILABLE));
    }

    private CompletableFuture<MarkRoom> reserving(MarkClaim claim) {
        String id = UUID.randomUUID().toString();
        return transactions
                .changeAsync(transaction -> rows.reserve(transaction, id, claim), late -> giveBackLate(id, claim, late))
                .thenApply(answer -> switch (answer) {
                    case KEPT -> new RowRoom(this, id, claim);
                    case TOO_MANY_VALUES -> new MarkRoom.None(MarkRoom.Shortage.TOO_MANY_VALUES);
                    case TOO_MANY_SESSIONS -> new MarkRoom.None(MarkRoom.Shortage.TOO_MANY_SESSIONS);
                });
    }

    /** The caller was told that there is none. */
    private void giveBackLate(String id, MarkClaim claim, SessionRows.SessionRoom late) {
        if (late == SessionRows.SessionRoom.KEPT) {
            // If that fails, too, the room ends by itself.
            CompletableFuture<Boolean> unused =
                    transactions.changeAsync(transaction -> rows.change(transaction, id, claim, SessionChange.NONE));
        }
    }

    @Override
    public void change(String session, MarkRoom.@Nullable Kept room, SessionChange change) {
        Transactions.await(changing(session, room, change));
    }

    @Override
    public CompletionStage<@Nullable Void> changeAsync(
            String session, MarkRoom.@Nullable Kept room, SessionChange change) {
        return changing(session, room, change);
    }

    private CompletableFuture<@Nullable Void> changing(
            String session, MarkRoom.@Nullable Kept room, SessionChange change) {
        if (room == null) {
            return change.clears().isEmpty()
                    ? CompletableFuture.completedFuture(null)
                    : done(transactions.changeAsync(transaction -> rows.clear(transaction, session, change)));
        }
        if (!(room instanceof RowRoom kept) || !kept.owner.equals(this)) {
            throw new IllegalArgumentException("the room is none of this memory");
        }
        if (!change.last()) {
            return kept.stage.get() == Stage.KEPT
                    ? done(transactions.changeAsync(
                            transaction -> rows.change(transaction, kept.id, kept.claim, change)))
                    : CompletableFuture.completedFuture(null);
        }
        if (!kept.stage.compareAndSet(Stage.KEPT, Stage.ENDING)) {
            return CompletableFuture.completedFuture(null);
        }
        return transactions
                .changeAsync(
                        transaction -> rows.change(transaction, kept.id, kept.claim, change),
                        late -> kept.stage.set(Stage.GIVEN_BACK))
                .handle((changed, failure) -> {
                    if (failure == null) {
                        kept.stage.set(Stage.GIVEN_BACK);
                        return null;
                    }
                    // It may be tried again. Doing it twice does no harm: what was set is set anew.
                    kept.stage.compareAndSet(Stage.ENDING, Stage.KEPT);
                    throw failure instanceof RuntimeException unchecked
                            ? unchecked
                            : new IllegalStateException(failure);
                });
    }

    private static CompletableFuture<@Nullable Void> done(CompletableFuture<Boolean> changed) {
        return changed.thenApply(any -> null);
    }

    @Override
    public boolean blocks() {
        return true;
    }
}
