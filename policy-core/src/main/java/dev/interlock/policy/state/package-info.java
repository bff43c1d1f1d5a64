/**
 * State that outlives a call. {@link dev.interlock.policy.state.StateStore} is all of it that one store keeps: counts,
 * marks, tickets, and whether calls are {@linkplain dev.interlock.policy.state.Suspension suspended}.
 */
@NullMarked
package dev.interlock.policy.state;

import org.jspecify.annotations.NullMarked;
