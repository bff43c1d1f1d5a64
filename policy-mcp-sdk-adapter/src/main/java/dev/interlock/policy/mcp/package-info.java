/**
 * Puts the policy between an application of the MCP Java SDK and its peer.
 */
@NullMarked
package dev.interlock.policy.mcp;

import org.jspecify.annotations.NullMarked;
