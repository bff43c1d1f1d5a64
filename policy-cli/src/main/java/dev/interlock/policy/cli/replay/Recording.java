package dev.interlock.policy.cli.replay;

import dev.interlock.policy.testing.ToolList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A line of a recording: one call, or a whole case.
 *
 * @param calls the calls: one, unless the line has steps
 * @param isCase whether the line has steps
 * @param id the case to which the line belongs, or null
 * @param policy the text of the line's own policy, or null
 * @param tools the known tools if the line begins something new, or null
 */
record Recording(
        List<RecordedCall> calls,
        boolean isCase,
        @Nullable String id,
        @Nullable String policy,
        @Nullable ToolList tools) {}
