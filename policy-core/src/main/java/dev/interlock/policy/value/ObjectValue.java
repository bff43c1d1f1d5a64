package dev.interlock.policy.value;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A JSON object: members by name, in the order in which they were given. */
public final class ObjectValue implements Value {

    /** The object without members. */
    public static final ObjectValue EMPTY = new ObjectValue(Map.of());

    /** An object of which nothing is known: each of its members is unclear. It is equal to {@link #EMPTY}. */
    static final ObjectValue UNKNOWN = new ObjectValue();

    /** Up to this many members, each name is compared; beyond it, there is an index. */
    private static final int FEW = 16;

    private final Map<String, Value> members;

    /** Whether all names are {@linkplain MemberName#bit plain}. */
    private final boolean plain;

    /** The bits of the names; all bits if some name isn't plain. */
    private final long once;

    /** The bits that more than one name has; all bits if some name isn't plain. */
    private final long again;

    /** The names by what they look like, created on first use. It doesn't matter which thread's index is kept. */
    private @Nullable LookAlikeIndex index;

    private ObjectValue() {
        this.members = Map.of();
        this.plain = false;
        this.once = -1;
        this.again = -1;
    }

    private ObjectValue(Map<String, Value> members) {
        this.members = members;
        boolean allPlain = true;
        long seen = 0;
        long twice = 0;
        for (String name : members.keySet()) {
            long bit = MemberName.bit(name);
            allPlain &= bit != 0;
            twice |= seen & bit;
            seen |= bit;
        }
        this.plain = allPlain;
        this.once = allPlain ? seen : -1;
        this.again = allPlain ? twice : -1;
    }

    /** Returns an object with a copy of these members. */
    public static ObjectValue of(Map<String, Value> members) {
        return members.isEmpty() ? EMPTY : new ObjectValue(new LinkedHashMap<>(members));
    }

    /** Returns an object that takes over an ordered map. The caller must not use the map again. */
    static ObjectValue owning(Map<String, Value> members) {
        return members.isEmpty() ? EMPTY : new ObjectValue(members);
    }

    /** Returns the member with this name, or null if there is none. */
    public @Nullable Value get(String name) {
        return members.get(name);
    }

    /**
     * Returns the member with this name, or null if there is none. Returns {@code unclear} if another member could be
     * taken for it, whether the member itself exists or not, because servers differ in which of the two they take.
     */
    public @Nullable Value read(MemberName name, Value unclear) {
        Value found = members.get(name.text());
        // A name that isn't plain has all bits. It is found among names that aren't all plain, or no name looks like
        // it.
        return ((found == null ? once : again) & name.mask()) == 0 || !hasLookAlike(name, found != null)
                ? found
                : unclear;
    }

    /** Returns whether any two members have names that look alike. */
    public boolean hasLookAlikes() {
        return again != 0 && members.size() > 1 && index().hasLookAlikes();
    }

    @SuppressWarnings("ReferenceEquality") // Equal objects are known.
    private boolean hasLookAlike(MemberName name, boolean there) {
        if (this == UNKNOWN) {
            return true;
        }
        return (plain && name.isPlain() && members.size() <= FEW)
                ? hasPlainLookAlike(name)
                : index().hasLookAlike(name, there);
    }

    private LookAlikeIndex index() {
        LookAlikeIndex names = index;
        if (names == null) {
            names = new LookAlikeIndex(members.keySet());
            index = names;
        }
        return names;
    }

    private boolean hasPlainLookAlike(MemberName name) {
        for (String other : members.keySet()) {
            if (name.isPassedForByPlain(other)) {
                return true;
            }
        }
        return false;
    }

    /** Returns the names of the members, in order. */
    public Set<String> names() {
        return Collections.unmodifiableSet(members.keySet());
    }

    /** Returns the members, in order, unmodifiable. */
    public Map<String, Value> members() {
        return Collections.unmodifiableMap(members);
    }

    /** Returns how many members there are. */
    public int size() {
        return members.size();
    }

    /**
     * Returns the strings in the array member with this name; empty if there is no such member or it is not an array.
     */
    public List<String> texts(String name) {
        return members.get(name) instanceof Array array
                ? array.items().stream()
                        .filter(Text.class::isInstance)
                        .map(item -> ((Text) item).value())
                        .toList()
                : List.of();
    }

    /** Returns the string member with this name, or null if there is none or it is not a string. */
    public @Nullable String text(String name) {
        return members.get(name) instanceof Text text ? text.value() : null;
    }

    @Override
    public Map<String, @Nullable Object> toJava() {
        Map<String, @Nullable Object> copy = new LinkedHashMap<>();
        members.forEach((name, value) -> copy.put(name, value.toJava()));
        return Collections.unmodifiableMap(copy);
    }

    @Override
    public String typeName() {
        return "object";
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ObjectValue object && members.equals(object.members);
    }

    @Override
    public int hashCode() {
        return members.hashCode();
    }

    @Override
    public String toString() {
        return typeName();
    }
}
