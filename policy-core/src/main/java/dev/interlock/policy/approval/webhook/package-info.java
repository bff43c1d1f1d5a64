/**
 * Telling other systems of approval tickets over HTTP. Apart from the rest because it needs the JDK's HTTP client: whoever
 * doesn't use it can run without the module {@code java.net.http}.
 */
@NullMarked
package dev.interlock.policy.approval.webhook;

import org.jspecify.annotations.NullMarked;
