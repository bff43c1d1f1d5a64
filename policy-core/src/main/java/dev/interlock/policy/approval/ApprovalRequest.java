package dev.interlock.policy.approval;

import dev.interlock.policy.PolicyRef;
import dev.interlock.policy.call.AskingRule;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.tool.ToolRating;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.ObjectValue;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A call, or another request, that needs a person's yes. The arguments and parameters come from the agent. Code that
 * shows them to a person must make sure that they can't be mistaken for anything else. A yes covers exactly this: this
 * call, in this context, and the rules that are named here and no others.
 *
 * @param tool the tool's name
 * @param server the server that is called; null if the host doesn't say
 * @param identity who calls; null if the host doesn't say
 * @param session the agent session; if the host doesn't say, the identity, or a session that all such calls share
 * @param arguments the arguments
 * @param parameters what else the request contains, as far as the adapter knows it; see
 *     {@link dev.interlock.policy.call.ToolCall#parameters}
 * @param context everything that the host says about the call
 * @param bound the part of the context that the policy reads; this part must be shown to the person
 * @param rules the rules that ask, in order; at least one. There is more than one only for a handler that
 *     {@linkplain ApprovalHandler#asksForAllRules asks for all of them}
 * @param message what the policy says about the call: the messages of all the rules
 * @param rating how the tool is rated
 * @param policy which policy is in force; a yes is valid only under this policy
 * @param patience how long this caller waits; at most the {@link #timeout}
 * @param runs the calls that the call makes by running other tools, those within first; they must be shown to the
 *     person
 * @param otherRequest whether this is a request other than {@code tools/call}. Then {@code tool} is its method and
 *     {@code arguments} are its parameters; the person must be told
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
        PolicyRef policy,
        Duration patience,
        List<ToolCall> runs,
        boolean otherRequest) {

    /** Creates a request about a call that runs no other tools. */
    public ApprovalRequest(
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
            PolicyRef policy,
            Duration patience) {
        this(
                tool,
                server,
                identity,
                session,
                arguments,
                parameters,
                context,
                bound,
                rules,
                message,
                rating,
                policy,
                patience,
                List.of(),
                false);
    }

    /** Copies the lists. Refuses a request without rules. */
    public ApprovalRequest {
        runs = List.copyOf(runs);
        rules = List.copyOf(rules);
        if (rules.isEmpty()) {
            throw new IllegalArgumentException("a request for approval needs at least one rule that asks");
        }
    }

    /** Returns the name of the rule that asks; if several ask, all their names, in order, separated by commas. */
    public String rule() {
        return rules.size() == 1
                ? rules.get(0).name()
                : rules.stream().map(AskingRule::name).collect(Collectors.joining(", "));
    }

    /** Returns how long an answer may take: the shortest {@code approval_timeout} of the rules. */
    public Duration timeout() {
        Duration shortest = rules.get(0).timeout();
        for (AskingRule rule : rules) {
            shortest = rule.timeout().compareTo(shortest) < 0 ? rule.timeout() : shortest;
        }
        return shortest;
    }

    /**
     * Returns the question as JSON, for a store that keeps it. Everything is in it but the definitions of the tools,
     * and of the {@linkplain #runs inner calls} what a person is shown.
     *
     * @throws dev.interlock.policy.value.InvalidValueException if it can't be written so that {@link #parse} gives the
     *     same question: a text isn't valid Unicode, a number has too many digits, or it is too deep or too large
     */
    public String json() {
        return ApprovalRequestJson.write(this);
    }

    /**
     * Reads what {@link #json} has written.
     *
     * @throws dev.interlock.policy.value.InvalidValueException if it is anything else; the message quotes nothing of it
     */
    public static ApprovalRequest parse(String json) {
        return ApprovalRequestJson.read(json);
    }

    /** Names the tool, the server and the rules; never an argument, identity, session or context. */
    @Override
    public String toString() {
        return "approval of " + tool + (server == null ? "" : " on " + server) + " by rule '" + rule() + "'";
    }
}
