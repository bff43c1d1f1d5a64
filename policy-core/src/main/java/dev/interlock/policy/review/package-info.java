/**
 * Reviews a policy together with the tools of the servers that it is for, and reports what can't be seen in the policy
 * alone: names and arguments that no tool has, conditions that always have the same result, rules that are never
 * reached, risky tools that nothing covers. Start at {@link dev.interlock.policy.review.PolicyReview}.
 */
@NullMarked
package dev.interlock.policy.review;

import org.jspecify.annotations.NullMarked;
