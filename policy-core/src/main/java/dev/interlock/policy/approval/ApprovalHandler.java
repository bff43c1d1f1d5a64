package dev.interlock.policy.approval;

import java.util.concurrent.CompletionStage;

/**
 * Asks a person about calls. Implementations must be thread-safe.
 *
 * <p>The engine asks after the call has passed every other check and its limits are reserved. It waits for the answer
 * without holding a thread, for as long as the request says. After that it gives the limits back and denies the call.
 * It does the same if the handler throws anything, including an error, returns null, or completes with null or
 * exceptionally. It reports the failure to the engine's listener.
 *
 * <p>Every rule that asks must be answered with yes. The engine asks for one rule after the other, in the order of the
 * policy, so that a handler can choose by {@link ApprovalRequest#rule} whose answer it gets. If the handler
 * {@linkplain #asksForAllRules supports it}, the engine asks for all rules in one request. After each yes the call is
 * decided again, without its own reservation in the counts. A rule that asks then and has not been answered is asked
 * for.
 */
@FunctionalInterface
public interface ApprovalHandler {

    /**
     * Asks about one call. Called on the thread that decides, so it must return without waiting for the person.
     *
     * <p>The call continues on the thread that completes the stage. If the engine no longer waits for the answer, it
     * cancels the stage, provided that the stage is a {@link java.util.concurrent.CompletableFuture}, so that the
     * handler can withdraw the question. A later answer has no effect, except for a call to {@link #unsent}.
     *
     * @return the answer; may complete on any thread
     */
    CompletionStage<ApprovalAnswer> ask(ApprovalRequest request);

    /**
     * Returns whether a request may name several rules, because the person who answers sees all of them and may answer
     * for all. By default it may not, and there is one request for each rule.
     */
    default boolean asksForAllRules() {
        return false;
    }

    /**
     * Called when a yes has admitted nothing: its call was denied after all, or never handed to a transport. A handler
     * whose yes may take effect later than it is given can keep the yes for the next equal call. Called at most once
     * for each yes, on any thread. Must be quick and must not throw.
     *
     * @param request the question
     * @param yes the answer
     */
    default void unsent(ApprovalRequest request, ApprovalAnswer.Approved yes) {}
}
