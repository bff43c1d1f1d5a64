/**
 * Puts a policy between LangChain4j's own MCP client and its servers. Wrap the client's transport with {@link
 * dev.interlock.policy.langchain4j.EnforcingMcpTransport} and build the client as before. {@link
 * dev.interlock.policy.langchain4j.CallContextResolver} tells who makes a call.
 */
@NullMarked
package dev.interlock.policy.langchain4j;

import org.jspecify.annotations.NullMarked;
