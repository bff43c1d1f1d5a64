/**
 * State that outlives a process, in a database that is reached through JDBC. Start with {@link
 * dev.interlock.policy.jdbc.JdbcStore}, which says what is guaranteed, and what happens when the database doesn't
 * answer.
 */
@NullMarked
package dev.interlock.policy.jdbc;

import org.jspecify.annotations.NullMarked;
