/**
 * Where it is kept what sessions have seen: the marks that calls put on them. {@link
 * dev.interlock.policy.session.SessionMemory} is what an engine reads and changes, and {@link
 * dev.interlock.policy.limit.memory.InMemorySessionMemory} keeps everything in this process.
 */
@NullMarked
package dev.interlock.policy.session;

import org.jspecify.annotations.NullMarked;
