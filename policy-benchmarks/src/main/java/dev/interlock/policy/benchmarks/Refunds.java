package dev.interlock.policy.benchmarks;

import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.yaml.PolicyYaml;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The rule that all candidates decide by: a refund of at most 100 in one of three currencies to a gold customer, among
 * forty tools. All calls satisfy it, so that every candidate has to check everything.
 */
final class Refunds {

    static final String TOOL = "create_refund";

    /** Different calls, so that the processor can't predict a decision from the one before. A power of two. */
    static final int CALLS = 64;

    static final String[] CURRENCIES = {"EUR", "USD", "GBP"};

    private static final int OTHER_TOOLS = 39;

    private Refunds() {}

    /** The policy without any limit. */
    static String policy() {
        return policy("");
    }

    /** How many calls a session's bucket holds: more than any session makes here. */
    static final int BUCKET = 30_000_000;

    /**
     * How long the bucket takes to refill, in days: so long that it is never full between two calls, when it could be
     * dropped.
     */
    static final int BUCKET_DAYS = 366;

    /** The policy with one such bucket for each session. */
    static String limitedPolicy() {
        return limitedPolicy("");
    }

    /**
     * The same with more keys for the limit.
     *
     * @param keys such as {@code , per: args.customer.id}
     */
    static String limitedPolicy(String keys) {
        return policy(limit(BUCKET, BUCKET_DAYS + "d" + keys));
    }

    /** The policy with one bucket for each session, in which one call takes an hour to refill. */
    static String slowLimitedPolicy() {
        return policy(limit(10, "10h"));
    }

    /** The policy with one bucket for each session, which refills faster than a single key can be used. */
    static String fastLimitedPolicy() {
        return policy(limit(1_000_000_000, "1s"));
    }

    /** A policy with only that bucket, and no conditions on the arguments. */
    static String onlyFastLimitedPolicy() {
        return "version: \"1\"\ndefault: deny\ntools:\n  " + TOOL + ":\n    rules:\n" + limit(1_000_000_000, "1s");
    }

    private static String limit(int max, String window) {
        return "      - name: each-session\n        rate_limit: {max: " + max + ", window: " + window + "}\n";
    }

    private static String policy(String more) {
        StringBuilder text = new StringBuilder("version: \"1\"\ndefault: deny\ntools:\n");
        for (int i = 0; i < OTHER_TOOLS; i++) {
            text.append("  other_tool_").append(i).append(": {}\n");
        }
        return text.append("  ")
                .append(TOOL)
                .append(":\n    rules:\n      - name: small-refunds\n        conditions:\n")
                .append("          - {path: args.amount, op: lte, value: 100}\n")
                .append("          - {path: args.currency, op: in, value: [EUR, USD, GBP]}\n")
                .append("          - {path: args.customer.tier, op: eq, value: gold}\n")
                .append(more)
                .toString();
    }

    static PolicyEngine engine(String policy) {
        return PolicyEngine.builder(PolicyYaml.read(policy, "policy").orThrow()).build();
    }

    /** The arguments of call {@code i}, as a JSON reader produces them: with their own keys and texts. */
    static Map<String, Object> arguments(int i) {
        Map<String, Object> customer = new LinkedHashMap<>();
        customer.put(own("id"), own("customer-" + i));
        customer.put(own("tier"), own("gold"));
        Map<String, Object> arguments = new LinkedHashMap<>();
        arguments.put(own("charge"), own("charge-" + i));
        arguments.put(own("amount"), (long) (i % 100));
        arguments.put(own("currency"), own(CURRENCIES[i % CURRENCIES.length]));
        arguments.put(own("customer"), customer);
        arguments.put(own("note"), own("The parcel never came."));
        return arguments;
    }

    static ToolCall[] calls() {
        ToolCall[] calls = new ToolCall[CALLS];
        for (int i = 0; i < CALLS; i++) {
            calls[i] = ToolCall.of(own(TOOL), arguments(i));
        }
        return calls;
    }

    /** A copy, since a text that came over a wire is never the same object as the one in a policy. */
    @SuppressWarnings("StringOperationCanBeSimplified")
    static String own(String text) {
        return new String(text);
    }
}
