package dev.interlock.policy.yaml;

import dev.interlock.policy.Policy;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Reads policies from YAML 1.2 or JSON, and writes them back.
 *
 * <p>Reading never throws because of a document's content: each problem becomes a {@link Diagnostic}, and all problems
 * of a document are reported at once. Reading is bounded (4 MiB, 64 levels, 250,000 aliased nodes) and pure: tags can't
 * name classes, and neither the environment nor any other file is read.
 */
public final class PolicyYaml {

    private PolicyYaml() {}

    /**
     * Reads a {@linkplain RegularFile regular file}. A file that can't be read results in a diagnostic too ({@code
     * unreadable}). Of a file that is too large, only enough is read to know that it is.
     */
    public static ReadResult read(Path file) {
        byte[] bytes;
        try {
            bytes = RegularFile.read(file, Bounds.MAX_BYTES + 1);
        } catch (NoSuchFileException e) {
            return unreadable(file, "there is no such file");
        } catch (IOException | SecurityException e) {
            String reason = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
            return unreadable(file, "the file can't be read: " + reason);
        }
        return read(bytes, file.toString());
    }

    /**
     * Reads a document.
     *
     * @param bytes the document in UTF-8, with or without a byte order mark
     * @param sourceName the name of the document in diagnostics
     */
    public static ReadResult read(byte[] bytes, String sourceName) {
        DiagnosticCollector findings = new DiagnosticCollector(Display.clean(sourceName, Bounds.MAX_NAME));
        return read(new SourceText(findings).decode(bytes), findings);
    }

    /**
     * Reads a document.
     *
     * @param text the document
     * @param sourceName the name of the document in diagnostics
     */
    public static ReadResult read(String text, String sourceName) {
        DiagnosticCollector findings = new DiagnosticCollector(Display.clean(sourceName, Bounds.MAX_NAME));
        return read(new SourceText(findings).check(text), findings);
    }

    /**
     * Writes a policy as canonical YAML, which reads back as an equal policy.
     *
     * @throws IllegalArgumentException if the policy was built in code and contains something that no document can
     *     express, such as a rule for a tool whose name begins with {@code x-}
     */
    public static String write(Policy policy) {
        return PolicyWriter.write(policy);
    }

    private static ReadResult read(@Nullable String text, DiagnosticCollector findings) {
        Node root = text == null ? null : Composer.compose(text, findings);
        Policy policy = root == null ? null : DocumentReader.read(root, findings);
        return new ReadResult(policy, findings.all());
    }

    private static ReadResult unreadable(Path file, String message) {
        DiagnosticCollector findings = new DiagnosticCollector(Display.clean(file.toString(), Bounds.MAX_NAME));
        findings.error("unreadable", 1, 1, message, null);
        return new ReadResult(null, findings.all());
    }
}
