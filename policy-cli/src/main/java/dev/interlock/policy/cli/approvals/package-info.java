/** The pending approvals of a running proxy: listing and answering them, and the socket between the two processes. */
@NullMarked
package dev.interlock.policy.cli.approvals;

import org.jspecify.annotations.NullMarked;
