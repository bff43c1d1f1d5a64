/** The commands that work on a policy alone: validate, explain, test and schema. */
@NullMarked
package dev.interlock.policy.cli.policy;

import org.jspecify.annotations.NullMarked;
