package dev.interlock.policy.call;

import dev.interlock.policy.tool.AnnouncedTools;
import dev.interlock.policy.tool.ToolCatalog;
import dev.interlock.policy.tool.ToolCatalog.KnownTool;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import dev.interlock.policy.value.ValueLimits;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A call to a tool, as the engine decides it. Immutable: the arguments are frozen when the call is created. Send
 * {@link #arguments()} to the server, not the map that the call was created from, because that map may have changed
 * since.
 *
 * <p>Identity, session, server and context come from the host. They must never come from the wire unchecked.
 */
public final class ToolCall {

    /**
     * The session of all calls for which the host gives neither session nor identity. It is the same in every engine,
     * so engines that share a store share this session.
     */
    public static final String COMMON_SESSION = "(engine)";

    /** Stands for no session. A session of this name has no marks either. */
    private static final String NO_SESSION = "";

    /** The parameter that holds the answers to what a server asked for in an earlier round of the call. */
    public static final String INPUT_RESPONSES = "inputResponses";

    private final String tool;
    private final Arguments arguments;
    private final @Nullable String problem;
    private final @Nullable String identity;
    private final @Nullable String session;

    /** The session that marks are put on, if it is another one; {@link #NO_SESSION} if it is none. */
    private final @Nullable String marked;

    private final @Nullable String server;
    private final ObjectValue context;
    private final ObjectValue parameters;
    private final @Nullable AnnouncedTools announced;
    private final @Nullable KnownTool definition;
    private final @Nullable Instant time;
    private final @Nullable MethodCall request;

    private ToolCall(
            String tool,
            Arguments arguments,
            @Nullable String problem,
            @Nullable String identity,
            @Nullable String session,
            @Nullable String marked,
            @Nullable String server,
            ObjectValue context,
            ObjectValue parameters,
            @Nullable AnnouncedTools announced,
            @Nullable KnownTool definition,
            @Nullable Instant time,
            @Nullable MethodCall request) {
        this.tool = tool;
        this.arguments = arguments;
        this.problem = problem;
        this.identity = identity;
        this.session = session;
        this.marked = marked;
        this.server = server;
        this.context = context;
        this.parameters = parameters;
        this.announced = announced;
        this.definition = definition;
        this.time = time;
        this.request = request;
    }

    private static ToolCall unsigned(String tool, Arguments arguments, @Nullable String problem) {
        return new ToolCall(
                tool,
                arguments,
                problem,
                null,
                null,
                null,
                null,
                ObjectValue.EMPTY,
                ObjectValue.EMPTY,
                null,
                null,
                null,
                null);
    }

    /**
     * Creates a call within the {@linkplain ValueLimits#DEFAULT usual bounds}; see
     * {@link #of(String, Map, ValueLimits)}.
     */
    public static ToolCall of(String tool, @Nullable Map<String, ?> arguments) {
        return of(tool, arguments, ValueLimits.DEFAULT);
    }

    /**
     * Creates a call. If the arguments are not valid JSON or exceed the bounds, the result is a call that every policy
     * denies. Nothing is thrown, so that a host can't forget to catch it.
     *
     * @param arguments the arguments by name; null counts as none
     */
    public static ToolCall of(String tool, @Nullable Map<String, ?> arguments, ValueLimits limits) {
        try {
            return unsigned(tool, Arguments.freeze(arguments, limits), null);
        } catch (InvalidValueException e) {
            return malformed(tool, "the arguments can't be read: " + e.getMessage());
        } catch (Throwable e) {
            // The map itself threw, perhaps even an error. Its message may contain anything, even a secret.
            return malformed(tool, "the arguments can't be read");
        }
    }

    /** Creates a call with arguments that are already frozen. */
    public static ToolCall of(String tool, Arguments arguments) {
        return unsigned(tool, arguments, null);
    }

    /**
     * Creates a call that can't be read. Every policy denies it.
     *
     * @param problem what is wrong with the call; the agent is told, so it must not quote arguments
     */
    public static ToolCall malformed(String tool, String problem) {
        return unsigned(tool, Arguments.NONE, problem);
    }

    /**
     * Returns the form in which the engine decides a request other than {@code tools/call}: a call whose tool is the
     * method, and whose arguments are the parameters. Only what the policy says of the method applies to it.
     */
    public static ToolCall standingFor(MethodCall request) {
        return new ToolCall(
                request.method(),
                request.parameters(),
                null,
                request.identity(),
                request.session(),
                request.connectionOnly() || !request.callerKnown() ? NO_SESSION : null,
                request.server(),
                request.context(),
                ObjectValue.EMPTY,
                null,
                null,
                null,
                request);
    }

    /** Returns the request that this call {@linkplain #standingFor stands for}; null if it is a call to a tool. */
    public @Nullable MethodCall request() {
        return request;
    }

    /** Returns the same call by this identity: the agent, user or team that the call is made for. */
    public ToolCall by(@Nullable String identity) {
        return new ToolCall(
                tool,
                arguments,
                problem,
                identity,
                session,
                marked,
                server,
                context,
                parameters,
                announced,
                definition,
                time,
                request);
    }

    /** Returns the same call in this agent session. If null, {@link #session} says which session applies. */
    public ToolCall in(@Nullable String session) {
        return in(session, null);
    }

    /**
     * Returns the same call in a session that ends with the connection that the call came through, such as one that a
     * transport has made up. Limits count by it as by any other. Marks are not put on it, since an agent could leave
     * them behind by connecting again.
     */
    public ToolCall inConnection(@Nullable String session) {
        return in(session, session == null ? null : NO_SESSION);
    }

    /** The same call, with this session for its marks if the host says nothing of one. */
    public ToolCall orMarkedIn(String other) {
        return marked != null || markSession() != null ? this : in(session, other);
    }

    private ToolCall in(@Nullable String session, @Nullable String marked) {
        return new ToolCall(
                tool,
                arguments,
                problem,
                identity,
                session,
                marked,
                server,
                context,
                parameters,
                announced,
                definition,
                time,
                request);
    }

    /** Returns the same call to this server. */
    public ToolCall on(@Nullable String server) {
        return new ToolCall(
                tool,
                arguments,
                problem,
                identity,
                session,
                marked,
                server,
                context,
                parameters,
                announced,
                definition,
                time,
                request);
    }

    /** Returns the same call with what conditions read as {@code ctx.<key>}. */
    public ToolCall with(ObjectValue context) {
        return new ToolCall(
                tool,
                arguments,
                problem,
                identity,
                session,
                marked,
                server,
                context,
                parameters,
                announced,
                definition,
                time,
                request);
    }

    /** Returns the same call in a request that also has these parameters. */
    public ToolCall saying(ObjectValue parameters) {
        return new ToolCall(
                tool,
                arguments,
                problem,
                identity,
                session,
                marked,
                server,
                context,
                parameters,
                announced,
                definition,
                time,
                request);
    }

    /**
     * Returns the same call through a connection whose server has announced these tools. The call is judged by this
     * definition of its tool, whatever is announced elsewhere under the same server name. If the policy decides by
     * definitions and the tool is not among these, the call is denied with {@link Decision.Code#SCHEMA_UNKNOWN}. Unlike
     * a tool that is called without a connection, it is not rated by its name alone. Adapters set this for every call.
     */
    public ToolCall among(AnnouncedTools tools) {
        return new ToolCall(
                tool,
                arguments,
                problem,
                identity,
                session,
                marked,
                server,
                context,
                parameters,
                tools,
                definition,
                time,
                request);
    }

    /** The same call, judged by this definition whatever is announced from now on; null if there is no definition. */
    public ToolCall defined(@Nullable KnownTool known) {
        return new ToolCall(
                tool,
                arguments,
                problem,
                identity,
                session,
                marked,
                server,
                context,
                parameters,
                announced,
                known,
                time,
                request);
    }

    /** The same call, decided at this time. */
    public ToolCall decidedAt(Instant now) {
        return new ToolCall(
                tool,
                arguments,
                problem,
                identity,
                session,
                marked,
                server,
                context,
                parameters,
                announced,
                definition,
                now,
                request);
    }

    /** The time that the call is {@linkplain #decidedAt decided at}, which conditions read as {@code call.time}. */
    public Instant time() {
        return Objects.requireNonNull(time, "the engine sets the time of a call whose policy reads it");
    }

    /** What is known of the tool now. */
    @Nullable
    public KnownTool lookUp(ToolCatalog catalog) {
        return announced == null ? catalog.find(server, tool) : announced.find(tool);
    }

    /** Whether the call must not be decided by the tool's name alone if the tool's definition matters. */
    public boolean comesThroughAConnection() {
        return announced != null;
    }

    /** The definition that the call is {@linkplain #defined judged by}. */
    @Nullable
    public KnownTool definition() {
        return definition;
    }

    /**
     * Returns the call that this call makes by running another tool: by the same caller, in the same session and
     * context.
     *
     * @param name the other tool
     * @param given its arguments
     * @param on its server
     */
    public ToolCall running(String name, Arguments given, @Nullable String on) {
        boolean elsewhere = on == null ? server != null : !on.equals(server);
        return new ToolCall(
                name,
                given,
                null,
                identity,
                session,
                marked,
                on,
                context,
                ObjectValue.EMPTY,
                elsewhere ? null : announced,
                null,
                time,
                null);
    }

    /** The same call with other arguments. */
    public ToolCall withArguments(Arguments other) {
        return new ToolCall(
                tool,
                other,
                problem,
                identity,
                session,
                marked,
                server,
                context,
                parameters,
                announced,
                definition,
                time,
                request);
    }

    /** Returns the tool's name, as it is called. */
    public String tool() {
        return tool;
    }

    /** Returns the arguments. */
    public Arguments arguments() {
        return arguments;
    }

    /** Returns why the call can't be read, or null if it can. */
    public @Nullable String problem() {
        return problem;
    }

    /** Returns who calls, or null if the host doesn't say. */
    public @Nullable String identity() {
        return identity;
    }

    /**
     * Returns the agent session. If the host gives none, it is the identity; without an identity,
     * {@link #COMMON_SESSION}.
     */
    public String session() {
        return session(session, identity);
    }

    /**
     * Returns the session that marks are put on: the agent session, or the identity if the host gives none. Null if
     * there is neither, or if the session is only {@linkplain #inConnection a connection's}.
     */
    public @Nullable String markSession() {
        return marked == null ? markSession(session, identity) : marked.equals(NO_SESSION) ? null : marked;
    }

    static @Nullable String markSession(@Nullable String said, @Nullable String identity) {
        String session = said == null ? identity : said;
        return COMMON_SESSION.equals(session) ? null : session;
    }

    static String session(@Nullable String said, @Nullable String identity) {
        if (said != null) {
            return said;
        }
        return identity == null ? COMMON_SESSION : identity;
    }

    /** Returns the server that is called, or null if the host doesn't say. */
    public @Nullable String server() {
        return server;
    }

    /** Returns what the host says about the call. */
    public ObjectValue context() {
        return context;
    }

    /**
     * Returns the size of the arguments as compact JSON in UTF-8, in bytes. The answers in {@link #INPUT_RESPONSES}
     * count as well, if the call has any.
     */
    public long argumentBytes() {
        Value answers = parameters.get(INPUT_RESPONSES);
        return answers == null
                ? arguments.bytes()
                : (long) arguments.bytes() + answers.json().getBytes(StandardCharsets.UTF_8).length;
    }

    /**
     * Returns the same call if its arguments, together with the answers in {@link #INPUT_RESPONSES}, are within the
     * bounds; otherwise a {@linkplain #malformed call that every policy denies}.
     */
    public ToolCall within(ValueLimits limits) {
        return problem != null || argumentBytes() <= limits.maxBytes()
                ? this
                : malformed(
                        tool,
                        "the arguments and " + INPUT_RESPONSES + " together are larger than " + limits.maxBytes()
                                + " bytes");
    }

    /**
     * Returns what the request contains besides the tool, its arguments and the protocol's envelope
     * ({@code progressToken}, trace context, protocol version, what the client says of itself), by name. Empty if it
     * contains nothing else or the caller of the engine doesn't know. No condition reads these parameters, but a person
     * who approves the call approves them too.
     */
    public ObjectValue parameters() {
        return parameters;
    }

    /** Names the tool and the server; never an argument, identity or session. */
    @Override
    public String toString() {
        if (request != null) {
            return request.toString();
        }
        return server == null ? "call to " + tool : "call to " + tool + " on " + server;
    }
}
