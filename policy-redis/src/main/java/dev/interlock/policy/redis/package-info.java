/**
 * Limits that many processes share, counted in Redis or Valkey. Start with {@link
 * dev.interlock.policy.redis.RedisRateLimiter}, which says what is guaranteed, and what happens when Redis doesn't
 * answer.
 */
@NullMarked
package dev.interlock.policy.redis;

import org.jspecify.annotations.NullMarked;
