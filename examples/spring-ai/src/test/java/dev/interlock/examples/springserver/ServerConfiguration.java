package dev.interlock.examples.springserver;

import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.mcp.EnforcingServerTransports;
import dev.interlock.policy.yaml.PolicyYaml;
import io.modelcontextprotocol.spec.McpServerTransportProviderBase;
import java.nio.file.Path;
import org.springframework.ai.mcp.server.webmvc.transport.WebMvcStreamableServerTransportProvider;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Primary;

/** Puts the policy in front of a server that Spring AI makes. */
@Configuration(proxyBeanMethods = false)
class ServerConfiguration {

    // begin
    @Bean
    PolicyEngine policyEngine(@Value("${policy}") Path policy) {
        return PolicyEngine.builder(PolicyYaml.read(policy).orThrow()).build();
    }

    /** Beside the bare provider, which its routes need by its own class; the server takes the primary one. */
    @Bean
    @Primary
    McpServerTransportProviderBase guarded(WebMvcStreamableServerTransportProvider bare, PolicyEngine engine) {
        return EnforcingServerTransports.wrap(bare, engine);
    }
    // end
}
