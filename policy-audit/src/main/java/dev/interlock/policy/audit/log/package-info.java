/**
 * The audit log. {@link dev.interlock.policy.audit.log.AuditLog} is a sink that writes events to files, one JSON object
 * on each line, and each line chained to the one before it. {@link dev.interlock.policy.audit.log.LogVerifier} finds
 * later changes to these files.
 *
 * <p>A line is {@code {"seq":…,"prev":"…",…,"hash":"…"}}: {@code hash} is the SHA-256 of all bytes of the line before
 * {@code ,"hash"}, and {@code prev} is the hash of the previous line. Lines are pure ASCII, whatever name an agent
 * gives to a tool, so no text can break out of its line or inject terminal control codes.
 */
@NullMarked
package dev.interlock.policy.audit.log;

import org.jspecify.annotations.NullMarked;
