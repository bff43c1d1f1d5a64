/**
 * Limits that are shared by many processes, counted in Redis or Valkey. Entered through {@link
 * dev.interlock.policy.redis.RedisRateLimiter}, which says what is guaranteed, and what happens when Redis doesn't answer.
 */
@NullMarked
package dev.interlock.policy.redis;

import org.jspecify.annotations.NullMarked;
