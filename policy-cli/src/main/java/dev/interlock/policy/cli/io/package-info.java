/** What every command reads and writes: files, JSON, lines, colours, errors. */
@NullMarked
package dev.interlock.policy.cli.io;

import org.jspecify.annotations.NullMarked;
