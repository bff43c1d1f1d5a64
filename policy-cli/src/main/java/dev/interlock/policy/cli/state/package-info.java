/**
 * Where state is kept between calls, and what a person can see and change of it: {@code --state} of the proxy, and the
 * commands on what a store counts and keeps.
 */
@NullMarked
package dev.interlock.policy.cli.state;

import org.jspecify.annotations.NullMarked;
