/**
 * The policy model: what a policy document says, as immutable values. A {@link dev.interlock.policy.Policy} is read by
 * {@code policy-yaml} or put together in code, and handed to the {@link dev.interlock.policy.engine.PolicyEngine}.
 */
@NullMarked
package dev.interlock.policy;

import org.jspecify.annotations.NullMarked;
