/** Audit logs: opening, following, summing up and verifying them. */
@NullMarked
package dev.interlock.policy.cli.audit;

import org.jspecify.annotations.NullMarked;
