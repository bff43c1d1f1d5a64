/** Foreign text: which of its characters can be seen, and how it is shown. */
@NullMarked
package dev.interlock.policy.text;

import org.jspecify.annotations.NullMarked;
