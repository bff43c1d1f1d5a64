/**
 * Deciding. A {@link dev.interlock.policy.engine.PolicyEngine} is made from a policy once and then asked about every
 * call; whoever is admitted settles the {@link dev.interlock.policy.engine.Admission} when the call has ended.
 */
@NullMarked
package dev.interlock.policy.engine;

import org.jspecify.annotations.NullMarked;
