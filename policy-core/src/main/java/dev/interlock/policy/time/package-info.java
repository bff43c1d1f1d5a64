/** Where time comes from: one source, passed in, that a test can advance by hand. */
@NullMarked
package dev.interlock.policy.time;

import org.jspecify.annotations.NullMarked;
