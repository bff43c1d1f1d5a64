package dev.interlock.policy.engine;

import dev.interlock.policy.Condition;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.RuleRef;
import org.jspecify.annotations.Nullable;

/**
 * Creates the denials of one rule for one tool.
 *
 * @param tool the tool
 * @param rule the rule
 * @param message what the agent is told for any reason; null for a built-in message
 * @param audited whether the rule's denials are only recorded
 */
record DenialFactory(String tool, RuleRef rule, @Nullable String message, boolean audited) {

    Decision because(Code code, String text) {
        Decision denied = Decision.denied(code, rule, message == null ? text : message);
        return audited ? denied.auditedOnly() : denied;
    }

    Decision validation(String problem) {
        return because(Code.VALIDATION, "The call does not meet rule '" + rule.name() + "': " + problem + ".");
    }

    Decision schemaUnknown() {
        // Never the rule's own message: it would blame the call for something that only a look at the server can fix.
        return new DenialFactory(tool, rule, null, audited)
                .because(Code.SCHEMA_UNKNOWN, Messages.schemaUnknown(tool, rule));
    }

    Decision unanswered(Condition condition) {
        // Never the rule's own message: it would blame the call for what the host has left open.
        return new DenialFactory(tool, rule, null, audited)
                .because(Code.PREDICATE, Messages.unanswered(condition, rule));
    }

    DenialFactory withMessage(@Nullable String other) {
        return other == null ? this : new DenialFactory(tool, rule, other, audited);
    }
}
