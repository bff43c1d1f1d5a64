/**
 * Records what an engine does. A {@link dev.interlock.policy.engine.PolicyEngine} with an
 * {@link dev.interlock.policy.audit.AuditSink} reports every decision to it before the call is made, how the call
 * ended, and every change of policy, as {@link dev.interlock.policy.audit.AuditEvent}s.
 */
@NullMarked
package dev.interlock.policy.audit;

import org.jspecify.annotations.NullMarked;
