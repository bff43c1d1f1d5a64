/**
 * The policy model: what a policy document says, as immutable values. {@code policy-yaml} reads a
 * {@link dev.interlock.policy.Policy}, or code builds it. It is then passed to the
 * {@link dev.interlock.policy.engine.PolicyEngine}.
 */
@NullMarked
package dev.interlock.policy;

import org.jspecify.annotations.NullMarked;
