package dev.interlock.policy.approval;

import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.tool.ToolRating;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.ObjectValue;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A call that needs a person's yes. The arguments come from the agent: whoever shows them to a person must not let them
 * pass for anything else.
 *
 * @param tool the tool's name
 * @param server the server that is called; null if the host doesn't say
 * @param identity who calls; null if the host doesn't say
 * @param session the agent session; null if the host doesn't say
 * @param arguments the arguments
 * @param context what the host says of the call
 * @param rule the name of the rule that asks
 * @param place where the rule stands in the policy
 * @param message what the policy says about it
 * @param rating how the tool is rated
 * @param policy the policy in force; a yes is good under this one only
 * @param timeout the rule's {@code approval_timeout}
 * @param patience how long this caller waits; at most the timeout
 */
public record ApprovalRequest(
        String tool,
        @Nullable String server,
        @Nullable String identity,
        @Nullable String session,
        Arguments arguments,
        ObjectValue context,
        String rule,
        Place place,
        String message,
        ToolRating rating,
        Policy policy,
        Duration timeout,
        Duration patience) {

    /** Names the tool, the server and the rule; never an argument, identity or session. */
    @Override
    public String toString() {
        return "approval of " + tool + (server == null ? "" : " on " + server) + " by rule '" + rule + "'";
    }
}
