/**
 * What every adapter needs, whatever SDK it guards. The classes here know the engine and plain JSON values, and no
 * message types. An adapter begins with {@link dev.interlock.policy.adapter.CallGuard}.
 */
@NullMarked
package dev.interlock.policy.adapter;

import org.jspecify.annotations.NullMarked;
