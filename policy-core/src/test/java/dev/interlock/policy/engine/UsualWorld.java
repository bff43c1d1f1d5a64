package dev.interlock.policy.engine;

import dev.interlock.policy.ConditionArbitraries;
import dev.interlock.policy.Policy;
import dev.interlock.policy.approval.ApprovalHandler;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.naive.World;
import dev.interlock.policy.time.TimeSource;
import dev.interlock.policy.tool.RiskLevel;
import dev.interlock.policy.tool.ToolCategory;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.tool.ToolRating;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** The tools that generated policies and calls speak of, and engines that know them. */
final class UsualWorld {

    private static final ObjectValue PAY_SCHEMA = (ObjectValue) Value.freeze(Map.of(
            "type", "object",
            "properties", Map.of("amount", Map.of("type", "number"), "to", Map.of()),
            "required", List.of("amount")));

    static final World WORLD = new World(
            Map.of(
                    "pay", ToolRating.of(ToolCategory.FINANCIAL),
                    "send", ToolRating.of(ToolCategory.WRITE, RiskLevel.HIGH),
                    "read_file", ToolRating.of(ToolCategory.READ)),
            ToolRating.of(ToolCategory.DESTRUCTIVE),
            Map.of(
                    "pay", ToolDefinition.named("pay").withInputSchema(PAY_SCHEMA),
                    "send", ToolDefinition.named("send").withInputSchema(ObjectValue.EMPTY),
                    "delete_repo", ToolDefinition.named("delete_repo")),
            UsualWorld::problem);

    private UsualWorld() {}

    /** An engine that enforces {@code policy}, knows the usual tools, and asks somebody who always agrees. */
    static PolicyEngine engine(Policy policy, RateLimiter limiter) {
        return engine(policy, limiter, WORLD, new Assent(), TimeSource.system());
    }

    static PolicyEngine engine(
            Policy policy, RateLimiter limiter, World world, ApprovalHandler approvals, TimeSource time) {
        PolicyEngine.Builder builder = PolicyEngine.builder(policy)
                .rateLimiter(limiter)
                .time(time)
                .approvals(approvals)
                .classifier(tool -> Objects.requireNonNull(world.rating(tool.name())))
                .schemaValidator(world.validator())
                .predicate(ConditionArbitraries.PREDICATE, ConditionArbitraries::hasSameText, Duration.ofMinutes(1))
                .listener((call, failure) -> {
                    throw new AssertionError(failure);
                });
        PolicyEngine engine = builder.build();
        List<ToolDefinition> definitions = List.copyOf(world.definitions().values());
        engine.tools().learn(null, definitions);
        CallArbitraries.SERVERS.forEach(server -> engine.tools().learn(server, definitions));
        return engine;
    }

    /** As much of JSON Schema as the schemas here need. */
    private static Optional<String> problem(ObjectValue schema, ObjectValue arguments) {
        Value amount = arguments.get("amount");
        return schema.size() == 0 || amount instanceof NumberValue
                ? Optional.empty()
                : Optional.of("amount: no number");
    }
}
