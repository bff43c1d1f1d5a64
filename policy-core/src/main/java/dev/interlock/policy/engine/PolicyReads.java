package dev.interlock.policy.engine;

import dev.interlock.policy.Block;
import dev.interlock.policy.Condition;
import dev.interlock.policy.Entry;
import dev.interlock.policy.EntrySelection;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Mark;
import dev.interlock.policy.PartitionKey;
import dev.interlock.policy.Path;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.ResultRule;
import dev.interlock.policy.Rule;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a policy reads of a call that only the host can supply: every read, anywhere in the policy. */
final class PolicyReads {

    private final List<Read> reads = new ArrayList<>();

    private PolicyReads() {}

    /** What the host must supply. */
    enum Source {
        IDENTITY,
        SERVER,
        CONTEXT,
        SESSION
    }

    /**
     * One read.
     *
     * @param name as policies write it, such as {@code ctx.tenant}
     * @param key the key, if it belongs to {@code ctx}; otherwise null
     * @param place where the policy reads it
     */
    record Read(Source source, String name, @Nullable String key, Place place) {}

    /** All reads of the policy, in the order of the document. */
    static List<Read> of(Policy policy) {
        PolicyReads found = new PolicyReads();
        policy.context()
                .ifPresent(keys -> keys.forEach(
                        key -> found.reads.add(new Read(Source.CONTEXT, "ctx." + key, key, Place.of("context")))));
        found.body("", policy.body());
        policy.grants().ifPresent(grants -> {
            found.reads.add(new Read(Source.IDENTITY, "the identity", null, Place.of("grants")));
            grants.forEach((grant, body) -> found.body(EntrySelection.grantPrefix(grant), body));
        });
        policy.methodEntries().values().forEach(found::entry);
        return found.reads;
    }

    private void body(String prefix, PolicyBody body) {
        if (body.servers().isPresent()) {
            reads.add(new Read(Source.SERVER, "the server", null, Place.of(prefix + "servers")));
        }
        body.entries().forEach(this::entry);
    }

    private void entry(Entry entry) {
        for (Block block : entry.blocks()) {
            conditions(block.conditions());
        }
        for (Rule rule : entry.rules()) {
            conditions(rule.demands().conditions());
            limits(rule.demands().limits());
        }
        limits(entry.limits());
        for (Mark mark : entry.afterwards().marks()) {
            reads.add(new Read(Source.SESSION, "the session, for marks", null, mark.place()));
        }
        for (ResultRule rule : entry.afterwards().results()) {
            for (Block block : rule.blocks()) {
                conditions(block.conditions());
            }
        }
    }

    private void limits(List<Limit> limits) {
        for (Limit limit : limits) {
            for (PartitionKey key : limit.per()) {
                if (key.path() != null) {
                    path(key.path(), limit.place());
                }
            }
        }
    }

    private void conditions(List<Condition> conditions) {
        for (Condition condition : conditions) {
            for (Path path : condition.reads()) {
                path(path, condition.place());
            }
        }
    }

    private void path(Path path, Place place) {
        Source source = source(path);
        if (source != null) {
            String key = source == Source.CONTEXT ? first(path) : null;
            reads.add(new Read(source, path.text(), key, place));
        }
    }

    private static @Nullable Source source(Path path) {
        return switch (path.root()) {
            case CTX -> Source.CONTEXT;
            case CALL ->
                switch (first(path)) {
                    case "identity" -> Source.IDENTITY;
                    case "server" -> Source.SERVER;
                    default -> null; // A session is always known.
                };
            case SESSION -> Source.SESSION;
            case ARGS, PARAMS, STATE, TOOL, RESULT, USAGE -> null;
        };
    }

    /** The name after the root. A path that was built in code may have none there, and then it reads everything. */
    private static String first(Path path) {
        return path.steps().get(0) instanceof Path.Step.Member member ? member.name() : "*";
    }
}
