/**
 * Notifies other systems of approval tickets over HTTP. Separate from the rest because it needs the JDK's HTTP client:
 * a program that doesn't use it can run without the module {@code java.net.http}.
 */
@NullMarked
package dev.interlock.policy.approval.webhook;

import org.jspecify.annotations.NullMarked;
