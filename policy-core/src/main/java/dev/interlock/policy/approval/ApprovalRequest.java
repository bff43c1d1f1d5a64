package dev.interlock.policy.approval;

import dev.interlock.policy.Policy;
import dev.interlock.policy.tool.ToolRating;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.ObjectValue;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A call that needs a person's yes. The arguments and parameters come from the agent: whoever shows them to a person must
 * not let them pass for anything else. A yes is a yes to all of this: to exactly this call, in this context, to the rules
 * that are named here and to no others.
 *
 * @param tool the tool's name
 * @param server the server that is called; null if the host doesn't say
 * @param identity who calls; null if the host doesn't say
 * @param session the agent session; where the host doesn't say, the identity, or one that all such calls have in common
 * @param arguments the arguments
 * @param parameters what else the request says, as far as the adapter knows it; see {@link
 *     dev.interlock.policy.engine.ToolCall#parameters}
 * @param context what the host says of the call, all of it
 * @param bound the part of the context that the policy reads: what a person has to be shown of it
 * @param rules the rules that ask, in order; at least one. There is more than one only for a handler that {@linkplain
 *     ApprovalHandler#asksForAllRules asks for all of them}
 * @param message what the policy says about it: the messages of all the rules
 * @param rating how the tool is rated
 * @param policy the policy in force; a yes is good under this one only
 * @param patience how long this caller waits; at most the {@link #timeout}
 */
public record ApprovalRequest(
        String tool,
        @Nullable String server,
        @Nullable String identity,
        @Nullable String session,
        Arguments arguments,
        ObjectValue parameters,
        ObjectValue context,
        ObjectValue bound,
        List<AskingRule> rules,
        String message,
        ToolRating rating,
        Policy policy,
        Duration patience) {

    /** Copies the rules; refuses a request of no rule. */
    public ApprovalRequest {
        rules = List.copyOf(rules);
        if (rules.isEmpty()) {
            throw new IllegalArgumentException("a request for approval needs at least one rule that asks");
        }
    }

    /** The name of the rule that asks; if several do, all their names, in order and with commas between them. */
    public String rule() {
        return rules.size() == 1
                ? rules.get(0).name()
                : rules.stream().map(AskingRule::name).collect(Collectors.joining(", "));
    }

    /** How long an answer may take: the shortest {@code approval_timeout} of the rules. */
    public Duration timeout() {
        Duration shortest = rules.get(0).timeout();
        for (AskingRule rule : rules) {
            shortest = rule.timeout().compareTo(shortest) < 0 ? rule.timeout() : shortest;
        }
        return shortest;
    }

    /** Names the tool, the server and the rules; never an argument, identity, session or context. */
    @Override
    public String toString() {
        return "approval of " + tool + (server == null ? "" : " on " + server) + " by rule '" + rule() + "'";
    }
}
