package dev.interlock.policy.cli.replay;

import dev.interlock.policy.engine.ToolCall;
import dev.interlock.policy.limit.Settlement;
import org.jspecify.annotations.Nullable;

/**
 * A call of a recording.
 *
 * @param time when it was made, in milliseconds of the wall clock; null if that wasn't recorded
 * @param call the call
 * @param outcome how it ended
 * @param approved whether a person approved it
 */
record RecordedCall(@Nullable Long time, ToolCall call, Settlement outcome, boolean approved) {}
