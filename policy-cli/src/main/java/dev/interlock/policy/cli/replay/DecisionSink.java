package dev.interlock.policy.cli.replay;

import dev.interlock.policy.engine.Decision;
import org.jspecify.annotations.Nullable;

/** Where the decisions of a replay go. */
interface DecisionSink extends AutoCloseable {

    /**
     * Writes a line.
     *
     * @param where which call it is
     * @param decision what the policy says of it
     * @param passes whether the call goes ahead, which an approved one does, too
     * @param other what the other policy says of it, or null if there is none
     * @param otherPasses whether it would go ahead by that
     */
    void write(Where where, Decision decision, boolean passes, @Nullable Decision other, boolean otherPasses);

    @Override
    void close();

    /**
     * Which call of a recording is meant.
     *
     * @param file the file that the line stands in; null if only one is read
     * @param line the line's number
     * @param id the case's id, or null
     * @param step the call's position in the case, from 0; -1 for a line with one call
     * @param tool the tool that is called
     */
    record Where(@Nullable String file, long line, @Nullable String id, int step, String tool) {}
}
