/** The proxy between a host and a server. */
@NullMarked
package dev.interlock.policy.cli.proxy;

import org.jspecify.annotations.NullMarked;
