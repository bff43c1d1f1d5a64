/**
 * The frozen JSON tree that decisions use. {@link dev.interlock.policy.value.Value#freeze} copies what the host passes
 * in into immutable, exactly typed values, once. After that, no value can change between two reads.
 */
@NullMarked
package dev.interlock.policy.value;

import org.jspecify.annotations.NullMarked;
