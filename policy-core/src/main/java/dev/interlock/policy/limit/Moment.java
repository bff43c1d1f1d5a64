package dev.interlock.policy.limit;

/**
 * One reading of both clocks, on which everything that is decided together is decided.
 *
 * @param nanos the monotonic clock, counted from the limiter's making: from 0 to {@link Ticker#END}
 * @param wall the wall clock in milliseconds since 1970, within {@link CalendarWindows#LIMIT} of it
 */
record Moment(long nanos, long wall) {}
