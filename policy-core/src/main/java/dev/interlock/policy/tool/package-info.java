/**
 * What the engine knows about tools: their definitions as servers announce them, their ratings by category and risk,
 * and the {@linkplain dev.interlock.policy.tool.ToolCatalog catalogue} that holds both.
 */
@NullMarked
package dev.interlock.policy.tool;

import org.jspecify.annotations.NullMarked;
