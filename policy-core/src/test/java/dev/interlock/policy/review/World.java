package dev.interlock.policy.review;

import dev.interlock.policy.Policy;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.value.ObjectValue;
import java.util.List;

/** A policy, a tool, and the arguments that are tried. */
record World(Policy policy, ToolDefinition tool, List<ObjectValue> arguments) {

    List<Finding> findings() {
        return Policies.review(policy, tool);
    }

    List<ObjectValue> fitting() {
        ObjectValue schema = tool.inputSchema();
        return arguments.stream()
                .filter(each -> FittingArguments.fits(schema, each))
                .toList();
    }

    /** The arguments of which a finding speaks. */
    List<ObjectValue> meant(Finding finding) {
        boolean fits = finding.message().contains("fits") || finding.message().contains("schema");
        return fits ? fitting() : arguments;
    }
}
