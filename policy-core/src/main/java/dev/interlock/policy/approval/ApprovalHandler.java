package dev.interlock.policy.approval;

import java.util.concurrent.CompletionStage;

/**
 * Puts calls to a person. Implementations are thread-safe.
 *
 * <p>The engine asks once the call has passed every other check and its limits are reserved. It waits for the answer
 * without holding a thread, for as long as the request says, and then gives the limits back and denies the call. So it
 * does if the handler throws, returns null, or completes with null or exceptionally; what went wrong is told to the
 * engine's listener.
 */
@FunctionalInterface
public interface ApprovalHandler {

    /**
     * Asks about one call. Called on the thread that decides, so it must return without waiting for the person.
     *
     * <p>The call goes on, on the thread that completes the stage. If nobody waits for the answer any longer, the engine
     * cancels the stage, if it is a {@link java.util.concurrent.CompletableFuture}, so that the handler may withdraw the
     * question; an answer that comes all the same is not heeded, but for {@link #unsent}.
     *
     * @return the answer; completes on any thread
     */
    CompletionStage<ApprovalAnswer> ask(ApprovalRequest request);

    /**
     * A yes that was given has admitted nothing: its call was denied after all, or never handed to a transport. A handler
     * whose yes may be heard later than it is given can keep it for the next equal call. Called at most once for each yes,
     * on any thread; must be quick and must not throw.
     *
     * @param request what was asked
     * @param yes what was answered
     */
    default void unsent(ApprovalRequest request, ApprovalAnswer.Approved yes) {}
}
