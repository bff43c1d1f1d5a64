package dev.interlock.policy.testing;

import java.util.List;

/**
 * A named case: calls in order, with nothing counted before the first.
 *
 * @param name what it demonstrates
 * @param line its line in the file
 * @param calls the calls
 */
record TestCase(String name, int line, List<TestCall> calls) {}
