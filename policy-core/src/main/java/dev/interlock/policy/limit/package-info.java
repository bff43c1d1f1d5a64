/**
 * Counts limits. For each call, a {@link dev.interlock.policy.limit.RateLimiter} receives one
 * {@linkplain dev.interlock.policy.limit.Batch batch} of everything that the call is charged to, and reserves all of it
 * or nothing.
 */
@NullMarked
package dev.interlock.policy.limit;

import org.jspecify.annotations.NullMarked;
