/** The approvals that a running proxy has open: listing and answering them, and the socket between the two. */
@NullMarked
package dev.interlock.policy.cli.approvals;

import org.jspecify.annotations.NullMarked;
