/**
 * Text from untrusted sources, and patterns to match it: which characters are visible, how foreign text is shown, which
 * names look alike, name patterns, regular expressions with a bounded cost, and host names. Nothing here depends on
 * policies or calls.
 */
@NullMarked
package dev.interlock.policy.text;

import org.jspecify.annotations.NullMarked;
