package dev.interlock.policy.engine;

import dev.interlock.policy.Block;
import dev.interlock.policy.Condition;
import dev.interlock.policy.EntrySelection;
import dev.interlock.policy.EntrySelection.Selected;
import dev.interlock.policy.Limit;
import dev.interlock.policy.ListedNames;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Operand;
import dev.interlock.policy.Operator;
import dev.interlock.policy.PartitionKey;
import dev.interlock.policy.Path;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.Rule;
import dev.interlock.policy.Validation;
import dev.interlock.policy.audit.PolicyRef;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.RuleRef;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.text.LookAlikes;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.tool.RiskLevel;
import dev.interlock.policy.tool.SchemaValidator;
import dev.interlock.policy.tool.ToolCatalog;
import dev.interlock.policy.tool.ToolCatalog.KnownTool;
import dev.interlock.policy.tool.ToolCategory;
import dev.interlock.policy.tool.ToolLock;
import dev.interlock.policy.tool.ToolRating;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A policy that is ready to decide. A plan is made at the first call to a tool and then kept. Plans are kept for every
 * name that the policy lists and for a bounded number of other names, because servers and callers choose those.
 */
final class CompiledPolicy {

    private static final RuleRef UNKNOWN = ref("(unknown tool)", "");
    private static final ToolRating UNRATED = ToolRating.of(ToolCategory.READ);

    private final Policy policy;
    private final ToolCatalog catalog;
    private final @Nullable SchemaValidator validator;
    private final RateLimiter limiter;
    private final @Nullable ToolLockCheck lock;

    private final CompiledBody body;
    private final List<NamePattern> grantPatterns = new ArrayList<>();
    private final List<CompiledBody> grants = new ArrayList<>();
    private final Map<String, Integer> exactGrants = new HashMap<>();

    private final ListedNames names;
    private final MethodRules methods;
    private final boolean readsRating;
    private final boolean readsSchemas;

    /** The keys of the context that conditions read; null if they read all. */
    private final @Nullable Set<String> contextKeys;

    /** Whether a plan depends on nothing but the tool's name. */
    private final boolean byNameAlone;

    /** Plans of listed names, if the policy uses neither identity nor rating. */
    private final Map<String, ToolPlan> plans = new ConcurrentHashMap<>();

    /** Plans of listed names, if the policy uses identity or rating. */
    private final Map<Variant, Map<String, ToolPlan>> variants = new ConcurrentHashMap<>();

    /**
     * Plans of all other names. The key is the name if it alone determines the plan, and a {@link Variation} if not.
     */
    private final NameCache<Object, ToolPlan> unlisted = new NameCache<>();

    /** Compiled conditions, shared by all conditions that ask the same. */
    private final Map<Question, Predicate> predicates = new ConcurrentHashMap<>();

    private volatile @Nullable PolicyRef ref;

    /**
     * Compiles a policy.
     *
     * @throws IllegalArgumentException if the policy needs something that is missing: a counter that no rule defines,
     *     or a validator for {@code schema: true}
     */
    CompiledPolicy(
            Policy policy,
            ToolCatalog catalog,
            @Nullable SchemaValidator validator,
            RateLimiter limiter,
            @Nullable ToolLock lock) {
        this.policy = policy;
        this.catalog = catalog;
        this.validator = validator;
        this.limiter = limiter;
        this.lock = lock == null ? null : new ToolLockCheck(lock);
        this.body = new CompiledBody("", new EntrySelection(policy.body()), null);
        if (policy.grants().isPresent()) {
            policy.grants().get().entrySet().forEach(this::addGrant);
        }
        List<CompiledBody> bodies = new ArrayList<>(grants);
        bodies.add(0, body);
        this.names = new ListedNames(policy);
        this.methods = new MethodRules(policy);
        Needs needs = new Needs();
        for (CompiledBody each : bodies) {
            needs.add(each);
        }
        this.readsRating = needs.rating;
        this.readsSchemas = needs.schemas;
        this.contextKeys = needs.wholeContext ? null : needs.contextKeys;
        this.byNameAlone = this.lock == null && isNameEnough();
    }

    private void addGrant(Map.Entry<NamePattern, PolicyBody> grant) {
        if (grant.getKey().isExact()) {
            exactGrants.put(grant.getKey().text(), grants.size());
        }
        grantPatterns.add(grant.getKey());
        grants.add(new CompiledBody(
                EntrySelection.grantPrefix(grant.getKey()), new EntrySelection(grant.getValue()), body));
    }

    Policy policy() {
        return policy;
    }

    /** The rules for methods other than {@code tools/call}. */
    MethodRules methods() {
        return methods;
    }

    /**
     * How audit events refer to this policy. The digest is computed on first use, so only engines with sinks compute
     * it.
     */
    PolicyRef ref() {
        PolicyRef known = ref;
        if (known == null) {
            known = PolicyRef.of(policy);
            ref = known;
        }
        return known;
    }

    /** Whether a decision may depend on what servers say about their tools. */
    boolean readsDefinitions() {
        return readsRating || readsSchemas || lock != null;
    }

    /** The part of a call's context that this policy may read. */
    ObjectValue read(ObjectValue context) {
        if (contextKeys == null) {
            return context;
        }
        Map<String, Value> members = new LinkedHashMap<>();
        for (String key : contextKeys) {
            Value value = context.get(key);
            if (value != null) {
                members.put(key, value);
            }
        }
        return ObjectValue.of(members);
    }

    /**
     * The call with the current definition of its tool, if that matters. Each decision uses a single definition,
     * whatever is announced meanwhile.
     */
    ToolCall settled(ToolCall call) {
        KnownTool tool = readsDefinitions() ? call.lookUp(catalog) : null;
        return tool == null ? call : call.defined(tool);
    }

    /** The plan for a {@linkplain #settled settled} call. */
    ToolPlan plan(ToolCall call) {
        ToolPlan plan = null;
        if (byNameAlone) {
            plan = plans.get(call.tool());
            plan = plan == null ? unlisted.get(call.tool()) : plan;
        }
        return plan == null ? find(call) : plan;
    }

    private ToolPlan find(ToolCall call) {
        ToolPlan denied = lock == null ? null : lock.denial(call);
        if (denied == null) {
            return findByPolicy(call);
        }
        return call.definition() == null ? denied : toldAsUnheardOf(denied, findByPolicy(call));
    }

    private ToolPlan findByPolicy(ToolCall call) {
        int grant = grantOf(call.identity());
        if (call.tool().length() > LookAlikes.MAX_NAME) {
            // Denied for its length. Neither rated nor kept, because the caller chooses how long a name is.
            return compile(call.tool(), grant, UNRATED);
        }
        KnownTool tool = call.definition();
        if (isUnknown(call)) {
            return ToolPlan.denied(notKnown(call.tool()), policy.mode() == Mode.AUDIT);
        }
        ToolRating rating = !readsRating ? UNRATED : tool == null ? catalog.ratingByName(call.tool()) : tool.rating();
        if (names.lists(call.tool())) {
            Map<String, ToolPlan> table = table(grant, rating);
            ToolPlan plan = table.get(call.tool()); // without a lock, unlike computeIfAbsent
            return plan == null ? table.computeIfAbsent(call.tool(), name -> compile(name, grant, rating)) : plan;
        }
        Object key = isNameEnough() ? call.tool() : new Variation(call.tool(), variant(grant, rating));
        ToolPlan plan = unlisted.get(key);
        if (plan == null) {
            plan = compile(call.tool(), grant, rating);
            unlisted.put(key, plan);
        }
        return plan;
    }

    private static Decision notKnown(String tool) {
        return Decision.denied(Code.SCHEMA_UNKNOWN, UNKNOWN, Messages.notKnown(tool));
    }

    /** A denial by the lock reveals to an agent that the tool exists. The policy may forbid that. */
    private static ToolPlan toldAsUnheardOf(ToolPlan byLock, ToolPlan byPolicy) {
        Decision denied = byLock.verdict();
        Decision verdict = byPolicy.verdict();
        return denied == null || verdict == null || !verdict.isWithheld()
                ? byLock
                : ToolPlan.denied(denied.telling(verdict.told()), false);
    }

    /** What an agent is told of a tool that neither the server nor the policy has ever named. */
    private Decision unheardOf(String tool, int grantIndex) {
        if (lock != null) {
            return ToolLockCheck.notSeen(tool);
        }
        if (readsRating) {
            return notKnown(tool);
        }
        boolean granted = grantIndex < grants.size();
        if (policy.body().posture() == Posture.ALLOW
                && !granted
                && policy.grants().isPresent()) {
            return noGrant(tool);
        }
        return Decision.denied(Code.DEFAULT_DENY, ref("(default deny)", "default"), Messages.unlisted(tool));
    }

    private static Decision noGrant(String tool) {
        return Decision.denied(Code.NO_GRANT, ref("(no grant)", "grants"), Messages.noGrant(tool));
    }

    /**
     * Whether the server should have defined the tool and has not. A tool is rated by its name alone only for a call
     * without a connection, or if it was rated by hand.
     */
    private boolean isUnknown(ToolCall call) {
        return readsRating
                && call.definition() == null
                && call.comesThroughAConnection()
                && !catalog.isRatedByHand(call.tool())
                && LookAlikes.defect(call.tool()) == null
                && names.passedFor(call.tool()) == null;
    }

    private Map<String, ToolPlan> table(int grant, ToolRating rating) {
        return isNameEnough()
                ? plans
                : variants.computeIfAbsent(variant(grant, rating), variant -> new ConcurrentHashMap<>());
    }

    private static Variant variant(int grant, ToolRating rating) {
        return new Variant(grant, rating.category(), rating.risk());
    }

    /** Whether what the policy says about a tool depends on nothing but its name. */
    private boolean isNameEnough() {
        return policy.grants().isEmpty() && !readsRating;
    }

    /** The position of the identity's grant; one past the last if none matches, two past if there are no grants. */
    private int grantOf(@Nullable String identity) {
        if (policy.grants().isEmpty()) {
            return grants.size() + 1;
        }
        if (identity == null) {
            return grants.size();
        }
        Integer exact = exactGrants.get(identity);
        if (exact != null) {
            return exact;
        }
        if (LookAlikes.showsNothing(identity)) {
            return grants.size(); // A glob such as * matches only callers that have an identity.
        }
        for (int i = 0; i < grants.size(); i++) {
            if (!grantPatterns.get(i).isExact() && grantPatterns.get(i).matches(identity)) {
                return i;
            }
        }
        return grants.size();
    }

    private ToolPlan compile(String tool, int grantIndex, ToolRating rating) {
        PlanCompiler compiler = new PlanCompiler(policy.mode(), tool, rating, validator, limiter, this::predicate);
        String defect = LookAlikes.defect(tool);
        if (defect != null) {
            return compiler.denied(Code.NAME, ref("(name)", ""), Messages.name(defect));
        }
        ListedNames.Listed alike = names.passedFor(tool);
        if (alike != null) {
            return compiler.withheld(Code.NAME, new RuleRef("(name)", alike.place()), unheardOf(tool, grantIndex));
        }
        CompiledBody grant = grantIndex < grants.size() ? grants.get(grantIndex) : null;
        List<CompiledEntry> entries = new ArrayList<>();
        Decision unheardOf = unheardOf(tool, grantIndex);
        ToolPlan denied = enter(compiler, body, tool, rating, entries, unheardOf);
        if (denied != null) {
            return denied;
        }
        if (grant == null && policy.grants().isPresent()) {
            return ToolPlan.denied(noGrant(tool), policy.mode() == Mode.AUDIT);
        }
        if (grant != null) {
            denied = enter(compiler, grant, tool, rating, entries, unheardOf);
            if (denied != null) {
                return denied;
            }
        }
        entries.forEach(compiler::add);
        boolean onlyWhatCouldPass = policy.body().posture() == Posture.DENY
                || (grant != null && grant.body().posture() == Posture.DENY);
        return compiler.plan(onlyWhatCouldPass);
    }

    private Predicate predicate(Condition condition) {
        Question question = new Question(condition.operator(), condition.operand());
        Predicate known = predicates.get(question);
        if (known == null) {
            known = Predicate.compile(condition.operator(), condition.operand());
            predicates.put(question, known);
        }
        return known;
    }

    /** Adds a body's entries for a tool. Returns a plan if the body denies the tool outright. */
    private static @Nullable ToolPlan enter(
            PlanCompiler compiler,
            CompiledBody scoped,
            String tool,
            ToolRating rating,
            List<CompiledEntry> entries,
            Decision unheardOf) {
        List<Selected> all = new ArrayList<>(scoped.selection().naming(tool, rating));
        boolean named = !all.isEmpty();
        all.addAll(scoped.selection().global());
        if (scoped.selection().hides(tool)) {
            return compiler.withheld(Code.HIDDEN, ref("(hidden)", scoped.path("hide")), unheardOf);
        }
        for (Selected entry : all) {
            if (entry.entry().hide()) {
                RuleRef rule = new RuleRef("(hidden)", entry.entry().place());
                return compiler.withheld(Code.HIDDEN, rule, unheardOf);
            }
        }
        if (!named && scoped.body().posture() == Posture.DENY) {
            return compiler.withheld(Code.DEFAULT_DENY, ref("(default deny)", scoped.path("default")), unheardOf);
        }
        entries.addAll(scoped.compiled(all));
        return null;
    }

    /** The rule of a denial that comes from the document as a whole or from the engine. */
    static RuleRef ref(String name, String path) {
        return new RuleRef(name, Place.of(path));
    }

    /**
     * What a condition asks of a value. The equals and hashCode methods here, and in other keys needed for the first
     * decision, are written by hand: the JVM generates those of a record on first use, which takes milliseconds.
     */
    private record Question(Operator operator, Operand operand) {

        @Override
        public int hashCode() {
            return 31 * operator.hashCode() + operand.hashCode();
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Question question
                    && operator == question.operator
                    && operand.equals(question.operand);
        }
    }

    /**
     * What a policy needs for its decisions, found in one pass over it. A large policy is read completely when it is
     * set, and the first call waits for that.
     */
    private final class Needs {

        /** Whether the policy decides by the category or risk of tools. */
        private boolean rating;

        private boolean schemas;

        /** The keys of the context that conditions read. */
        private final Set<String> contextKeys = new TreeSet<>();

        /** Whether a path reads the whole context. Only code can build such a path. */
        private boolean wholeContext;

        void add(CompiledBody scoped) {
            rating |= !scoped.body().categories().isEmpty()
                    || !scoped.body().risks().isEmpty();
            for (CompiledEntry entry : scoped.compiled(scoped.selection().all())) {
                for (Block block : entry.entry().require()) {
                    add(block.conditions(), entry);
                }
                for (Block block : entry.entry().denyIf()) {
                    add(block.conditions(), entry);
                }
                for (Rule rule : entry.entry().rules()) {
                    Rule.Demands demands = rule.demands();
                    add(demands.conditions(), entry);
                    add(demands.validation(), rule);
                    demands.limits().forEach(this::add);
                }
                entry.entry().limits().forEach(this::add);
            }
        }

        private void add(List<Condition> conditions, CompiledEntry entry) {
            for (Condition condition : conditions) {
                Path.Root root = condition.path().root();
                rating |= root == Path.Root.TOOL;
                if (root == Path.Root.CTX) {
                    addContext(condition.path());
                }
                if (root == Path.Root.STATE) {
                    entry.counter(condition.path(), entry.selected().key());
                }
            }
        }

        private void add(Limit limit) {
            for (PartitionKey key : limit.per()) {
                Path path = key.path();
                if (path != null && path.root() == Path.Root.CTX) {
                    addContext(path);
                }
            }
        }

        private void addContext(Path path) {
            if (path.steps().get(0) instanceof Path.Step.Member member) {
                contextKeys.add(member.name());
            } else {
                wholeContext = true;
            }
        }

        private void add(@Nullable Validation validation, Rule rule) {
            if (validation == null) {
                return;
            }
            schemas |= validation.schemaRequired() || validation.schema() || validation.noUnknown();
            if (validator == null && validation.schema()) {
                throw new IllegalArgumentException("rule '" + rule.label() + "' at " + rule.place()
                        + " has 'schema: true', which needs a schema validator, and the engine was given none");
            }
        }
    }

    /**
     * What a tool's plan depends on in addition to its name: the position of the caller's grant and the tool's rating.
     */
    private record Variant(int grant, ToolCategory category, RiskLevel risk) {}

    /** A tool and what else its plan depends on. */
    private record Variation(String tool, Variant variant) {}
}
