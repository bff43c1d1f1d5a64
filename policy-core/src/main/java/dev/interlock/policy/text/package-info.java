/**
 * Text that others have chosen, and what is written to match it: which characters can be seen, how foreign text is shown,
 * which names look like one another, name patterns, regular expressions with a bounded cost, and host names. Nothing here
 * knows policies or calls.
 */
@NullMarked
package dev.interlock.policy.text;

import org.jspecify.annotations.NullMarked;
