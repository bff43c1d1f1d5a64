/**
 * The frozen JSON tree that decisions are made on. {@link dev.interlock.policy.value.Value#freeze} copies whatever the
 * host hands over into immutable, exactly typed values, once; from then on nothing can answer differently the second
 * time it is asked.
 */
@NullMarked
package dev.interlock.policy.value;

import org.jspecify.annotations.NullMarked;
