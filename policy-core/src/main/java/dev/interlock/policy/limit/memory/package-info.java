/**
 * Counts limits in this process. {@link dev.interlock.policy.limit.memory.InMemoryRateLimiter} is the door: a cell for
 * each key, one class for each way of counting. {@link dev.interlock.policy.limit.memory.InMemorySessionMemory} keeps
 * the marks of sessions, and {@link dev.interlock.policy.limit.memory.KeptSession} does the same for stores that keep a
 * session as bytes, as {@link dev.interlock.policy.limit.memory.KeptLimits} does for counts.
 */
@NullMarked
package dev.interlock.policy.limit.memory;

import org.jspecify.annotations.NullMarked;
