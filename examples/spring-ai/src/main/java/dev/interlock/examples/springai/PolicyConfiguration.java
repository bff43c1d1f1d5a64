package dev.interlock.examples.springai;

import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.mcp.EnforcingClientTransport;
import dev.interlock.policy.yaml.PolicyYaml;
import java.nio.file.Path;
import java.util.List;
import org.springframework.ai.mcp.client.common.autoconfigure.NamedClientMcpTransport;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Puts the policy in front of every MCP server that Spring AI connects to. */
@Configuration(proxyBeanMethods = false)
class PolicyConfiguration {

    // begin
    @Bean
    PolicyEngine policyEngine(@Value("${policy}") Path policy) {
        return PolicyEngine.builder(PolicyYaml.read(policy).orThrow()).build();
    }

    /** Static, so that it is there before the transports are. */
    @Bean
    static BeanPostProcessor policyInFrontOfTransports(ObjectProvider<PolicyEngine> engine) {
        return new BeanPostProcessor() {
            @Override
            public Object postProcessAfterInitialization(Object bean, String name) {
                return bean instanceof List<?> list && !list.isEmpty() && list.get(0) instanceof NamedClientMcpTransport
                        ? list.stream()
                                .map(NamedClientMcpTransport.class::cast)
                                .map(transport -> guarded(transport, engine.getObject()))
                                .toList()
                        : bean;
            }
        };
    }

    private static NamedClientMcpTransport guarded(NamedClientMcpTransport bare, PolicyEngine engine) {
        return new NamedClientMcpTransport(
                bare.name(),
                EnforcingClientTransport.builder(bare.transport(), engine)
                        .server(bare.name())
                        // No identity in its place: calls without a caller must not count as one caller's.
                        .callContext((call, reactor) -> CurrentUser.of(call))
                        .build());
    }
    // end
}
