package dev.interlock.examples.springai;

import io.micrometer.context.ContextRegistry;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.common.McpTransportContext;
import org.springframework.ai.mcp.customizer.McpClientCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.publisher.Hooks;

/** Attaches the current user to each call, whether clients are synchronous or asynchronous. */
@Configuration(proxyBeanMethods = false)
class UsersConfiguration {

    // begin
    /** With type SYNC, the client asks for it with each call. */
    @Bean
    McpClientCustomizer<McpClient.SyncSpec> userOfSyncClients() {
        return (name, client) -> client.transportContextProvider(CurrentUser::context);
    }

    // With type ASYNC it is not called: Reactor takes the context along from the thread that makes the call.
    static {
        ContextRegistry.getInstance().registerThreadLocalAccessor(McpTransportContext.KEY, CurrentUser.CONTEXT);
        Hooks.enableAutomaticContextPropagation();
    }
    // end
}
