/** Where time comes from: one source, handed in, that a test can move by hand. */
@NullMarked
package dev.interlock.policy.time;

import org.jspecify.annotations.NullMarked;
