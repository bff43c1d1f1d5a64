/**
 * Asks a person. A rule with {@code require_approval} passes a call to the host's
 * {@link dev.interlock.policy.approval.ApprovalHandler}. The handler answers when it can: yes, no, or with a ticket.
 */
@NullMarked
package dev.interlock.policy.approval;

import org.jspecify.annotations.NullMarked;
