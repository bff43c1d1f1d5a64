package dev.interlock.policy.cli.io;

import dev.interlock.policy.Place;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Builds a JSON object, in the order in which its members are added. */
public final class Json {

    private final Map<String, Value> members = new LinkedHashMap<>();

    public Json put(String name, Value value) {
        members.put(name, value);
        return this;
    }

    public Json put(String name, @Nullable String value) {
        return put(name, value == null ? Value.Nil.NULL : new Value.Text(value));
    }

    public Json put(String name, long value) {
        return put(name, NumberValue.of(value));
    }

    public Json put(String name, boolean value) {
        return put(name, Value.Bool.of(value));
    }

    public Json put(String name, Json value) {
        return put(name, value.value());
    }

    public <T> Json put(String name, List<T> items, Function<T, Json> form) {
        return put(
                name,
                new Value.Array(items.stream().map(form).<Value>map(Json::value).toList()));
    }

    /** Adds the member only if there is a value. */
    public Json maybe(String name, @Nullable String value) {
        return value == null ? this : put(name, value);
    }

    /** The place of something in a document. The line is left out if it isn't known. */
    public static Json of(Place place) {
        Json json = new Json().put("path", place.path());
        return place.line() == 0 ? json : json.put("line", place.line()).put("column", place.column());
    }

    /** The object, as it is so far. */
    public ObjectValue value() {
        return ObjectValue.of(members);
    }

    @Override
    public String toString() {
        return value().json();
    }
}
