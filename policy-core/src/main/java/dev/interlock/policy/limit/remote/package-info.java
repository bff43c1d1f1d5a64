/**
 * What limits in another machine or process have in common: what happens to calls while {@linkplain
 * dev.interlock.policy.limit.remote.FailureMode the store is unavailable}, and when it is asked again.
 */
@NullMarked
package dev.interlock.policy.limit.remote;

import org.jspecify.annotations.NullMarked;
