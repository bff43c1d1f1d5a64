package dev.interlock.policy.approval;

import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.PolicyRef;
import dev.interlock.policy.Posture;
import dev.interlock.policy.call.AskingRule;
import dev.interlock.policy.tool.ToolCategory;
import dev.interlock.policy.tool.ToolRating;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.ValueLimits;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Questions for tests: about a call to {@code pay} on the server {@code bank}, under a rule that waits five minutes.
 */
public final class Requests {

    static final AskingRule RULE = new AskingRule(
            "a person",
            Place.of("tools.pay.rules[0]"),
            "A call to 'pay' needs a person's approval.",
            Duration.ofMinutes(5));

    static final Policy POLICY = Policy.of(PolicyBody.of(Posture.ALLOW));

    private Requests() {}

    /** A question about a call to {@code pay}. */
    public static ApprovalRequest pay(@Nullable String identity, Map<String, ?> arguments) {
        return of("pay", "bank", identity, arguments, POLICY);
    }

    /** A question about any call. */
    public static ApprovalRequest of(
            String tool, @Nullable String server, @Nullable String identity, Map<String, ?> arguments, Policy policy) {
        return of(tool, server, identity, arguments, policy, List.of(RULE));
    }

    /** A question about any call, for these rules. */
    public static ApprovalRequest of(
            String tool,
            @Nullable String server,
            @Nullable String identity,
            Map<String, ?> arguments,
            Policy policy,
            List<AskingRule> rules) {
        return new ApprovalRequest(
                tool,
                server,
                identity,
                "s1",
                Arguments.freeze(arguments, ValueLimits.DEFAULT),
                ObjectValue.EMPTY,
                ObjectValue.EMPTY,
                ObjectValue.EMPTY,
                rules,
                RULE.message(),
                ToolRating.of(ToolCategory.FINANCIAL),
                PolicyRef.of(policy),
                Duration.ofMinutes(5));
    }
}
