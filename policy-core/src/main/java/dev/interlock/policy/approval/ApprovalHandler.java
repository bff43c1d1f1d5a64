package dev.interlock.policy.approval;

import java.util.concurrent.CompletionStage;

/**
 * Puts calls to a person. Implementations are thread-safe.
 *
 * <p>The engine asks once the call has passed every other check and its limits are reserved. It waits for the answer
 * without holding a thread, for as long as the request says, and then gives the limits back and denies the call. So it
 * does if the handler throws anything, an error included, returns null, or completes with null or exceptionally; what went
 * wrong is told to the engine's listener.
 *
 * <p>Every rule that asks must be answered with yes. The engine asks for one rule after the other, in the order of the
 * policy, so that a handler may choose by {@link ApprovalRequest#rule} whom it asks; or for all in one request, if the
 * handler {@linkplain #asksForAllRules can do that}. After each yes the call is decided anew, without its own reservation in
 * the counts, and a rule that asks then and was not answered yet is asked for.
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
     * Whether a request may name several rules, because whoever answers may answer for all of them and sees them all. By
     * default it may not, and there is a request for each rule.
     */
    default boolean asksForAllRules() {
        return false;
    }

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
