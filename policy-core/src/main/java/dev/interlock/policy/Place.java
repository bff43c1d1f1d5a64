package dev.interlock.policy;

import org.jspecify.annotations.Nullable;

/**
 * Where a part of a policy stands in its document. Two places are equal if their paths are equal. The line and column
 * are for people: a document that was only reformatted still says the same.
 *
 * @param path the path of the node, such as {@code tools.create_charge.rules[1]}
 * @param line the line, from 1; 0 if the policy was not read from a text
 * @param column the column, from 1; 0 if the policy was not read from a text
 */
public record Place(String path, int line, int column) {

    /** Returns a place in a policy that was built in code. */
    public static Place of(String path) {
        return new Place(path, 0, 0);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Place place && path.equals(place.path);
    }

    @Override
    public int hashCode() {
        return path.hashCode();
    }

    /** Returns the path, with the line and column if there are any. */
    @Override
    public String toString() {
        return line == 0 ? path : path + " (" + line + ":" + column + ")";
    }
}
