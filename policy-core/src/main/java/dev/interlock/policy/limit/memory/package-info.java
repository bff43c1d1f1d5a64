/**
 * Counts limits in this process. {@link dev.interlock.policy.limit.memory.InMemoryRateLimiter} is the only door: a cell
 * for each key, one class for each way of counting.
 */
@NullMarked
package dev.interlock.policy.limit.memory;

import org.jspecify.annotations.NullMarked;
