package dev.interlock.policy.call;

import dev.interlock.policy.Place;
import java.time.Duration;

/**
 * A rule that requires a person's yes to a call.
 *
 * @param name its name
 * @param place where it stands in the policy
 * @param message what the policy says about it
 * @param timeout its {@code approval_timeout}
 */
public record AskingRule(String name, Place place, String message, Duration timeout) {}
