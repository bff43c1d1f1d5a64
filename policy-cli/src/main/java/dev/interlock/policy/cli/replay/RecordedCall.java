package dev.interlock.policy.cli.replay;

import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.testing.SimulatedEnd;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A call of a recording.
 *
 * @param time when it was made, in milliseconds of the wall clock; null if that wasn't recorded
 * @param call the call
 * @param end how it ended, with what was answered and used, as far as that was recorded
 * @param approved whether a person approved it
 * @param rounds how often its server asked for input before it ended
 * @param ends when it ended, in milliseconds of the wall clock; null if that wasn't recorded, and then it ends at once
 * @param custom what the host's predicates answered, by name, as far as that was recorded
 */
record RecordedCall(
        @Nullable Long time,
        ToolCall call,
        SimulatedEnd end,
        boolean approved,
        int rounds,
        @Nullable Long ends,
        Map<String, Boolean> custom) {}
