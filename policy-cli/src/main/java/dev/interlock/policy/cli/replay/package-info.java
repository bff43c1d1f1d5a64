/** Recorded calls, decided anew. */
@NullMarked
package dev.interlock.policy.cli.replay;

import org.jspecify.annotations.NullMarked;
