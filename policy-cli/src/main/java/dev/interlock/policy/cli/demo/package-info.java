/**
 * {@code interlock demo}: a scripted agent, a real client and a real server, and the policy between them.
 */
@NullMarked
package dev.interlock.policy.cli.demo;

import org.jspecify.annotations.NullMarked;
