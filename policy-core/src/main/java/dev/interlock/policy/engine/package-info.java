/**
 * Decides calls. Create a {@link dev.interlock.policy.engine.PolicyEngine} from a policy once, then ask it about every
 * call. The caller of an admitted call settles its {@link dev.interlock.policy.engine.Admission} when the call has
 * ended.
 */
@NullMarked
package dev.interlock.policy.engine;

import org.jspecify.annotations.NullMarked;
