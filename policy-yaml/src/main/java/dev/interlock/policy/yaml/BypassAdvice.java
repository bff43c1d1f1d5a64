package dev.interlock.policy.yaml;

import dev.interlock.policy.Condition;
import dev.interlock.policy.Path;
import dev.interlock.policy.value.Value;
import dev.interlock.policy.yaml.ConditionReader.ConditionUse;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Warns about conditions that compare the plain text of something that has many spellings or may hold more than one
 * thing: commands, SQL, URLs, addresses of resources, file paths and mail addresses. {@code git status; rm -rf ~}
 * begins with {@code git status}, {@code /app/src/../../etc/passwd} with {@code /app/src/}, {@code
 * https://good.example@evil.example/} with {@code https://good.example}, and {@code a@evil.example, b@good.example}
 * ends with {@code @good.example}.
 */
final class BypassAdvice {

    /** Values that the host gives, or that the engine knows. No caller can choose their spelling. */
    private static final Set<Path.Root> TRUSTED =
            EnumSet.of(Path.Root.CTX, Path.Root.CALL, Path.Root.TOOL, Path.Root.STATE);

    private final Path path;
    private final boolean allows;
    private final Node node;
    private final NodePath at;
    private final DiagnosticCollector findings;

    private BypassAdvice(Path path, boolean allows, Node node, NodePath at, DiagnosticCollector findings) {
        this.path = path;
        this.allows = allows;
        this.node = node;
        this.at = at;
        this.findings = findings;
    }

    /** Warns if the condition can be bypassed. */
    static void check(Condition condition, ConditionUse use, Node node, NodePath at, DiagnosticCollector findings) {
        if (TRUSTED.contains(condition.path().root()) || condition.operand().from() != null) {
            return;
        }
        boolean negated = switch (condition.operator()) {
            case NEQ, NOT_IN, NOT_REGEX, NOT_CONTAINS -> true;
            default -> false;
        };
        // What matches gets through, or is what a denial or a question is about.
        boolean allows = (use == ConditionUse.ALLOWS) != negated;
        new BypassAdvice(condition.path(), allows, node, at, findings).check(condition);
    }

    private void check(Condition condition) {
        switch (condition.operator()) {
            case REGEX, NOT_REGEX -> pattern(condition.operand().text());
            case STARTS_WITH -> prefix(condition.operand().text());
            case ENDS_WITH -> suffix(condition.operand().text());
            case CONTAINS, NOT_CONTAINS -> {
                if (condition.operand().value() instanceof Value.Text text) {
                    part(text.value());
                }
            }
            case EQ, NEQ, IN, NOT_IN -> values(condition.operand().values());
            default -> {}
        }
    }

    private void pattern(String pattern) {
        PatternShape shape = PatternShape.of(pattern);
        String plain = TextSubject.plain(pattern);
        boolean loose = !shape.begins() && !shape.ends();
        TextSubject subject = loose ? TextSubject.named(path, plain) : TextSubject.of(path, plain);
        boolean whole = shape.begins() && shape.ends();
        if (subject == null && allows && !whole && TextSubject.isStatement(path)) {
            subject = TextSubject.SQL;
        }
        if (subject == null || (subject == TextSubject.PATH && isKindOfFile(shape, plain))) {
            if (allows && shape.isHalfAnchored()) {
                findings.warn(
                        "half-anchored",
                        node,
                        at,
                        "'^' or '$' belongs to some alternatives of this pattern only; the others match inside a longer"
                                + " text",
                        "write ^(…|…)$, or list the values with 'in'");
            }
        } else if (!allows) {
            warn(
                    "bypassable-regex",
                    subject,
                    subject.text() + " can be written in ways that this pattern doesn't match");
        } else if (!whole) {
            warn("bypassable-regex", subject, "this pattern only looks at " + seen(shape, subject));
        } else if (subject.hasRoomIn(shape)) {
            warn("bypassable-regex", subject, "a wildcard of this pattern leaves room for more in " + subject.text());
        }
    }

    private static String seen(PatternShape shape, TextSubject subject) {
        if (shape.begins()) {
            return "how " + subject.text() + " begins";
        }
        return shape.ends() ? "how " + subject.text() + " ends" : "a part of " + subject.text();
    }

    /** Whether a pattern says what a file is called, wherever it is. No operator says that. */
    private boolean isKindOfFile(PatternShape shape, String plain) {
        return !shape.begins() && (allows ? shape.ends() : !plain.contains(".."));
    }

    private void prefix(String text) {
        TextSubject subject = TextSubject.of(path, text);
        if (subject != null) {
            warn("bypassable-prefix", subject, "this only looks at how " + subject.text() + " begins");
        }
    }

    private void suffix(String text) {
        TextSubject subject = TextSubject.of(path, text);
        if (subject != null && subject != TextSubject.PATH) {
            warn("bypassable-suffix", subject, "this only looks at how " + subject.text() + " ends");
        }
    }

    private void part(String text) {
        boolean element =
                TextSubject.isPlural(path) && path.steps().get(path.steps().size() - 1) instanceof Path.Step.Member;
        TextSubject subject = element ? null : TextSubject.named(path, text);
        boolean nameOfFile = subject == TextSubject.PATH && !allows && !text.contains("..");
        if (subject != null && !nameOfFile) {
            warn("bypassable-part", subject, "this only looks at a part of " + subject.text());
        }
    }

    /** Equality allows exactly what is meant, but it denies one spelling of many. */
    private void values(List<Value> values) {
        for (Value value : values) {
            TextSubject subject = value instanceof Value.Text text && !allows ? spelled(text.value()) : null;
            if (subject != null) {
                warn("bypassable-value", subject, "this only looks at one spelling of " + subject.text());
                return;
            }
        }
    }

    private @Nullable TextSubject spelled(String text) {
        TextSubject subject = TextSubject.named(path, text);
        if (subject == null) {
            return null;
        }
        boolean complete = switch (subject) {
            case COMMAND, SQL -> text.indexOf(' ') > 0;
            case URL -> text.contains("://");
            case RESOURCE -> true;
            case PATH -> text.length() > 1;
            case MAIL -> text.indexOf('@') > 0;
        };
        return complete ? subject : null;
    }

    private void warn(String code, TextSubject subject, String problem) {
        findings.warn(code, node, at, problem, allows ? subject.advice() : subject.denialAdvice());
    }
}
