/** MCP servers: starting and reaching them, what they say about their tools, and the commands that read it. */
@NullMarked
package dev.interlock.policy.cli.server;

import org.jspecify.annotations.NullMarked;
