/**
 * The {@code interlock} command.
 */
@NullMarked
package dev.interlock.policy.cli;

import org.jspecify.annotations.NullMarked;
