/**
 * What the engine knows of tools: their definitions as servers announce them, the category and risk they are rated
 * with, and the {@linkplain dev.interlock.policy.tool.ToolCatalog catalogue} that holds both.
 */
@NullMarked
package dev.interlock.policy.tool;

import org.jspecify.annotations.NullMarked;
