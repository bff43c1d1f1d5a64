package dev.interlock.policy.yaml;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlVersionException;

/** Explains the parser's exceptions to the author of the document. */
final class SyntaxErrors {

    private SyntaxErrors() {}

    static void report(YamlEngineException e, DiagnosticCollector findings) {
        if (e instanceof YamlVersionException) {
            findings.error("syntax", 1, 1, "the document asks for a YAML version that isn't 1.2", "leave %YAML out");
            return;
        }
        if (!(e instanceof MarkedYamlEngineException marked)) {
            findings.error("syntax", 1, 1, "the document is not well-formed YAML", null);
            return;
        }
        Optional<Mark> mark = marked.getProblemMark().or(marked::getContextMark);
        int line = mark.map(Mark::getLine).orElse(0) + 1;
        int column = mark.map(Mark::getColumn).orElse(0) + 1;
        String problem = marked.getProblem() == null ? "" : marked.getProblem();
        if (problem.contains("\\t(TAB)")) {
            findings.error("tab", line, column, "a tab is used for indentation", TabCheck.HINT);
            return;
        }
        String context = marked.getContext() == null ? "" : marked.getContext();
        findings.error("syntax", line, column, message(context, problem), hint(context, problem));
    }

    private static String message(String context, String problem) {
        int advice = problem.indexOf(" (Do not use");
        String plain = advice < 0 ? problem : problem.substring(0, advice);
        if (plain.endsWith(".")) {
            plain = plain.substring(0, plain.length() - 1);
        }
        return "not well-formed YAML: " + (context.isEmpty() ? "" : context + ", ") + plain;
    }

    private static @Nullable String hint(String context, String problem) {
        if (problem.startsWith("mapping values are not allowed here")) {
            return "check the indentation, and quote a text that contains ': '";
        }
        if (problem.contains("that cannot start any token")) {
            return "quote a text that begins so";
        }
        if (problem.contains("<stream end>") || problem.contains("unexpected end of stream")) {
            return context.contains("quoted") ? "a closing quote is missing" : "a closing bracket is missing";
        }
        if (problem.startsWith("found unknown escape character")) {
            return "in single quotes a backslash is only a backslash";
        }
        if (problem.startsWith("expected <block end>") || problem.startsWith("could not find expected ':'")) {
            return "check the indentation, and that each key is followed by ': '";
        }
        return null;
    }
}
