/**
 * What passes between a host, the engine and the record: a tool call or another request, what a policy decides on it,
 * the rules that the decision names, and how the call ended. Immutable values that know nothing of how they are
 * decided.
 */
@NullMarked
package dev.interlock.policy.call;

import org.jspecify.annotations.NullMarked;
