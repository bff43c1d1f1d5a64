package dev.interlock.policy.cli.policy;

import dev.interlock.policy.testing.CaseResult;
import java.util.List;

/**
 * The results of one test file.
 *
 * @param file the file
 * @param results its cases, in order
 */
record TestRun(String file, List<CaseResult> results) {}
