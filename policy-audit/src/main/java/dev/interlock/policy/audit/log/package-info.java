/**
 * The audit log. {@link dev.interlock.policy.audit.log.AuditLog} is a sink that writes events to files, one JSON object a
 * line, each line chained to the one before it; {@link dev.interlock.policy.audit.log.LogVerifier} finds what was done to
 * them since.
 *
 * <p>A line is {@code {"seq":…,"prev":"…",…,"hash":"…"}}: {@code hash} is the SHA-256 of all bytes of the line before
 * {@code ,"hash"}, and {@code prev} the hash of the line before. Lines are pure ASCII, whatever an agent calls a tool, so that
 * none can break out of its line or of a terminal.
 */
@NullMarked
package dev.interlock.policy.audit.log;

import org.jspecify.annotations.NullMarked;
