package dev.interlock.policy.call;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a policy says about a call.
 *
 * @param verdict the verdict
 * @param code the reason, for programs; stable from release to release
 * @param rule the rule that decided; null if the call is allowed and no rule objected
 * @param message what the agent is told; it never quotes an argument's value. Empty for an allowed call
 * @param retryAfter for a limit, how long until there may be room again; otherwise null
 * @param audited whether a denial is only recorded and the call passes anyway ({@code mode: audit})
 * @param asking every rule that asks for a person's approval, in order, if the verdict is
 *     {@link Verdict#NEEDS_APPROVAL}; otherwise empty
 * @param told what an agent is told instead of this decision. An agent must not be able to tell a tool that is hidden
 *     from it from a tool that does not exist. Where that is not a concern, it is the decision itself
 */
public record Decision(
        Verdict verdict,
        Code code,
        @Nullable RuleRef rule,
        String message,
        @Nullable Duration retryAfter,
        boolean audited,
        List<AskingRule> asking,
        @Nullable Decision told) {

    /** Copies the rules. */
    public Decision {
        asking = List.copyOf(asking);
    }

    /** A decision that an agent may know completely. */
    public Decision(
            Verdict verdict,
            Code code,
            @Nullable RuleRef rule,
            String message,
            @Nullable Duration retryAfter,
            boolean audited,
            List<AskingRule> asking) {
        this(verdict, code, rule, message, retryAfter, audited, asking, null);
    }

    /** A decision that asks no person. */
    public Decision(
            Verdict verdict,
            Code code,
            @Nullable RuleRef rule,
            String message,
            @Nullable Duration retryAfter,
            boolean audited) {
        this(verdict, code, rule, message, retryAfter, audited, List.of());
    }

    /** What a policy can say about a call. */
    public enum Verdict {
        /** The call may be made. */
        ALLOWED,
        /** The call may not be made. */
        DENIED,
        /** The call may be made after a person has said yes. */
        NEEDS_APPROVAL
    }

    /** The reason for a decision. */
    public enum Code {
        /** No rule objected. */
        ALLOWED,
        /** The call can't be read, or its arguments exceed the host's bounds. */
        MALFORMED,
        /**
         * The tool's name is blank, too long, contains invisible characters, or looks like a listed name but differs
         * from it.
         */
        NAME,
        /** All calls are suspended, by the policy or by the host. */
        SUSPENDED,
        /** The tool's definition differs from the accepted one, or none was accepted. */
        LOCK,
        /** The tool is hidden. */
        HIDDEN,
        /** No entry names the tool, and the default is to deny. */
        DEFAULT_DENY,
        /** The policy distinguishes servers, and the host doesn't name the server, or its name only looks like one. */
        SERVER_UNKNOWN,
        /** No grant matches the identity. */
        NO_GRANT,
        /** The identity's grant is not in force at this time. */
        GRANT_NOT_IN_FORCE,
        /** A {@code deny} rule denied the call. */
        DENY_RULE,
        /** A condition of a rule, or of {@code require}, doesn't hold. */
        CONDITION,
        /** A {@code deny_if} condition holds. */
        DENY_IF,
        /** A predicate of the host's has not answered: it threw, or its time was up. */
        PREDICATE,
        /** {@code validate} found something. */
        VALIDATION,
        /** A check needs the tool's definition, or a part of it, and it isn't known. */
        SCHEMA_UNKNOWN,
        /** An amount that a limit counts is missing, not a number, negative or out of range. */
        AMOUNT,
        /** A value by which a limit counts separately is missing, or nothing that can be counted by. */
        PARTITION,
        /** A limit, counter or budget has no room. */
        LIMIT,
        /** As many calls are under way as may be at the same time. */
        CONCURRENCY,
        /** The limiter can't be reached or can't hold more keys. */
        LIMITER_UNAVAILABLE,
        /** The decision could not be recorded, and the host allows no call without a record. */
        AUDIT_UNAVAILABLE,
        /** A person must say yes, and no one did. */
        APPROVAL,
        /** A person must say yes and was asked. After the yes, an equal call passes. */
        APPROVAL_PENDING,
        /** A person said yes. */
        APPROVED,
        /** An MCP method that the policy denies, or that only looks like one. */
        METHOD,
        /** The call runs another tool, and which one, or with which arguments, can't be told. */
        UNWRAP,
        /** The call is or becomes a task, whose end can't be seen, where a limit on calls at the same time needs it. */
        TASK,
        /** The server asks for input to complete a call, and {@code rounds: 0} lets it ask for none. */
        ROUNDS,
        /** A rule on results withholds what came back. The call has run. */
        RESULT,
        /** A mark that the call may set, or that a condition needs, can't be kept or read. */
        MARK,
        /** Something failed in the engine; the host's listener received the details. */
        ERROR;

        /** Returns the code in the form that programs read: {@code default_deny}. */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** An allowed call that no rule objected to. */
    public static final Decision ALLOWED = new Decision(Verdict.ALLOWED, Code.ALLOWED, null, "", null, false);

    /** A denial. */
    public static Decision denied(Code code, RuleRef rule, String message) {
        return new Decision(Verdict.DENIED, code, rule, message, null, false);
    }

    /** The same decision, except that an agent is told what it would be told of {@code other}. */
    public Decision telling(Decision other) {
        return new Decision(verdict, code, rule, other.message(), retryAfter, audited, asking, other);
    }

    /**
     * Returns what an agent may be told: code, rule and message. It differs from the decision if the decision would
     * reveal a tool that the agent can't see. Records and the host's logs use the decision itself.
     */
    @Override
    public Decision told() {
        return told == null ? this : told;
    }

    /** Whether an agent is told something other than this decision. */
    public boolean isWithheld() {
        return told != null;
    }

    /** The same decision, recorded only. */
    public Decision auditedOnly() {
        return new Decision(verdict, code, rule, message, retryAfter, true, asking);
    }

    /** The same decision with another message. */
    public Decision saying(String text) {
        return new Decision(verdict, code, rule, text, retryAfter, audited);
    }

    /** The same decision with the time until there may be room. */
    public Decision retryAfter(@Nullable Duration wait) {
        return new Decision(verdict, code, rule, message, wait, audited, asking);
    }

    /** The same question with its answer. */
    public Decision answered(Verdict answer, Code reason, String text) {
        return new Decision(
                answer, reason, rule, text, null, false, answer == Verdict.NEEDS_APPROVAL ? asking : List.of());
    }

    /** Whether a person must be asked before the call may be made. */
    public boolean asks() {
        return verdict == Verdict.NEEDS_APPROVAL && !audited;
    }

    /**
     * Returns whether the call may be made now: it is allowed, or its denial is {@linkplain #audited only recorded}.
     */
    public boolean allowed() {
        return verdict == Verdict.ALLOWED || audited;
    }
}
