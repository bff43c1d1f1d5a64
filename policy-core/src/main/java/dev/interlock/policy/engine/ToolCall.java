package dev.interlock.policy.engine;

import dev.interlock.policy.tool.AnnouncedTools;
import dev.interlock.policy.tool.ToolCatalog;
import dev.interlock.policy.tool.ToolCatalog.KnownTool;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.ValueLimits;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One call of a tool, as the engine decides on it: immutable, its arguments frozen when it is made. What is sent to the
 * server must be {@link #arguments()}, not the map that it was made from, which may have changed since.
 *
 * <p>Identity, session, server and context are what the host says, never what came over the wire unchecked.
 */
public final class ToolCall {

    /**
     * The session of all calls of which the host says neither session nor identity. It is the same in every engine, so that
     * engines that share a store share it.
     */
    public static final String COMMON_SESSION = "(engine)";

    private final String tool;
    private final Arguments arguments;
    private final @Nullable String problem;
    private final @Nullable String identity;
    private final @Nullable String session;
    private final @Nullable String server;
    private final ObjectValue context;
    private final ObjectValue parameters;
    private final @Nullable AnnouncedTools announced;
    private final @Nullable KnownTool definition;

    private ToolCall(
            String tool,
            Arguments arguments,
            @Nullable String problem,
            @Nullable String identity,
            @Nullable String session,
            @Nullable String server,
            ObjectValue context,
            ObjectValue parameters,
            @Nullable AnnouncedTools announced,
            @Nullable KnownTool definition) {
        this.tool = tool;
        this.arguments = arguments;
        this.problem = problem;
        this.identity = identity;
        this.session = session;
        this.server = server;
        this.context = context;
        this.parameters = parameters;
        this.announced = announced;
        this.definition = definition;
    }

    private static ToolCall unsigned(String tool, Arguments arguments, @Nullable String problem) {
        return new ToolCall(
                tool, arguments, problem, null, null, null, ObjectValue.EMPTY, ObjectValue.EMPTY, null, null);
    }

    /** A call within the {@linkplain ValueLimits#DEFAULT usual bounds}; see {@link #of(String, Map, ValueLimits)}. */
    public static ToolCall of(String tool, @Nullable Map<String, ?> arguments) {
        return of(tool, arguments, ValueLimits.DEFAULT);
    }

    /**
     * A call. Arguments that are no JSON, or go past the bounds, make a call that every policy denies; they don't throw,
     * so that no host can forget to catch.
     *
     * @param arguments the arguments by name; null counts as none
     */
    public static ToolCall of(String tool, @Nullable Map<String, ?> arguments, ValueLimits limits) {
        try {
            return unsigned(tool, Arguments.freeze(arguments, limits), null);
        } catch (InvalidValueException e) {
            return malformed(tool, "the arguments can't be read: " + e.getMessage());
        } catch (Throwable e) {
            // From the map itself, and be it an error. Its message may be anything, a secret too.
            return malformed(tool, "the arguments can't be read");
        }
    }

    /** A call with arguments that are frozen already. */
    public static ToolCall of(String tool, Arguments arguments) {
        return unsigned(tool, arguments, null);
    }

    /**
     * A call that can't be read, which every policy denies.
     *
     * @param problem what is wrong with it; told to the agent, so it must not quote arguments
     */
    public static ToolCall malformed(String tool, String problem) {
        return unsigned(tool, Arguments.NONE, problem);
    }

    /** The same call by this identity: the agent, user or team on whose account it is made. */
    public ToolCall by(@Nullable String identity) {
        return new ToolCall(
                tool, arguments, problem, identity, session, server, context, parameters, announced, definition);
    }

    /** The same call in this agent session; null leaves it to what {@link #session} says. */
    public ToolCall in(@Nullable String session) {
        return new ToolCall(
                tool, arguments, problem, identity, session, server, context, parameters, announced, definition);
    }

    /** The same call to this server. */
    public ToolCall on(@Nullable String server) {
        return new ToolCall(
                tool, arguments, problem, identity, session, server, context, parameters, announced, definition);
    }

    /** The same call with what conditions read as {@code ctx.<key>}. */
    public ToolCall with(ObjectValue context) {
        return new ToolCall(
                tool, arguments, problem, identity, session, server, context, parameters, announced, definition);
    }

    /** The same call in a request that says this besides. */
    public ToolCall saying(ObjectValue parameters) {
        return new ToolCall(
                tool, arguments, problem, identity, session, server, context, parameters, announced, definition);
    }

    /**
     * The same call, through a connection whose server has announced these tools. It is judged by what they say of its
     * tool, whatever is announced elsewhere under the same name of a server. Where the policy decides by definitions and
     * the tool is not among them, the call is denied with {@link Decision.Code#SCHEMA_UNKNOWN}: it is not rated by its
     * name alone, as one is that comes through no connection. Adapters say this of every call.
     */
    public ToolCall among(AnnouncedTools tools) {
        return new ToolCall(
                tool, arguments, problem, identity, session, server, context, parameters, tools, definition);
    }

    /** The same call, judged by this definition whatever is announced from now on; null if there is none. */
    ToolCall defined(@Nullable KnownTool known) {
        return new ToolCall(tool, arguments, problem, identity, session, server, context, parameters, announced, known);
    }

    /** What is known of the tool now. */
    @Nullable
    KnownTool lookUp(ToolCatalog catalog) {
        return announced == null ? catalog.find(server, tool) : announced.find(tool);
    }

    /** Whether the call must not be decided by the tool's name alone where its definition would matter. */
    boolean comesThroughAConnection() {
        return announced != null;
    }

    /** The definition that it is {@linkplain #defined judged by}. */
    @Nullable
    KnownTool definition() {
        return definition;
    }

    /** The same call with other arguments. */
    ToolCall withArguments(Arguments other) {
        return new ToolCall(
                tool, other, problem, identity, session, server, context, parameters, announced, definition);
    }

    /** The tool's name, as it is called. */
    public String tool() {
        return tool;
    }

    /** The arguments. */
    public Arguments arguments() {
        return arguments;
    }

    /** Why the call can't be read, or null if it can. */
    public @Nullable String problem() {
        return problem;
    }

    /** Who calls, or null if the host doesn't say. */
    public @Nullable String identity() {
        return identity;
    }

    /** The agent session: what the host says; else the identity; else {@link #COMMON_SESSION}. */
    public String session() {
        return session(session, identity);
    }

    static String session(@Nullable String said, @Nullable String identity) {
        if (said != null) {
            return said;
        }
        return identity == null ? COMMON_SESSION : identity;
    }

    /** The server that is called, or null if the host doesn't say. */
    public @Nullable String server() {
        return server;
    }

    /** What the host says of the call. */
    public ObjectValue context() {
        return context;
    }

    /**
     * What the request says besides the tool, its arguments and the envelope of the protocol ({@code progressToken}, trace
     * context, protocol version, what the client says of itself), by name; empty if it says nothing, or the caller of the
     * engine doesn't know. No condition reads it, but a person who approves the call approves this too.
     */
    public ObjectValue parameters() {
        return parameters;
    }

    /** Names the tool and the server; never an argument, identity or session. */
    @Override
    public String toString() {
        return server == null ? "call of " + tool : "call of " + tool + " on " + server;
    }
}
