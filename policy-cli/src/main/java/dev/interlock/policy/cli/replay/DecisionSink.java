package dev.interlock.policy.cli.replay;

import dev.interlock.policy.call.Decision;
import org.jspecify.annotations.Nullable;

/** Receives the decisions of a replay. */
interface DecisionSink extends AutoCloseable {

    /**
     * Writes a line.
     *
     * @param where which call it is
     * @param decision the policy's decision
     * @param passes whether the call goes ahead; an approved call does, too
     * @param other the other policy's decision, or null if there is none
     * @param otherPasses whether the call goes ahead under that policy
     */
    void write(Where where, Decision decision, boolean passes, @Nullable Decision other, boolean otherPasses);

    @Override
    void close();

    /**
     * Identifies a call of a recording.
     *
     * @param file the file with the line; null if only one is read
     * @param line the line's number
     * @param id the case's id, or null
     * @param step the call's position in the case, from 0; -1 for a line with one call
     * @param tool the tool that is called
     */
    record Where(@Nullable String file, long line, @Nullable String id, int step, String tool) {}
}
