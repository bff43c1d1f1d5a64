/**
 * What an engine does, as metrics ({@link dev.interlock.policy.observe.MicrometerMetrics}), traces ({@link
 * dev.interlock.policy.observe.OpenTelemetryEvents}) and a log of denials ({@link
 * dev.interlock.policy.observe.DenialLog}). Each is passed to an engine as an observer, needs one library that the host
 * already has, and reveals nothing about arguments.
 */
@NullMarked
package dev.interlock.policy.observe;

import org.jspecify.annotations.NullMarked;
