/**
 * Decides whether an agent's tool call may go ahead.
 */
@NullMarked
package dev.interlock.policy;

import org.jspecify.annotations.NullMarked;
