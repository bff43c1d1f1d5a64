/**
 * Looks at a policy beside the tools of the servers that it is for, and tells what a reader of the policy alone can't
 * see: names and arguments that no tool has, conditions that can't come out otherwise, rules that are never reached,
 * risky tools that nothing covers. It is entered through {@link dev.interlock.policy.review.PolicyReview}.
 */
@NullMarked
package dev.interlock.policy.review;

import org.jspecify.annotations.NullMarked;
