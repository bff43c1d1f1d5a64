/** The layout of text for people: the width of the terminal, lines that fit it, and tables. */
@NullMarked
package dev.interlock.policy.cli.screen;

import org.jspecify.annotations.NullMarked;
