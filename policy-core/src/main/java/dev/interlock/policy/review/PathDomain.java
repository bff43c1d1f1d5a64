package dev.interlock.policy.review;

import dev.interlock.policy.Path;
import dev.interlock.policy.tool.RiskLevel;
import dev.interlock.policy.tool.ToolCategory;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The values that may be found at a path of a call.
 *
 * @param domain the values that may be found there in a call that fits the tool's schema
 * @param always the values that may be found there in any call
 * @param several whether the path means the elements of a list, of which there may be none
 * @param unknown the step of the path that the schema doesn't have, or null
 * @param names what the schema has in its place
 */
record PathDomain(
        Domain domain,
        Domain always,
        boolean several,
        @Nullable String unknown,
        Set<String> names) {

    private static final Domain TEXT_OR_NOTHING =
            Domain.of(EnumSet.of(JsonType.STRING)).orMissing();

    private static final Domain CATEGORIES = Domain.of(Arrays.stream(ToolCategory.values())
            .<Value>map(category -> new Value.Text(category.text()))
            .toList());

    private static final Domain RISKS = Domain.of(Arrays.stream(RiskLevel.values())
            .<Value>map(risk -> new Value.Text(risk.text()))
            .toList());

    static PathDomain of(Path path, @Nullable ObjectValue inputSchema) {
        return switch (path.root()) {
            case ARGS, PARAMS -> argument(path, inputSchema);
            case STATE -> known(Domain.COUNTER);
            case CALL -> known(TEXT_OR_NOTHING);
            case TOOL -> known(path.member(0).equals("risk") ? RISKS : CATEGORIES);
            case CTX, SESSION, RESULT, USAGE ->
                new PathDomain(Domain.ANYTHING, Domain.ANYTHING, !path.isSingle(), null, Set.of());
        };
    }

    /** What may be found at a path into the structured content of a result that fits the tool's output schema. */
    static PathDomain ofStructured(Path path, ObjectValue outputSchema) {
        List<Path.Step> steps = path.steps().subList(1, path.steps().size());
        return argument(new Path(Path.Root.ARGS, steps, path.text()), outputSchema);
    }

    private static PathDomain known(Domain domain) {
        return new PathDomain(domain, domain, false, null, Set.of());
    }

    /** Whether the path means every element of a list, so that a condition holds for an empty one. */
    static boolean every(Path path) {
        return path.steps().stream().anyMatch(Path.Step.Every.class::isInstance);
    }

    private static PathDomain argument(Path path, @Nullable ObjectValue inputSchema) {
        if (inputSchema == null) {
            return new PathDomain(Domain.ANYTHING, Domain.ANYTHING, !path.isSingle(), null, Set.of());
        }
        Schemas schemas = new Schemas(inputSchema);
        List<Schemas.All> at = schemas.arguments();
        boolean missing = false;
        boolean top = true;
        for (Path.Step step : path.steps()) {
            if (!(step instanceof Path.Step.Member member)) {
                at = schemas.elements(at);
                continue;
            }
            Schemas.SchemaStep next = schemas.member(top ? objects(at) : at, member.name(), isIndex(member));
            if (next.unknown()) {
                Domain there = next.below().isEmpty() ? Domain.ABSENT : Domain.ANYTHING;
                return new PathDomain(there, Domain.ANYTHING, !path.isSingle(), member.name(), next.names());
            }
            missing |= next.missing();
            at = next.below();
            top = false;
            if (at.isEmpty()) {
                return new PathDomain(Domain.ABSENT, Domain.ANYTHING, !path.isSingle(), null, Set.of());
            }
        }
        Domain found = Schemas.domain(at);
        return new PathDomain(missing ? found.orMissing() : found, Domain.ANYTHING, !path.isSingle(), null, Set.of());
    }

    /** The arguments are an object, whether the schema says so or not. */
    static List<Schemas.All> objects(List<Schemas.All> alternatives) {
        ObjectValue object = ObjectValue.of(java.util.Map.of("type", new Value.Text("object")));
        Schemas.All only = new Schemas.All(List.of(object));
        return alternatives.stream().map(all -> all.and(only)).toList();
    }

    private static boolean isIndex(Path.Step.Member member) {
        return !member.quoted()
                && !member.name().isEmpty()
                && member.name().chars().allMatch(c -> c >= '0' && c <= '9');
    }
}
