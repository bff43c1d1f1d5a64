package dev.interlock.policy.mcp;

import dev.interlock.policy.engine.CallFacts;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.time.Alarm;
import dev.interlock.policy.time.TimeSource;
import dev.interlock.policy.value.ValueLimits;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The settings that a wrapped client and a wrapped server have in common. Whatever is not set keeps the default that its
 * method names. Not thread-safe.
 *
 * @param <B> the builder itself
 */
public abstract sealed class EnforcementBuilder<B extends EnforcementBuilder<B>>
        permits EnforcingClientTransport.Builder, EnforcingServerTransports.Builder {

    final PolicyEngine engine;

    @Nullable
    String server;

    @Nullable
    String identity;

    @Nullable
    String session;

    CallContextResolver resolver = CallContextResolver.NONE;
    String denialPrefix = "[POLICY DENIED] ";
    boolean denialsAsErrors;
    ValueLimits argumentLimits = ValueLimits.DEFAULT;
    TimeSource time = TimeSource.system();
    Alarm alarm = Alarm.system();
    Duration callTimeToLive = Duration.ofMinutes(10);
    Duration toolListTimeout = Duration.ofSeconds(10);
    Duration approvalWait = Duration.ofSeconds(15);
    boolean elicitsApprovals;

    EnforcementBuilder(PolicyEngine engine) {
        this.engine = engine;
        // Whoever rates the first tool may read files for it, and later that would be a thread that must not block.
        engine.tools().rating(null, "tool");
    }

    abstract B self();

    /**
     * The name by which policies know the server: {@code call.server}. Hosts that deal with several servers through one
     * engine should give each a name, or the servers' tools are taken for one another's. Default: none.
     */
    public B server(String name) {
        this.server = name;
        return self();
    }

    /** Who calls, where the {@linkplain #callContext resolver} doesn't say: {@code call.identity}. Default: none. */
    public B identity(String identity) {
        this.identity = identity;
        return self();
    }

    /**
     * The agent session, where the {@linkplain #callContext resolver} doesn't say: {@code call.session}, by which limits
     * of scope {@code session} count. Default: the caller's identity. If nobody knows that either, it is, on a client, the
     * {@linkplain dev.interlock.policy.engine.ToolCall#COMMON_SESSION one} that all such calls have in common, so that one
     * agent's limits hold over all its servers; on a server, it is the id of the MCP session, which a client gets anew
     * whenever it initializes, and its limits with it, and the common one where there are no MCP sessions.
     */
    public B session(String session) {
        this.session = session;
        return self();
    }

    /** Finds out who makes each call. Default: {@link CallContextResolver#NONE}. */
    public B callContext(CallContextResolver resolver) {
        this.resolver = resolver;
        return self();
    }

    /** What the text of a denial begins with. Default: {@code "[POLICY DENIED] "}. */
    public B denialPrefix(String prefix) {
        this.denialPrefix = prefix;
        return self();
    }

    /**
     * Answers a denied call with a JSON-RPC error (code -32600, the decision in its {@code data}) in place of a tool
     * result. For hosts that tell the model by themselves; most models never see an error. Default: a tool result.
     */
    public B denialsAsErrors() {
        this.denialsAsErrors = true;
        return self();
    }

    /** How large arguments may be, whatever the policy says. Default: {@link ValueLimits#DEFAULT}. */
    public B argumentLimits(ValueLimits limits) {
        this.argumentLimits = limits;
        return self();
    }

    /** Where time comes from. Default: the JVM's clocks. */
    public B timeSource(TimeSource time) {
        this.time = time;
        return self();
    }

    /** What tells that a response has been awaited for too long. Default: {@link Alarm#system}. */
    public B alarm(Alarm alarm) {
        this.alarm = alarm;
        return self();
    }

    /**
     * How long a response is awaited before its call counts as lost. On a client it should be longer than the request
     * timeout, on a server longer than the slowest tool takes; if it is shorter, a late protocol error gives nothing
     * back. Default: ten minutes.
     *
     * @throws IllegalArgumentException if it isn't positive
     */
    public B callTimeToLive(Duration timeToLive) {
        this.callTimeToLive = positive("callTimeToLive", timeToLive);
        return self();
    }

    /**
     * How long a call may wait for the list of tools when the policy needs their definitions and nobody has listed them.
     * It must be shorter than the client's request timeout to be of use. Default: ten seconds.
     *
     * @throws IllegalArgumentException if it isn't positive
     */
    public B toolListTimeout(Duration timeout) {
        this.toolListTimeout = positive("toolListTimeout", timeout);
        return self();
    }

    /**
     * How long a call may wait for a person's approval, counted from when it was made; the rule's {@code approval_timeout}
     * may end the wait sooner. It must be shorter than the request timeout of the client, which can't be read here: past
     * that nobody awaits the call's answer, and a yes would still send it. Whoever wants to give people minutes must set
     * both, or use tickets. Default: 15 seconds, below the 20 that are the default of the SDK's client.
     *
     * @throws IllegalArgumentException if it isn't positive
     */
    public B approvalWait(Duration longest) {
        this.approvalWait = positive("approvalWait", longest);
        return self();
    }

    /** Refuses a policy that reads what nobody here can know. */
    void requireFacts() {
        boolean resolves = !resolver.equals(CallContextResolver.NONE);
        engine.expect(new CallFacts(
                resolves || identity != null
                        ? null
                        : "no call here has an identity: set identity, or callContext, where the transport is wrapped",
                server != null ? null : "the server has no name: set server where the transport is wrapped",
                resolves ? null : "nobody gives it: set callContext where the transport is wrapped"));
    }

    Answers answers() {
        return new Answers(denialPrefix, denialsAsErrors);
    }

    private static Duration positive(String name, Duration value) {
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(name + " must be positive, was " + value);
        }
        return value;
    }
}
