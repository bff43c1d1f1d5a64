package dev.interlock.policy.engine;

import dev.interlock.policy.Afterwards;
import dev.interlock.policy.Block;
import dev.interlock.policy.Condition;
import dev.interlock.policy.EntrySelection;
import dev.interlock.policy.EntrySelection.Selected;
import dev.interlock.policy.Limit;
import dev.interlock.policy.ListedNames;
import dev.interlock.policy.Mode;
import dev.interlock.policy.PartitionKey;
import dev.interlock.policy.Path;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.PolicyRef;
import dev.interlock.policy.Posture;
import dev.interlock.policy.ResultRule;
import dev.interlock.policy.Rule;
import dev.interlock.policy.TimeWindow;
import dev.interlock.policy.Validation;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.MethodCall;
import dev.interlock.policy.call.RuleRef;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.text.LookAlikes;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.time.TimeSource;
import dev.interlock.policy.tool.RiskLevel;
import dev.interlock.policy.tool.SchemaValidator;
import dev.interlock.policy.tool.ToolCatalog;
import dev.interlock.policy.tool.ToolCatalog.KnownTool;
import dev.interlock.policy.tool.ToolCategory;
import dev.interlock.policy.tool.ToolLock;
import dev.interlock.policy.tool.ToolRating;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
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

    /** The servers of the policy's own body; null if it doesn't distinguish any. */
    private final @Nullable CompiledServers servers;

    /** The servers of each grant, in the order of the grants; null where a grant doesn't distinguish any. */
    private final List<@Nullable CompiledServers> grantServers = new ArrayList<>();

    /** Whether the policy or a grant distinguishes servers. */
    private final boolean distinguishesServers;

    private final List<NamePattern> grantPatterns = new ArrayList<>();
    private final List<CompiledBody> grants = new ArrayList<>();
    private final Map<String, Integer> exactGrants = new HashMap<>();

    /** What applies where no server is distinguished, by {@link #grantOf}; made once, since each call needs one. */
    private final Reach[] onAnyServer;

    /** Denies every call while calls are suspended; null if they are not. */
    private final @Nullable ToolPlan suspended;

    /** For each grant, the plan for every tool while the grant is not in force; null if it always is. */
    private final List<@Nullable ToolPlan> notInForce = new ArrayList<>();

    private final ListedNames names;
    private final MethodRules methods;
    private final boolean readsRating;
    private final boolean readsSchemas;
    private final boolean unwraps;
    private final boolean asksHost;

    /** Whether the policy says anything about marks. */
    private final boolean hasMarks;

    /** Whether the policy says or counts something of answers. */
    private final boolean judgesAnswers;

    private final @Nullable String soleSession;

    /** The clock that decides; null if nothing of the policy depends on the time. */
    private final @Nullable TimeSource time;

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

    /** Plans of methods that have an entry. */
    private final NameCache<String, ToolPlan> methodPlans = new NameCache<>();

    private final CompiledOperators operators = new CompiledOperators();

    private volatile @Nullable PolicyRef ref;

    /**
     * Compiles a policy.
     *
     * @param suspension what an agent is told while the host suspends every call; null if it doesn't
     * @param soleSession the session of calls that have none, unless the policy names several servers; null if they
     *     have none
     * @throws IllegalArgumentException if the policy needs something that is missing: a counter that no rule defines,
     *     or a validator for {@code schema: true}
     */
    CompiledPolicy(
            Policy policy,
            ToolCatalog catalog,
            @Nullable SchemaValidator validator,
            RateLimiter limiter,
            TimeSource time,
            @Nullable ToolLock lock,
            @Nullable String suspension,
            @Nullable String soleSession) {
        this.policy = policy;
        this.soleSession = soleSession;
        this.catalog = catalog;
        this.validator = validator;
        this.limiter = limiter;
        this.lock = lock == null ? null : new ToolLockCheck(lock);
        this.body = new CompiledBody("", new EntrySelection(policy.body()), null);
        if (policy.grants().isPresent()) {
            policy.grants().get().entrySet().forEach(this::addGrant);
        }
        this.servers = CompiledServers.of(body);
        grants.forEach(grant -> grantServers.add(CompiledServers.of(grant)));
        List<CompiledBody> bodies = new ArrayList<>(grants);
        bodies.add(0, body);
        boolean byServer = false;
        for (CompiledServers each : allServers()) {
            byServer = true;
            bodies.addAll(each.bodies());
        }
        this.distinguishesServers = byServer;
        this.onAnyServer =
                IntStream.rangeClosed(0, grants.size() + 1).mapToObj(Reach::of).toArray(Reach[]::new);
        this.names = new ListedNames(policy);
        Decision denial = suspended(policy, suspension);
        this.suspended = denial == null ? null : ToolPlan.denied(denial, false);
        this.methods = new MethodRules(policy, denial);
        Needs needs = new Needs();
        for (CompiledBody each : bodies) {
            needs.add(each);
        }
        methods.entries().forEach(needs::add);
        this.readsRating = needs.rating;
        this.readsSchemas = needs.schemas;
        this.unwraps = needs.unwraps;
        this.hasMarks = needs.marks;
        this.judgesAnswers = needs.ends;
        this.asksHost = !policy.predicates().isEmpty();
        this.time = needs.time ? time : null;
        this.contextKeys = needs.wholeContext ? null : needs.contextKeys;
        this.byNameAlone = this.lock == null && suspended == null && isNameEnough();
    }

    /** The denial of every call, under every mode; null if neither the host nor the policy suspends calls. */
    private static @Nullable Decision suspended(Policy policy, @Nullable String byHost) {
        String text = byHost != null ? byHost : policy.suspended().orElse(null);
        return text == null
                ? null
                : Decision.denied(
                        Code.SUSPENDED,
                        ref("(suspended)", byHost != null ? "(engine)" : "suspended"),
                        text.isBlank() ? Messages.SUSPENDED : text);
    }

    private List<CompiledServers> allServers() {
        List<CompiledServers> all = new ArrayList<>();
        if (servers != null) {
            all.add(servers);
        }
        for (CompiledServers each : grantServers) {
            if (each != null) {
                all.add(each);
            }
        }
        return all;
    }

    private void addGrant(Map.Entry<NamePattern, PolicyBody> grant) {
        if (grant.getKey().isExact()) {
            exactGrants.put(grant.getKey().text(), grants.size());
        }
        grantPatterns.add(grant.getKey());
        CompiledBody compiled = new CompiledBody(
                EntrySelection.grantPrefix(grant.getKey()), new EntrySelection(grant.getValue()), body);
        grants.add(compiled);
        notInForce.add(grant.getValue()
                .during()
                .map(window -> new CallCheck.NotInForce(window, ref("(grant not in force)", compiled.path("during"))))
                .map(check -> ToolPlan.checked(
                        policy.mode() == Mode.AUDIT,
                        false,
                        List.of(),
                        List.of(check),
                        List.of(),
                        List.of(),
                        limiter,
                        null,
                        List.of(),
                        null,
                        false))
                .orElse(null));
    }

    /** The windows of the grants that are not always in force. */
    List<TimeWindow> grantTimes() {
        return grants.stream().flatMap(grant -> grant.body().during().stream()).toList();
    }

    Policy policy() {
        return policy;
    }

    /**
     * The plan for a request other than {@code tools/call}. It treats the method as the tool, and the parameters as its
     * arguments.
     */
    ToolPlan methodPlan(MethodCall request) {
        String method = request.method();
        Decision named = methods.decide(request);
        if (named != null && named.verdict() != Decision.Verdict.ALLOWED) {
            return ToolPlan.denied(named, false);
        }
        CompiledEntry entry = named == null ? null : methods.entry(method);
        if (entry == null) {
            return PlanCompiler.ofMethod(policy.mode(), method, limiter, operators, hasMarks)
                    .plan(false);
        }
        ToolPlan plan = methodPlans.get(method);
        if (plan == null) {
            PlanCompiler compiler = PlanCompiler.ofMethod(policy.mode(), method, limiter, operators, hasMarks);
            compiler.add(entry);
            plan = compiler.plan(false);
            methodPlans.put(method, plan);
        }
        return plan;
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

    /** Whether some tool runs others. */
    boolean unwraps() {
        return unwraps;
    }

    /** Whether a decision may depend on what servers say about their tools. */
    boolean readsDefinitions() {
        return readsRating || readsSchemas || lock != null;
    }

    /** Whether the policy says or counts something of the answer to any call or other request. */
    boolean judgesAnswers() {
        return judgesAnswers;
    }

    /** Whether the policy says anything about marks. */
    boolean hasMarks() {
        return hasMarks;
    }

    /** Whether a condition asks a predicate of the host's. */
    boolean asksHost() {
        return asksHost;
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
     * The call with the current time and the current definition of its tool, where these matter. Each decision uses a
     * single time and definition, whatever is announced meanwhile.
     */
    ToolCall settled(ToolCall asked) {
        return defined(timed(asked));
    }

    /** The call with the current definition of its tool, if that matters. */
    ToolCall defined(ToolCall call) {
        KnownTool tool = readsDefinitions() && call.request() == null ? call.lookUp(catalog) : null;
        return tool == null ? call : call.defined(tool);
    }

    /** The call with the current time, if that matters. */
    ToolCall timed(ToolCall call) {
        return marked(time == null ? call : call.decidedAt(Instant.ofEpochMilli(time.wallMillis())));
    }

    /** The call with a session for its marks, if it has none and the connection is as good as one. */
    private ToolCall marked(ToolCall call) {
        return hasMarks && soleSession != null && namesNoOtherServer(call.server())
                ? call.orMarkedIn(soleSession)
                : call;
    }

    private boolean namesNoOtherServer(@Nullable String server) {
        for (CompiledServers each : allServers()) {
            if (!each.namesOnly(server)) {
                return false;
            }
        }
        return true;
    }

    /** The plan for a {@linkplain #settled settled} call. */
    ToolPlan plan(ToolCall call) {
        ToolPlan plan = null;
        if (byNameAlone) {
            plan = plans.get(call.tool());
            plan = plan == null ? unlisted.get(call.tool()) : plan;
        }
        return plan != null ? plan : suspended != null ? suspended : find(call);
    }

    /** The plan as if nothing were suspended. Lists of tools show what may be called when the suspension has ended. */
    ToolPlan unsuspended(ToolCall call) {
        return suspended == null ? plan(call) : find(call);
    }

    /**
     * The plan for a call that another call makes by running its tool. If the tool's definition is not known, the plan
     * has every entry for a category or risk.
     *
     * @param by the call that makes it
     */
    ToolPlan innerPlan(ToolCall call, ToolCall by) {
        String server = call.server();
        if (distinguishesServers && server != null && !server.equals(by.server()) && isLookAlike(server)) {
            return ToolPlan.denied(serverUnknown(call.tool(), Place.of("servers")), policy.mode() == Mode.AUDIT);
        }
        ToolPlan denied = lock == null ? null : lock.denial(call);
        return denied != null
                ? denied
                : findByPolicy(call, catalog.isRatedByHand(call.tool()) ? Unrated.BY_NAME : Unrated.AS_EVERYTHING);
    }

    /** What becomes of a tool whose definition is not known, if the policy rates tools. */
    private enum Unrated {
        /** It is rated by its name, or the call is denied if it comes through a connection. */
        AS_USUAL,
        /** It is rated by its name. */
        BY_NAME,
        /** Every entry for a category or risk applies. */
        AS_EVERYTHING
    }

    private ToolPlan findByPolicy(ToolCall call) {
        return findByPolicy(call, Unrated.AS_USUAL);
    }

    /** The denial of every call while calls are suspended; null if they are not. */
    @Nullable
    Decision suspension() {
        return suspended == null ? null : suspended.verdict();
    }

    private ToolPlan find(ToolCall call) {
        ToolPlan denied = lock == null ? null : lock.denial(call);
        if (denied == null) {
            return findByPolicy(call);
        }
        return call.definition() != null || isUngranted(call) ? toldAsUnheardOf(denied, findByPolicy(call)) : denied;
    }

    private boolean isUngranted(ToolCall call) {
        return grantOf(call.identity()) == grants.size();
    }

    private ToolPlan findByPolicy(ToolCall call, Unrated unrated) {
        int grant = grantOf(call.identity());
        Reach reach = distinguishesServers ? reach(grant, call.server()) : onAnyServer[grant];
        if (policy.mode() == Mode.AUDIT) {
            return recorded(call, grant, reach, unrated);
        }
        Decision denial = denial(call, grant, reach);
        if (denial != null) {
            return ToolPlan.denied(denial, false);
        }
        ToolPlan outside = outsideGrant(grant, call);
        if (outside != null) {
            return outside;
        }
        return unrated == Unrated.AS_USUAL && call.tool().length() <= LookAlikes.MAX_NAME && isUnknown(call)
                ? ToolPlan.denied(notKnown(call.tool()), false)
                : planOf(call, reach, unrated);
    }

    /** The denial of every call of this caller to this server; null if there is none. */
    private @Nullable Decision denial(ToolCall call, int grant, Reach reach) {
        if (reach.unknown() != null) {
            return serverUnknown(call.tool(), reach.unknown());
        }
        return grant == grants.size() ? noGrant(call.tool()) : null;
    }

    /**
     * The plan of a policy that only records. It counts a call that is denied outright as if it had been allowed: by
     * the entries that apply besides.
     */
    private ToolPlan recorded(ToolCall call, int grant, Reach reach, Unrated unrated) {
        ToolPlan plan = planOf(call, reach, unrated);
        Decision denial = denial(call, grant, reach);
        if (denial != null) {
            return plan.deniedBy(denial);
        }
        ToolPlan outside = outsideGrant(grant, call);
        if (outside != null) {
            return plan.after(outside);
        }
        return unrated == Unrated.AS_USUAL && call.tool().length() <= LookAlikes.MAX_NAME && isUnknown(call)
                ? plan.deniedBy(notKnown(call.tool()))
                : plan;
    }

    private ToolPlan planOf(ToolCall call, Reach reach, Unrated unrated) {
        if (call.tool().length() > LookAlikes.MAX_NAME) {
            // Denied for its length. Neither rated nor kept, because the caller chooses how long a name is.
            return compile(call.tool(), reach, UNRATED);
        }
        ToolRating rating = readsRating ? rating(call, unrated) : UNRATED;
        if (names.lists(call.tool()) && !reach.byGlob()) {
            Map<String, ToolPlan> table = table(reach, rating);
            ToolPlan plan = table.get(call.tool()); // without a lock, unlike computeIfAbsent
            return plan == null ? table.computeIfAbsent(call.tool(), name -> compile(name, reach, rating)) : plan;
        }
        Object key = isNameEnough() ? call.tool() : new Variation(call.tool(), variant(reach, rating));
        ToolPlan plan = unlisted.get(key);
        if (plan == null) {
            plan = compile(call.tool(), reach, rating);
            unlisted.put(key, plan);
        }
        return plan;
    }

    private @Nullable ToolRating rating(ToolCall call, Unrated unrated) {
        KnownTool tool = call.definition();
        if (tool != null) {
            return tool.rating();
        }
        return unrated == Unrated.AS_EVERYTHING ? null : catalog.ratingByName(call.tool());
    }

    /** What applies to the calls of a caller to a server. */
    private Reach reach(int grant, @Nullable String server) {
        CompiledServers.Match outer = CompiledServers.Match.NONE;
        CompiledServers.Match inner = CompiledServers.Match.NONE;
        CompiledServers granted = grant < grants.size() ? grantServers.get(grant) : null;
        if (servers != null) {
            outer = servers.match(server);
        }
        if (granted != null) {
            inner = granted.match(server);
        }
        Place unknown = servers != null && outer.unknown()
                ? servers.place()
                : granted != null && inner.unknown() ? granted.place() : null;
        boolean byGlob = (outer.body() != null && !outer.exact()) || (inner.body() != null && !inner.exact());
        String counted = outer.body() == null && inner.body() == null ? null : server;
        return new Reach(grant, outer.body(), inner.body(), counted, byGlob, unknown);
    }

    /** Whether a server's name that an argument gives only looks like one that the policy has rules for. */
    boolean isLookAlike(String server) {
        for (CompiledServers each : allServers()) {
            if (each.isLookAlike(server)) {
                return true;
            }
        }
        return false;
    }

    private static Decision serverUnknown(String tool, Place place) {
        return Decision.denied(
                Code.SERVER_UNKNOWN, new RuleRef("(server unknown)", place), Messages.serverUnknown(tool));
    }

    /** The plan for a call whose grant is not in force; null if it is, or if there is none. */
    private @Nullable ToolPlan outsideGrant(int grant, ToolCall call) {
        ToolPlan outside = grant < grants.size() ? notInForce.get(grant) : null;
        return outside == null
                        || grants.get(grant).body().during().orElseThrow().includes(call.time())
                ? null
                : outside;
    }

    private static Decision notKnown(String tool) {
        return Decision.denied(Code.SCHEMA_UNKNOWN, UNKNOWN, Messages.notKnown(tool));
    }

    /**
     * A denial by the lock reveals to an agent that the tool exists. The policy may forbid that, and a caller without a
     * grant is told the same of every tool.
     */
    private static ToolPlan toldAsUnheardOf(ToolPlan byLock, ToolPlan byPolicy) {
        Decision denied = byLock.verdict();
        Decision verdict = byPolicy.verdict();
        return denied == null || verdict == null || !(verdict.isWithheld() || verdict.code() == Code.NO_GRANT)
                ? byLock
                : ToolPlan.denied(denied.telling(verdict.told()), false);
    }

    /** What an agent is told of a tool that neither the server nor the policy has ever named. */
    private Decision unheardOf(String tool) {
        if (lock != null) {
            return ToolLockCheck.notSeen(tool);
        }
        if (readsRating) {
            return notKnown(tool);
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

    private Map<String, ToolPlan> table(Reach reach, @Nullable ToolRating rating) {
        return isNameEnough()
                ? plans
                : variants.computeIfAbsent(variant(reach, rating), variant -> new ConcurrentHashMap<>());
    }

    private static Variant variant(Reach reach, @Nullable ToolRating rating) {
        return rating == null
                ? new Variant(reach.grant(), reach.server(), null, null)
                : new Variant(reach.grant(), reach.server(), rating.category(), rating.risk());
    }

    /** Whether what the policy says about a tool depends on nothing but its name. */
    private boolean isNameEnough() {
        return policy.grants().isEmpty() && !readsRating && !distinguishesServers;
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

    private ToolPlan compile(String tool, Reach reach, @Nullable ToolRating rating) {
        int grantIndex = reach.grant();
        PlanCompiler compiler = new PlanCompiler(policy.mode(), tool, rating, validator, limiter, operators, hasMarks);
        boolean records = policy.mode() == Mode.AUDIT && tool.length() <= LookAlikes.MAX_NAME;
        ToolPlan denied = named(compiler, tool);
        if (denied != null && !records) {
            return denied;
        }
        CompiledBody grant = grantIndex < grants.size() ? grants.get(grantIndex) : null;
        List<CompiledEntry> entries = new ArrayList<>();
        Decision unheardOf = unheardOf(tool);
        ToolPlan byPolicy = enter(compiler, body, reach.ofPolicy(), tool, rating, entries, unheardOf);
        denied = denied == null ? byPolicy : denied;
        if (denied != null && !records) {
            return denied;
        }
        if (grant != null) {
            ToolPlan byGrant = enter(compiler, grant, reach.ofGrant(), tool, rating, entries, unheardOf);
            denied = denied == null ? byGrant : denied;
            if (denied != null && !records) {
                return denied;
            }
        }
        entries.forEach(compiler::add);
        boolean onlyWhatCouldPass =
                denies(body) || denies(grant) || denies(reach.ofPolicy()) || denies(reach.ofGrant());
        ToolPlan plan = compiler.plan(onlyWhatCouldPass);
        Decision verdict = denied == null ? null : denied.verdict();
        return verdict == null ? plan : plan.deniedBy(verdict);
    }

    /** The plan of a tool that is denied for its name; null if it is not. */
    private @Nullable ToolPlan named(PlanCompiler compiler, String tool) {
        String defect = LookAlikes.defect(tool);
        if (defect != null) {
            return compiler.denied(Code.NAME, ref("(name)", ""), Messages.name(defect));
        }
        ListedNames.Listed alike = names.passedFor(tool);
        return alike == null
                ? null
                : compiler.withheld(Code.NAME, new RuleRef("(name)", alike.place()), unheardOf(tool));
    }

    private static boolean denies(@Nullable CompiledBody scoped) {
        return scoped != null && scoped.body().posture() == Posture.DENY;
    }

    /**
     * Adds a body's entries for a tool, then those of the server's body in it, even if the tool is denied. Returns a
     * plan if one of the two denies the tool outright.
     */
    private static @Nullable ToolPlan enter(
            PlanCompiler compiler,
            CompiledBody scoped,
            @Nullable CompiledBody ofServer,
            String tool,
            @Nullable ToolRating rating,
            List<CompiledEntry> entries,
            Decision unheardOf) {
        boolean listed = ofServer != null && ofServer.selection().lists(tool, rating);
        ToolPlan denied = enter(compiler, scoped, listed, tool, rating, entries, unheardOf);
        ToolPlan byServer =
                ofServer == null ? null : enter(compiler, ofServer, false, tool, rating, entries, unheardOf);
        return denied == null ? byServer : denied;
    }

    /**
     * Adds a body's entries for a tool. Returns a plan if the body denies the tool outright, for which those entries
     * count only what is recorded.
     *
     * @param listed whether the tool is listed elsewhere for this body's {@code default: deny}
     */
    private static @Nullable ToolPlan enter(
            PlanCompiler compiler,
            CompiledBody scoped,
            boolean listed,
            String tool,
            @Nullable ToolRating rating,
            List<CompiledEntry> entries,
            Decision unheardOf) {
        List<Selected> all = new ArrayList<>(scoped.selection().naming(tool, rating));
        boolean named = listed || scoped.selection().lists(tool, rating);
        all.addAll(scoped.selection().global());
        entries.addAll(scoped.compiled(all));
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
        return null;
    }

    /** The rule of a denial that comes from the document as a whole or from the engine. */
    static RuleRef ref(String name, String path) {
        return new RuleRef(name, Place.of(path));
    }

    /**
     * What a policy needs for its decisions, found in one pass over it. A large policy is read completely when it is
     * set, and the first call waits for that.
     */
    private final class Needs {

        /** Whether the policy decides by the category or risk of tools. */
        private boolean rating;

        private boolean schemas;
        private boolean unwraps;

        /** Whether an entry sets or clears marks, or a condition reads them. */
        private boolean marks;

        /** Whether anything is said about the ends of calls, or counted at them. */
        private boolean ends;

        /** Whether a condition reads the time. */
        private boolean time;

        /** The keys of the context that conditions read. */
        private final Set<String> contextKeys = new TreeSet<>();

        /** Whether a path reads the whole context. Only code can build such a path. */
        private boolean wholeContext;

        void add(CompiledBody scoped) {
            time |= scoped.body().during().isPresent();
            rating |= !scoped.body().categories().isEmpty()
                    || !scoped.body().risks().isEmpty();
            scoped.compiled(scoped.selection().all()).forEach(this::add);
        }

        private void add(CompiledEntry entry) {
            unwraps |= entry.entry().unwrap() != null;
            Afterwards end = entry.entry().afterwards();
            marks |= !end.marks().isEmpty() || !end.clears().isEmpty();
            ends |= !end.isEmpty();
            for (Block block : entry.entry().blocks()) {
                add(block.conditions(), entry);
            }
            for (Rule rule : entry.entry().rules()) {
                Rule.Demands demands = rule.demands();
                add(demands.conditions(), entry);
                requireFixedLimits(demands, entry);
                add(demands.validation(), rule);
                demands.limits().forEach(this::add);
            }
            entry.entry().limits().forEach(this::add);
            for (ResultRule rule : entry.entry().afterwards().results()) {
                for (Block block : rule.blocks()) {
                    add(block.conditions(), entry);
                }
                // What is left of structured content must still be what the tool's output schema promises.
                schemas |= !rule.redact().isEmpty();
            }
        }

        private void add(List<Condition> conditions, CompiledEntry entry) {
            for (Condition condition : conditions) {
                for (Path path : condition.reads()) {
                    add(path, entry);
                }
            }
        }

        private void add(Path path, CompiledEntry entry) {
            switch (path.root()) {
                case TOOL -> rating = true;
                case CTX -> addContext(path);
                case STATE -> entry.counter(path, entry.selected().key());
                case CALL -> time |= path.isTime();
                case SESSION -> marks = true;
                case ARGS, PARAMS, RESULT, USAGE -> {}
            }
        }

        private static void requireFixedLimits(Rule.Demands demands, CompiledEntry entry) {
            for (Condition condition : demands.conditions()) {
                if (condition.operand().from() != null && entry.selected().limitsOwnCounter(condition, demands)) {
                    throw new IllegalArgumentException("the condition at " + condition.place()
                            + " is the limit of a counter, which must be a number of the policy, not "
                            + condition.operand());
                }
            }
        }

        private void add(Limit limit) {
            ends |= limit.isAfterwards();
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
     * What applies to a caller's calls to a server besides the policy's own body.
     *
     * @param grant the position of the caller's grant; see {@link #grantOf}
     * @param ofPolicy the body of the server in the policy; null if there is none
     * @param ofGrant the body of the server in the grant; null if there is none
     * @param server the server's name, if one of the two applies; otherwise null
     * @param byGlob whether one of the two has a glob as its key. Then the number of such servers is not bounded
     * @param unknown where the servers stand that the call's server can't be told from; null if it can
     */
    private record Reach(
            int grant,
            @Nullable CompiledBody ofPolicy,
            @Nullable CompiledBody ofGrant,
            @Nullable String server,
            boolean byGlob,
            @Nullable Place unknown) {

        static Reach of(int grant) {
            return new Reach(grant, null, null, null, false, null);
        }
    }

    /**
     * What a tool's plan depends on in addition to its name: the position of the caller's grant, the server if the
     * policy has a body for it, and the tool's rating, null if that is not known.
     */
    private record Variant(
            int grant,
            @Nullable String server,
            @Nullable ToolCategory category,
            @Nullable RiskLevel risk) {}

    /** A tool and what else its plan depends on. */
    private record Variation(String tool, Variant variant) {}
}
