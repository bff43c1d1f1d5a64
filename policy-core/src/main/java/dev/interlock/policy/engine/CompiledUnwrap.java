package dev.interlock.policy.engine;

import dev.interlock.policy.Path;
import dev.interlock.policy.Unwrap;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.RuleRef;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.StrictJson;
import dev.interlock.policy.value.Value;
import dev.interlock.policy.value.ValueLimits;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A compiled {@code unwrap}: finds the calls that a call makes by running other tools. */
final class CompiledUnwrap {

    static final String TOO_MANY = "it runs more than " + Unwrapping.MOST_CALLS + " tools";

    private final Unwrap unwrap;
    private final RuleRef rule;
    private final @Nullable PathReader each;
    private final PathReader tool;
    private final @Nullable PathReader arguments;
    private final @Nullable PathReader server;

    CompiledUnwrap(Unwrap unwrap) {
        this.unwrap = unwrap;
        this.rule = new RuleRef(unwrap.place().path(), unwrap.place());
        this.each = reader(unwrap.each());
        this.tool = PathReader.argument(unwrap.tool());
        this.arguments = reader(unwrap.arguments());
        this.server = reader(unwrap.server());
    }

    private static @Nullable PathReader reader(@Nullable Path path) {
        return path == null ? null : PathReader.argument(path);
    }

    /**
     * What was found.
     *
     * @param calls the calls, in order
     * @param problem why no more could be found; null if these are all
     */
    record InnerCalls(List<ToolCall> calls, @Nullable String problem) {}

    /** The denial of a call because of a problem. */
    Decision denial(ToolCall call, String problem) {
        return Decision.denied(Code.UNWRAP, rule, Messages.unwrap(call.tool(), problem, rule));
    }

    /** The calls that a call makes, at most so many. */
    InnerCalls find(ToolCall call, int most) {
        if (each == null) {
            return find(call, List.of(call.arguments().root()), most);
        }
        Value list = each.from(call.arguments().root());
        if (!(list instanceof Value.Array array) || PathReader.isUnclear(list)) {
            return new InnerCalls(List.of(), "'" + each(unwrap) + "' is not a list of calls");
        }
        return array.items().isEmpty() ? new InnerCalls(List.of(), "it runs no tool") : find(call, array.items(), most);
    }

    private static String each(Unwrap unwrap) {
        return unwrap.each() == null ? "" : unwrap.each().text();
    }

    private InnerCalls find(ToolCall call, List<? extends Value> elements, int most) {
        List<ToolCall> calls = new ArrayList<>();
        for (Value element : elements) {
            if (calls.size() == most) {
                return new InnerCalls(calls, TOO_MANY);
            }
            if (!(tool.from(element) instanceof Value.Text name)) {
                return new InnerCalls(calls, "which tool it runs can't be told");
            }
            String on = server(call, element);
            if (on == null && (server != null || unwrap.serverName() != null)) {
                return new InnerCalls(calls, "the server of the tool that it runs can't be told");
            }
            Arguments given = arguments(element);
            if (given == null) {
                return new InnerCalls(calls, "the arguments of the tool that it runs can't be read");
            }
            calls.add(call.running(name.value(), given, on));
        }
        return new InnerCalls(calls, null);
    }

    private @Nullable String server(ToolCall call, Value element) {
        if (server != null) {
            return server.from(element) instanceof Value.Text name ? name.value() : null;
        }
        return unwrap.serverName() != null ? unwrap.serverName() : call.server();
    }

    /** The arguments, {@linkplain Arguments#UNKNOWN} if the policy doesn't say where they stand; null if unreadable. */
    private @Nullable Arguments arguments(Value element) {
        if (arguments == null) {
            return unwrap.takesNone() ? Arguments.NONE : Arguments.UNKNOWN;
        }
        Value given = arguments.from(element);
        if (given == Value.Nil.NULL) {
            return Arguments.NONE;
        }
        if (unwrap.json()) {
            ObjectValue read =
                    given instanceof Value.Text text ? StrictJson.object(text.value(), ValueLimits.DEFAULT) : null;
            return read == null ? null : Arguments.of(read);
        }
        return given instanceof ObjectValue object ? Arguments.of(object) : null;
    }
}
