package dev.interlock.policy.mcp;

import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import reactor.core.publisher.Mono;

/** A way to the server behind the policy: sends it a request and returns its response, or nothing if there was none. */
@FunctionalInterface
interface Exchange {

    Mono<JSONRPCResponse> send(JSONRPCRequest request);
}
