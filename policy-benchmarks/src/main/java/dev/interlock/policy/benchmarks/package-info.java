/** What a decision costs, beside what else a host could use. */
@NullMarked
package dev.interlock.policy.benchmarks;

import org.jspecify.annotations.NullMarked;
