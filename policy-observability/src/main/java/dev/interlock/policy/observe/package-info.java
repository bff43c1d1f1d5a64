/**
 * What an engine does, as metrics ({@link dev.interlock.policy.observe.MicrometerMetrics}), traces ({@link
 * dev.interlock.policy.observe.OpenTelemetryEvents}) and a log of denials ({@link
 * dev.interlock.policy.observe.DenialLog}). Each is given to an engine as an observer, needs one library that the host has,
 * and tells nothing of arguments.
 */
@NullMarked
package dev.interlock.policy.observe;

import org.jspecify.annotations.NullMarked;
