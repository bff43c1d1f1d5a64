/**
 * State that many processes share, kept in Redis or Valkey. Start with {@link dev.interlock.policy.redis.RedisStore},
 * which says what is guaranteed, and what happens when Redis doesn't answer.
 */
@NullMarked
package dev.interlock.policy.redis;

import org.jspecify.annotations.NullMarked;
