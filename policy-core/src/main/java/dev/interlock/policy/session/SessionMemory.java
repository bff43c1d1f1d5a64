package dev.interlock.policy.session;

import dev.interlock.policy.limit.UnavailableException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what sessions have seen: their marks. One memory serves any number of engines and threads. Engines that share
 * one share the sessions.
 *
 * <p><b>The contract</b>, which {@code SessionMemoryContract} in this module's tests checks for every implementation:
 *
 * <ul>
 *   <li>A mark never goes missing. It is there from the moment at which {@link #change} returns until it lapses or is
 *       cleared. Nothing is forgotten to make room.
 *   <li>So room is reserved before a call is made. What it was reserved for always fits. Room that is not there is
 *       refused with {@link MarkRoom.None}; then nothing has changed.
 *   <li>A session's marks at one moment are read together, and each change is made as a whole. Calls are linearizable.
 *   <li>Each value, and each name, has the lifetime that it was set with. Setting it again never shortens that. A
 *       lifetime that has an end doesn't include it. One that has none lasts until {@link
 *       dev.interlock.policy.Mark#IDLE} has passed since the session's last call: since the last time that {@link
 *       #call} read its marks or {@link #change} changed them. What has lapsed never comes back.
 *   <li>A change that clears a mark takes away what was set before the {@linkplain SessionMarks#moment moment} at which
 *       its call was decided, with its lifetimes, and nothing else.
 *   <li>A mark has at most {@value #MOST_VALUES} values. Values that were not reserved and don't fit, and those longer
 *       than {@value #LONGEST_VALUE} code points, make the mark invalid for as long as they would have lasted, or until
 *       that is cleared.
 *   <li>Only {@link MarkRoom.Shortage#TOO_MANY_SESSIONS} may be an unnecessary refusal: at its bound, a memory may not
 *       have noticed yet that a session can be forgotten. Room that is never given back stays taken.
 *   <li>Lifetimes are measured by a clock that doesn't step. A process that keeps its own memory uses the monotonic
 *       clock; a store that several processes share uses its own.
 *   <li>A store that can't be reached refuses room. From other methods it throws {@link UnavailableException}.
 * </ul>
 */
public interface SessionMemory {

    /** The most values of a mark of one session. */
    int MOST_VALUES = 1_000;

    /** The most code points of a value. */
    int LONGEST_VALUE = 256;

    /**
     * Notes a call of the session, and returns its marks as they are now. Blocks only if {@link #blocks} returns true.
     *
     * @throws UnavailableException if the store can't be reached
     */
    SessionMarks call(String session);

    /** Does the same as {@link #call} without blocking the caller. The stage fails if {@link #call} would throw. */
    default CompletionStage<SessionMarks> callAsync(String session) {
        return CompletableFuture.completedFuture(call(session));
    }

    /**
     * Returns the session's marks as they are now, and changes nothing: it is not a call of the session. Blocks only if
     * {@link #blocks} returns true.
     *
     * @throws UnavailableException if the store can't be reached
     */
    SessionMarks read(String session);

    /**
     * Reserves room for what a call may put on its session. The caller passes it to {@link #change} once the call has
     * ended, in whichever way. Blocks only if {@link #blocks} returns true. Never throws because of the store.
     */
    MarkRoom reserve(MarkClaim claim);

    /**
     * Returns why {@link #reserve} would refuse room now; null if it would not. Keeps nothing. Blocks only if {@link
     * #blocks} returns true.
     */
    default MarkRoom.@Nullable Shortage refusal(MarkClaim claim) {
        MarkRoom room = reserve(claim);
        if (room instanceof MarkRoom.None none) {
            return none.reason();
        }
        change(claim.session(), (MarkRoom.Kept) room, SessionChange.NONE);
        return null;
    }

    /** Does the same as {@link #reserve} without blocking the caller. */
    default CompletionStage<MarkRoom> reserveAsync(MarkClaim claim) {
        return CompletableFuture.completedFuture(reserve(claim));
    }

    /**
     * Changes the marks of a session. After the {@linkplain SessionChange#last last} change of a call its room is given
     * back, and further changes with it do nothing. Blocks only if {@link #blocks} returns true.
     *
     * @param room what was reserved for the call; null if it only clears
     * @throws UnavailableException if the change could not be made, or that is not known
     */
    void change(String session, MarkRoom.@Nullable Kept room, SessionChange change);

    /** Does the same as {@link #change} without blocking the caller. The stage fails if {@link #change} would throw. */
    default CompletionStage<@Nullable Void> changeAsync(
            String session, MarkRoom.@Nullable Kept room, SessionChange change) {
        change(session, room, change);
        return CompletableFuture.completedFuture(null);
    }

    /** Returns whether a method that is not asynchronous may wait for another machine. */
    default boolean blocks() {
        return false;
    }
}
