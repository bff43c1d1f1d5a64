/**
 * Turns YAML into a checked policy, or into diagnostics that say where it is wrong.
 */
@NullMarked
package dev.interlock.policy.yaml;

import org.jspecify.annotations.NullMarked;
