package dev.interlock.policy.testing;

import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.ResultFate;
import dev.interlock.policy.call.RuleRef;
import dev.interlock.policy.engine.JudgedResult;
import dev.interlock.policy.value.Value;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a test expects of a call. A part that is null isn't checked.
 *
 * @param verdict the expected verdict
 * @param rule the rule that should decide, by name or place
 * @param code the decision's code
 * @param message the whole message
 * @param messageContains a part of the message
 * @param retryAfter how long until there is room again, in whole seconds, rounded up
 * @param audited whether a denial is only recorded
 * @param result what becomes of the call's result; null if nothing of the result is checked
 */
record Expectation(
        @Nullable ExpectedVerdict verdict,
        @Nullable String rule,
        @Nullable String code,
        @Nullable String message,
        @Nullable String messageContains,
        @Nullable Duration retryAfter,
        @Nullable Boolean audited,
        @Nullable ExpectedResult result) {

    /**
     * What becomes of a call's result. A part that is null isn't checked.
     *
     * @param fate what becomes of it
     * @param rule the rule that withholds it, by name or place
     * @param text the text blocks that the caller gets, joined by line ends
     * @param structured the structured content that the caller gets
     */
    record ExpectedResult(
            @Nullable ResultFate fate,
            @Nullable String rule,
            @Nullable String text,
            @Nullable Value structured) {}

    /** The verdicts that can be expected, as they are written. */
    enum ExpectedVerdict {
        ALLOWED("allowed"),
        DENIED("denied"),
        HIDDEN("hidden"),
        NEEDS_APPROVAL("needs approval");

        private final String text;

        ExpectedVerdict(String text) {
            this.text = text;
        }

        String text() {
            return text;
        }
    }

    static Expectation of(ExpectedVerdict verdict, @Nullable String rule) {
        return new Expectation(verdict, rule, null, null, null, null, null, null);
    }

    /**
     * The differences between a decision and the expected one, one on each line; empty if there are none.
     *
     * @param visible whether the tool is shown in {@code tools/list}
     */
    List<String> differences(Decision decision, boolean visible) {
        List<String> differences = new ArrayList<>();
        if (verdict != null && !matches(verdict, decision, visible)) {
            String got = text(decision)
                    + (verdict == ExpectedVerdict.HIDDEN ? (visible ? ", and shown in the list of tools" : "") : "");
            differences.add("expected " + verdict.text() + ", got " + got);
        }
        RuleRef ref = decision.rule();
        if (rule != null
                && (ref == null
                        || !(rule.equals(ref.name()) || rule.equals(ref.place().path())))) {
            differences.add("expected rule '" + rule + "', got " + (ref == null ? "none" : "'" + ref.name() + "'"));
        }
        if (code != null && !code.equals(decision.code().text())) {
            differences.add("expected code " + code + ", got " + decision.code().text());
        }
        if (message != null && !message.equals(decision.message())) {
            differences.add("expected the message '" + message + "', got '" + decision.message() + "'");
        }
        if (messageContains != null && !decision.message().contains(messageContains)) {
            differences.add("expected a message with '" + messageContains + "', got '" + decision.message() + "'");
        }
        if (retryAfter != null && !matches(retryAfter, decision.retryAfter())) {
            differences.add("expected retry_after " + text(retryAfter) + ", got " + text(decision.retryAfter()));
        }
        if (audited != null && audited != decision.audited()) {
            differences.add("expected audited: " + audited + ", got audited: " + decision.audited());
        }
        return differences;
    }

    boolean checksResult() {
        return result != null;
    }

    /** The differences between what became of a call's result and what was expected, one on each line. */
    List<String> differences(@Nullable JudgedResult judged) {
        if (result == null) {
            return List.of();
        }
        if (judged == null) {
            return List.of("expected a result, and the call has none");
        }
        List<String> differences = new ArrayList<>();
        Decision decision = judged.decision();
        RuleRef ref = decision.rule();
        ResultFate fate = judged.report().fate();
        if (result.fate != null && result.fate != fate) {
            String by = ref == null ? "" : " by '" + ref.name() + "'";
            differences.add("expected the result " + result.fate.text() + ", got it " + fate.text() + by);
        }
        if (result.rule != null
                && (ref == null
                        || !(result.rule.equals(ref.name())
                                || result.rule.equals(ref.place().path())))) {
            differences.add("expected the result withheld by '" + result.rule + "', got "
                    + (ref == null ? "no rule" : "'" + ref.name() + "'"));
        }
        Map<?, ?> shown = decision.allowed() ? judged.shown().members() : Map.of();
        String text = text(shown);
        if (result.text != null && !result.text.equals(text)) {
            differences.add("expected the result's text '" + result.text + "', got '" + text + "'");
        }
        Object structured = shown.get("structuredContent");
        if (result.structured != null && (structured == null || !result.structured.equals(Value.freeze(structured)))) {
            differences.add("expected the structured content " + result.structured.json() + ", got "
                    + (structured == null ? "none" : Value.freeze(structured).json()));
        }
        return differences;
    }

    /** The text blocks of a result, joined by line ends. */
    private static String text(Map<?, ?> shown) {
        List<String> texts = new ArrayList<>();
        if (shown.get("content") instanceof List<?> content) {
            for (Object block : content) {
                if (block instanceof Map<?, ?> members && "text".equals(members.get("type"))) {
                    texts.add(String.valueOf(members.get("text")));
                }
            }
        }
        return String.join("\n", texts);
    }

    private static boolean matches(ExpectedVerdict verdict, Decision decision, boolean visible) {
        return switch (verdict) {
            case ALLOWED -> decision.allowed();
            case DENIED -> decision.verdict() == Decision.Verdict.DENIED && !decision.allowed();
            case HIDDEN -> !visible && !decision.allowed();
            case NEEDS_APPROVAL -> decision.verdict() == Decision.Verdict.NEEDS_APPROVAL && !decision.allowed();
        };
    }

    /** Compares whole seconds: a test says what a person would, while a bucket's wait is a fraction. */
    private static boolean matches(Duration expected, @Nullable Duration wait) {
        return wait != null
                && (wait.equals(expected)
                        || Duration.ofSeconds(wait.plusNanos(999_999_999).toSeconds())
                                .equals(expected));
    }

    private static String text(Decision decision) {
        String word = switch (decision.verdict()) {
            case ALLOWED -> "allowed";
            case DENIED -> decision.audited() ? "allowed, with a denial recorded" : "denied";
            case NEEDS_APPROVAL -> decision.audited() ? "allowed, with a question recorded" : "needs approval";
        };
        RuleRef rule = decision.rule();
        return rule == null ? word : word + " by '" + rule.name() + "'";
    }

    private static String text(@Nullable Duration duration) {
        if (duration == null) {
            return "none";
        }
        long seconds = duration.plusNanos(999_999_999).toSeconds();
        return seconds + "s";
    }
}
