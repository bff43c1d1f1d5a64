package dev.interlock.policy.testing;

import dev.interlock.policy.Policy;
import dev.interlock.policy.tool.SchemaValidator;
import dev.interlock.policy.yaml.Diagnostic;
import dev.interlock.policy.yaml.Document;
import dev.interlock.policy.yaml.RegularFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The tests of a policy, read from a document:
 *
 * <pre>{@code
 * cases:
 *   - name: five refunds an hour and no more
 *     identity: support-bot
 *     calls:
 *       - {tool: create_refund, args: {amount: 10}, times: 5, expect: allowed}
 *       - {tool: create_refund, args: {amount: 10}, at: 90s, expect: denied by hourly}
 *       - {tool: create_refund, args: {amount: 10}, at: 1h, expect: allowed}
 * }</pre>
 */
public final class PolicyTestFile {

    /** More than a document may have; its reader reports that. */
    private static final int MOST_BYTES = 16 << 20;

    private final String name;
    private final List<TestCase> cases;
    private final ToolList tools;
    private final List<Diagnostic> diagnostics;
    private final boolean valid;

    private PolicyTestFile(
            String name, List<TestCase> cases, ToolList tools, List<Diagnostic> diagnostics, boolean valid) {
        this.name = name;
        this.cases = List.copyOf(cases);
        this.tools = tools;
        this.diagnostics = List.copyOf(diagnostics);
        this.valid = valid;
    }

    /**
     * Reads a file.
     *
     * @throws IOException if the file can't be read or isn't a regular file; its content never causes an exception
     */
    public static PolicyTestFile read(Path file) throws IOException {
        return read(RegularFile.read(file, MOST_BYTES), file.toString());
    }

    /**
     * Reads a document.
     *
     * @param bytes the document in UTF-8
     * @param name the document's name in diagnostics and reports
     */
    public static PolicyTestFile read(byte[] bytes, String name) {
        Document document = Document.read(bytes, name);
        TestFileReader reader = new TestFileReader();
        document.root().ifPresent(reader::read);
        return new PolicyTestFile(name, reader.cases(), reader.tools(), document.diagnostics(), !document.hasErrors());
    }

    /** The file's name. */
    public String name() {
        return name;
    }

    /** Everything that is wrong with the document. */
    public List<Diagnostic> diagnostics() {
        return diagnostics;
    }

    /** Whether there are no errors, and the tests can be run. */
    public boolean isValid() {
        return valid;
    }

    /**
     * Runs all cases, each with nothing counted before.
     *
     * @param validator checks {@code schema: true}, or null if the policy doesn't use it
     * @throws IllegalArgumentException if the policy can't be enforced with this validator
     * @throws IllegalStateException if the document has errors
     */
    public List<CaseResult> run(Policy policy, @Nullable SchemaValidator validator) {
        return run(policy, validator, new Coverage(policy));
    }

    /** Runs all cases likewise, and adds to a coverage that may span several files. */
    public List<CaseResult> run(Policy policy, @Nullable SchemaValidator validator, Coverage coverage) {
        if (!valid) {
            throw new IllegalStateException(name + " has errors: " + diagnostics);
        }
        CaseRunner runner = new CaseRunner(policy, tools, validator, coverage, cases);
        return cases.stream().map(runner::run).toList();
    }

    List<TestCase> cases() {
        return cases;
    }

    ToolList tools() {
        return tools;
    }
}
