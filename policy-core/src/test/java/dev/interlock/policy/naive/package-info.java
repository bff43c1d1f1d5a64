/**
 * The policy language once more, written from its description and not from the engine: slow, obvious, and only as
 * clever as a reader can check. The engine's tests ask both and expect the same answer. It is a package of its own so
 * that it can't lean on the engine's insides.
 */
@NullMarked
package dev.interlock.policy.naive;

import org.jspecify.annotations.NullMarked;
