package dev.interlock.policy.mcp;

import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.recorded.RecordedCase;
import dev.interlock.policy.recorded.RecordedPathContract;
import dev.interlock.policy.recorded.RecordedRun;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpServerTransportProvider;
import org.jspecify.annotations.Nullable;

/** The SDK's client, guarded. */
class ClientPathTest extends RecordedPathContract {

    @Override
    protected boolean expresses(RecordedCase recorded) {
        return isServed(recorded);
    }

    @Override
    protected @Nullable String play(RecordedCase recorded) throws Exception {
        return RecordedRun.play(recorded, RecordedRun.Limits.IN_MEMORY, Guarded::new);
    }

    private static final class Guarded extends RecordedSdkPath {

        private final PolicyEngine engine;

        Guarded(RecordedCase recorded, PolicyEngine engine) {
            super(recorded);
            this.engine = engine;
        }

        @Override
        McpClientTransport clientSide(McpClientTransport bare, @Nullable String server) {
            return known(EnforcingClientTransport.builder(bare, engine), server).build();
        }

        @Override
        McpServerTransportProvider serverSide(McpServerTransportProvider bare, @Nullable String server) {
            return bare;
        }
    }
}
