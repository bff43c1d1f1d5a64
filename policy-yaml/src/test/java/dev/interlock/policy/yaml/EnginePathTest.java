package dev.interlock.policy.yaml;

import dev.interlock.policy.recorded.EnginePath;
import dev.interlock.policy.recorded.RecordedCase;
import dev.interlock.policy.recorded.RecordedPathContract;
import dev.interlock.policy.recorded.RecordedRun;
import org.jspecify.annotations.Nullable;

/** A host that asks the engine itself. */
class EnginePathTest extends RecordedPathContract {

    @Override
    protected @Nullable String play(RecordedCase recorded) throws Exception {
        return RecordedRun.play(recorded, RecordedRun.Limits.IN_MEMORY, EnginePath::new);
    }
}
