/**
 * Trying a policy out. A {@link dev.interlock.policy.testing.PolicySimulator} makes calls against it in virtual time; a
 * {@link dev.interlock.policy.testing.PolicyTestFile} holds named cases of such calls with what is expected of each,
 * and {@link dev.interlock.policy.testing.PolicyTests} gives them to JUnit.
 */
@NullMarked
package dev.interlock.policy.testing;

import org.jspecify.annotations.NullMarked;
