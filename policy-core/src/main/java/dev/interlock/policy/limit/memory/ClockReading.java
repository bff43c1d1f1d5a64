package dev.interlock.policy.limit.memory;

/**
 * One reading of both clocks. Everything that is decided together uses the same reading.
 *
 * @param nanos the monotonic clock, counted from the creation of the limiter: from 0 to {@link LimiterClock#END}
 * @param wall the wall clock in milliseconds since 1970, within {@link CalendarWindows#LIMIT} of it
 */
record ClockReading(long nanos, long wall) {}
