/** MCP servers: how they are started and reached, what they say of their tools, and the commands that read that. */
@NullMarked
package dev.interlock.policy.cli.server;

import org.jspecify.annotations.NullMarked;
