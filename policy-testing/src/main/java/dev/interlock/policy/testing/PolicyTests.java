package dev.interlock.policy.testing;

import dev.interlock.policy.Policy;
import dev.interlock.policy.tool.SchemaValidator;
import dev.interlock.policy.yaml.PolicyYaml;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;

/**
 * Runs a policy's own tests under JUnit, each case as a test:
 *
 * <pre>{@code
 * @TestFactory
 * Stream<DynamicTest> policy() {
 *     return PolicyTests.of(Path.of("policy.yaml"), Path.of("policy-tests.yaml"));
 * }
 * }</pre>
 */
public final class PolicyTests {

    private PolicyTests() {}

    /**
     * The tests of a file.
     *
     * @throws IllegalArgumentException if the policy or the tests can't be read; the message lists every error
     */
    public static Stream<DynamicTest> of(Path policy, Path tests) {
        return of(policy, tests, null);
    }

    /**
     * The tests of a file, for a policy that has {@code schema: true}.
     *
     * @param validator checks the schemas
     * @throws IllegalArgumentException if the policy or the tests can't be read; the message lists every error
     */
    public static Stream<DynamicTest> of(Path policy, Path tests, @Nullable SchemaValidator validator) {
        Policy read = PolicyYaml.read(policy).orThrow();
        PolicyTestFile file;
        try {
            file = PolicyTestFile.read(tests);
        } catch (IOException e) {
            throw new UncheckedIOException(tests + " can't be read", e);
        }
        if (!file.isValid()) {
            throw new IllegalArgumentException(file.diagnostics().stream()
                    .map(Object::toString)
                    .collect(Collectors.joining("\n", tests + " is not a valid test file:\n", "")));
        }
        Coverage coverage = new Coverage(read);
        CaseRunner runner = new CaseRunner(read, file.tools(), validator, coverage, file.cases());
        return file.cases().stream()
                .map(test ->
                        DynamicTest.dynamicTest(test.name(), source(tests, test), () -> check(file, runner.run(test))));
    }

    /** The source position that an editor opens for a failed test. */
    private static URI source(Path tests, TestCase test) {
        return URI.create(tests.toUri() + "?line=" + test.line());
    }

    private static void check(PolicyTestFile file, CaseResult result) {
        result.failure().ifPresent(failure -> {
            throw new AssertionError(file.name() + ", " + failure.message());
        });
    }
}
