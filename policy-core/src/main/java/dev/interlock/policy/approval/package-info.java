/**
 * Asking a person. A rule with {@code require_approval} puts a call to the host's {@link
 * dev.interlock.policy.approval.ApprovalHandler}, which answers when it can: yes, no, or by handing out a ticket.
 */
@NullMarked
package dev.interlock.policy.approval;

import org.jspecify.annotations.NullMarked;
