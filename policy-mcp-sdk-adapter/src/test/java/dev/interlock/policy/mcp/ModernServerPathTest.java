package dev.interlock.policy.mcp;

import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.recorded.RecordedCase;
import dev.interlock.policy.recorded.RecordedPathContract;
import dev.interlock.policy.recorded.RecordedRun;
import io.modelcontextprotocol.modern.client.transport.McpClientTransport;
import io.modelcontextprotocol.modern.server.McpRequestManager;
import io.modelcontextprotocol.modern.server.McpServer;
import org.jspecify.annotations.Nullable;

/** The server of the SDK's modern API, guarded. */
class ModernServerPathTest extends RecordedPathContract {

    @Override
    protected boolean expresses(RecordedCase recorded) {
        return isServed(recorded);
    }

    @Override
    protected @Nullable String play(RecordedCase recorded) throws Exception {
        return RecordedRun.play(recorded, RecordedRun.Limits.IN_MEMORY, Guarded::new);
    }

    private static final class Guarded extends ModernRecordedPath {

        private final PolicyEngine engine;

        Guarded(RecordedCase recorded, PolicyEngine engine) {
            super(recorded);
            this.engine = engine;
        }

        @Override
        McpClientTransport clientSide(McpClientTransport bare, @Nullable String server) {
            return bare;
        }

        @Override
        McpRequestManager serverSide(McpServer bare, @Nullable String server) {
            return known(EnforcingRequestManager.builder(bare, engine), server).build();
        }
    }
}
