package dev.interlock.policy.call;

import dev.interlock.policy.Place;

/**
 * The rule that decided.
 *
 * @param name its name; {@code (hidden)}, {@code (default deny)}, {@code (name)}, {@code (no grant)}, … if no rule of
 *     the document decided
 * @param place where it stands in the document
 */
public record RuleRef(String name, Place place) {}
