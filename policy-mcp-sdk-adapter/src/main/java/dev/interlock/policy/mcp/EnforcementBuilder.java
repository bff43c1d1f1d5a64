package dev.interlock.policy.mcp;

import dev.interlock.policy.adapter.DenialText;
import dev.interlock.policy.adapter.GuardSettings;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.time.Alarm;
import dev.interlock.policy.time.TimeSource;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import dev.interlock.policy.value.ValueLimits;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The settings that a wrapped client and a wrapped server have in common. A setting that is not made keeps the default
 * that its method documents. Not thread-safe.
 *
 * @param <B> the builder itself
 */
public abstract sealed class EnforcementBuilder<B extends EnforcementBuilder<B>>
        permits EnforcingClientTransport.Builder,
                EnforcingModernTransport.Builder,
                EnforcingRequestManager.Builder,
                EnforcingServerTransports.Builder {

    final PolicyEngine engine;

    @Nullable
    String server;

    @Nullable
    String identity;

    @Nullable
    String session;

    ObjectValue facts = ObjectValue.EMPTY;
    CallContextResolver resolver = CallContextResolver.NONE;
    String denialPrefix = DenialText.DEFAULT_PREFIX;
    boolean denialsAsErrors;
    ValueLimits argumentLimits = ValueLimits.DEFAULT;
    TimeSource time = TimeSource.system();
    Alarm alarm = Alarm.system();
    Duration callTimeToLive = GuardSettings.CALL_TIME_TO_LIVE;
    Duration toolListTimeout = GuardSettings.TOOL_LIST_TIMEOUT;
    Duration approvalWait = Duration.ofSeconds(15);
    boolean elicitsApprovals;

    EnforcementBuilder(PolicyEngine engine) {
        this.engine = engine;
        // Rating the first tool may read files. Do it now, since a later call may come on a thread that must not block.
        engine.tools().rating(null, "tool");
    }

    abstract B self();

    /**
     * The name by which policies know the server: {@code call.server}. A host that uses one engine for several servers
     * should name each of them, or the engine mistakes one server's tools for another's. Default: none.
     */
    public B server(String name) {
        this.server = name;
        return self();
    }

    /** The caller, if the {@linkplain #callContext resolver} gives none: {@code call.identity}. Default: none. */
    public B identity(String identity) {
        this.identity = identity;
        return self();
    }

    /**
     * The agent session, if the {@linkplain #callContext resolver} gives none: {@code call.session}. Limits of scope
     * {@code session} count by it. Default: the caller's identity. If that is unknown as well, the default depends on
     * the side:
     *
     * <ul>
     *   <li>On a client, it is the {@linkplain dev.interlock.policy.call.ToolCall#COMMON_SESSION session} that all
     *       such calls have in common, so that one agent's limits hold over all its servers.
     *   <li>On a server, it is the id of the MCP session. A client gets a new id, and new limits with it, whenever it
     *       initializes. Without MCP sessions, it is the common session.
     * </ul>
     */
    public B session(String session) {
        this.session = session;
        return self();
    }

    /**
     * What conditions read as {@code ctx.<key>}, for all callers alike. What the {@linkplain #callContext resolver}
     * gives under the same key comes first. Default: nothing.
     *
     * @param facts the values by their keys
     * @throws dev.interlock.policy.value.InvalidValueException if a value is not one of JSON's
     */
    public B context(Map<String, ?> facts) {
        this.facts = (ObjectValue) Value.freeze(facts);
        return self();
    }

    /** Finds out who makes each call. Default: {@link CallContextResolver#NONE}. */
    public B callContext(CallContextResolver resolver) {
        this.resolver = resolver;
        return self();
    }

    /** The prefix of a denial's text. Default: {@code "[POLICY DENIED] "}. */
    public B denialPrefix(String prefix) {
        this.denialPrefix = prefix;
        return self();
    }

    /**
     * Answers a denied call with a JSON-RPC error (code -32600, the decision in its {@code data}) instead of a tool
     * result. For hosts that inform the model themselves; most models never see an error. Default: a tool result.
     */
    public B denialsAsErrors() {
        this.denialsAsErrors = true;
        return self();
    }

    /** The largest arguments allowed, whatever the policy says. Default: {@link ValueLimits#DEFAULT}. */
    public B argumentLimits(ValueLimits limits) {
        this.argumentLimits = limits;
        return self();
    }

    /** The source of time. Default: the JVM's clocks. */
    public B timeSource(TimeSource time) {
        this.time = time;
        return self();
    }

    /** Signals that a response has been awaited for too long. Default: {@link Alarm#system}. */
    public B alarm(Alarm alarm) {
        this.alarm = alarm;
        return self();
    }

    /**
     * How long a response is awaited before its call counts as lost. On a client it should be longer than the request
     * timeout, on a server longer than the slowest tool takes. If it is shorter, a protocol error that arrives late
     * gives nothing back. Default: ten minutes.
     *
     * @throws IllegalArgumentException if it isn't positive
     */
    public B callTimeToLive(Duration timeToLive) {
        this.callTimeToLive = GuardSettings.positive("callTimeToLive", timeToLive);
        return self();
    }

    /**
     * How long a call may wait for the list of tools if the policy needs their definitions and no list has been seen
     * yet. To be useful, it must be shorter than the client's request timeout. Default: ten seconds.
     *
     * @throws IllegalArgumentException if it isn't positive
     */
    public B toolListTimeout(Duration timeout) {
        this.toolListTimeout = GuardSettings.positive("toolListTimeout", timeout);
        return self();
    }

    /**
     * How long a call may wait for a person's approval, counted from when it was made. The rule's {@code
     * approval_timeout} may end the wait sooner. It must be shorter than the client's request timeout, which can't be
     * read here: after that timeout no caller awaits the answer, and a yes would still send the call. To give people
     * minutes, set both, or use tickets. Default: 15 seconds, below the SDK client's default of 20.
     *
     * @throws IllegalArgumentException if it isn't positive
     */
    public B approvalWait(Duration longest) {
        this.approvalWait = GuardSettings.positive("approvalWait", longest);
        return self();
    }

    /** Refuses a policy that reads facts that no call here can have. */
    void requireFacts() {
        GuardSettings.requireFacts(
                engine, !resolver.equals(CallContextResolver.NONE), identity, session, server, facts.names());
    }

    /** @param serving whether this is the server's side */
    Callers callers(boolean serving) {
        return new Callers(server, identity, session, facts, serving, resolver);
    }

    Answers answers() {
        return new Answers(new DenialText(denialPrefix), denialsAsErrors);
    }
}
