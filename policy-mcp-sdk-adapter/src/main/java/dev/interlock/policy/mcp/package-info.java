/**
 * Puts a policy between an application of the MCP Java SDK and its servers. Wrap the client's transport with {@link
 * dev.interlock.policy.mcp.EnforcingClientTransport} and build the client as before. {@link
 * dev.interlock.policy.mcp.CallContextResolver} tells who makes a call, and {@link
 * dev.interlock.policy.mcp.schema.SdkSchemaValidator} lets policies check arguments against a tool's schema.
 */
@NullMarked
package dev.interlock.policy.mcp;

import org.jspecify.annotations.NullMarked;
