package dev.interlock.policy;

/**
 * A mark that a call takes from its session when it has succeeded.
 *
 * @param mark the mark's name
 * @param place where it stands
 */
public record Clearing(String mark, Place place) {}
