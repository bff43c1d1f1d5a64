/** Replays recorded calls through a policy. */
@NullMarked
package dev.interlock.policy.cli.replay;

import org.jspecify.annotations.NullMarked;
