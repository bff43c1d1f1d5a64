package dev.interlock.policy.engine;

import dev.interlock.policy.approval.AskingRule;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a policy says of a call.
 *
 * @param verdict what it says
 * @param code why, for programs; stable from release to release
 * @param rule which rule decided; null if the call is allowed and no rule had anything against it
 * @param message what the agent is told: it never quotes an argument's value. Empty for an allowed call
 * @param retryAfter for a limit, how long until there may be room again; else null
 * @param audited whether a denial is only recorded and the call passes all the same ({@code mode: audit})
 * @param asking every rule that wants a person's yes, in order, if the verdict is {@link Verdict#NEEDS_APPROVAL}; else empty
 * @param told what an agent is told in place of this, since it must not tell a tool that is kept from it from one that is
 *     not there; the decision itself where that is no matter
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

    /** A decision that an agent may know all of. */
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

    /** A decision that asks nobody. */
    public Decision(
            Verdict verdict,
            Code code,
            @Nullable RuleRef rule,
            String message,
            @Nullable Duration retryAfter,
            boolean audited) {
        this(verdict, code, rule, message, retryAfter, audited, List.of());
    }

    /** What a policy says. */
    public enum Verdict {
        /** The call may be made. */
        ALLOWED,
        /** It may not. */
        DENIED,
        /** It may, once a person has said yes. */
        NEEDS_APPROVAL
    }

    /** Why. */
    public enum Code {
        /** Nothing was against it. */
        ALLOWED,
        /** The call can't be read, or its arguments are past the host's bounds. */
        MALFORMED,
        /** The tool's name is blank, too long, has invisible characters, or looks like a listed one but isn't. */
        NAME,
        /** The tool's definition is not the one that was accepted, or none was. */
        LOCK,
        /** The tool is hidden. */
        HIDDEN,
        /** No entry names the tool, and the default is to deny. */
        DEFAULT_DENY,
        /** No grant matches the identity. */
        NO_GRANT,
        /** A {@code deny} rule. */
        DENY_RULE,
        /** A condition of a rule, or of {@code require}, doesn't hold. */
        CONDITION,
        /** A {@code deny_if} holds. */
        DENY_IF,
        /** {@code validate} found something. */
        VALIDATION,
        /** A check needs the tool's definition, or a part of it, and it isn't known. */
        SCHEMA_UNKNOWN,
        /** An amount that a limit counts is missing, no number, negative or out of range. */
        AMOUNT,
        /** A limit, counter or budget has no room. */
        LIMIT,
        /** The limiter can't be asked or can't hold more keys. */
        LIMITER_UNAVAILABLE,
        /** The decision could not be recorded, and the host wants no call without a record. */
        AUDIT_UNAVAILABLE,
        /** A person must say yes, and none did. */
        APPROVAL,
        /** A person must say yes and was asked; once they have, an equal call passes. */
        APPROVAL_PENDING,
        /** A person said yes. */
        APPROVED,
        /** An MCP method that the policy denies, or that only looks like one. */
        METHOD,
        /** Something failed in the engine; the host's listener was told what. */
        ERROR;

        /** As programs read it: {@code default_deny}. */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** An allowed call that nothing was against. */
    public static final Decision ALLOWED = new Decision(Verdict.ALLOWED, Code.ALLOWED, null, "", null, false);

    /** A denial. */
    static Decision denied(Code code, RuleRef rule, String message) {
        return new Decision(Verdict.DENIED, code, rule, message, null, false);
    }

    /** A question. */
    static Decision question(List<AskingRule> asking) {
        AskingRule first = asking.get(0);
        return new Decision(
                Verdict.NEEDS_APPROVAL,
                Code.APPROVAL,
                new RuleRef(first.name(), first.place()),
                asking.size() == 1 ? first.message() : Messages.questions(asking),
                null,
                false,
                asking);
    }

    /** The same, with all that an agent is told taken from another decision. */
    Decision telling(Decision other) {
        return new Decision(verdict, code, rule, other.message(), retryAfter, audited, asking, other);
    }

    /**
     * What an agent may be told: code, rule and message. It differs from the decision where that would tell the agent of a
     * tool that it can't see. Records and the host's logs are made from the decision itself.
     */
    @Override
    public Decision told() {
        return told == null ? this : told;
    }

    /** Whether an agent is told something else. */
    boolean isWithheld() {
        return told != null;
    }

    /** The same, recorded only. */
    Decision auditedOnly() {
        return new Decision(verdict, code, rule, message, retryAfter, true, asking);
    }

    /** The same in other words. */
    Decision saying(String text) {
        return new Decision(verdict, code, rule, text, retryAfter, audited);
    }

    /** The same with the time until there may be room. */
    Decision retryAfter(@Nullable Duration wait) {
        return new Decision(verdict, code, rule, message, wait, audited, asking);
    }

    /** The same question with an answer to it. */
    Decision answered(Verdict answer, Code reason, String text) {
        return new Decision(
                answer, reason, rule, text, null, false, answer == Verdict.NEEDS_APPROVAL ? asking : List.of());
    }

    /** Whether a person must be asked before the call may be made. */
    boolean asks() {
        return verdict == Verdict.NEEDS_APPROVAL && !audited;
    }

    /** Whether the call may be made now: allowed, or {@linkplain #audited recorded only}. */
    public boolean allowed() {
        return verdict == Verdict.ALLOWED || audited;
    }
}
