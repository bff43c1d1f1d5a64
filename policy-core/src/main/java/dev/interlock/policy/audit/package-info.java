/**
 * Evidence. A {@link dev.interlock.policy.engine.PolicyEngine} that is given an {@link
 * dev.interlock.policy.audit.AuditSink} tells it of every decision before the call is made, of how the call ended, and of
 * every change of policy, as {@link dev.interlock.policy.audit.AuditEvent}s.
 */
@NullMarked
package dev.interlock.policy.audit;

import org.jspecify.annotations.NullMarked;
