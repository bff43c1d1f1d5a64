package dev.interlock.policy;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One rule of an entry. */
public sealed interface Rule {

    /** Returns its name, or null if it has none; its {@link #place()} then stands for it. */
    @Nullable
    String name();

    /** Returns what the agent is told if this rule denies, or null for a built-in message. */
    @Nullable
    String message();

    /** Returns whether it is enforced. */
    Mode mode();

    /** Returns where it stands. */
    Place place();

    /** Returns the name, or the path of its place. */
    default String label() {
        String name = name();
        return name == null ? place().path() : name;
    }

    /** Returns what it demands of a call; {@link Demands#NONE} if it denies every call. */
    default Demands demands() {
        return Demands.NONE;
    }

    /**
     * The call must satisfy everything in the rule ({@code evaluate}, {@code allow}).
     *
     * @param demands what it must satisfy
     */
    record Check(
            @Nullable String name,
            Demands demands,
            @Nullable String message,
            Mode mode,
            Place place) implements Rule {}

    /** The call is always denied. */
    record Deny(@Nullable String name, @Nullable String message, Mode mode, Place place) implements Rule {}

    /**
     * If the conditions hold, or can't be compared, the call needs a person's yes. It must then also satisfy the other
     * demands.
     *
     * @param demands when it asks, and what must hold for the calls that it asks about
     * @param timeout how long an answer may take
     */
    record Approval(
            @Nullable String name,
            Demands demands,
            Duration timeout,
            @Nullable String message,
            Mode mode,
            Place place) implements Rule {

        /** How long an answer may take if the rule doesn't say. */
        public static final Duration DEFAULT_TIMEOUT = Duration.ofMinutes(5);
    }

    /**
     * What a rule demands of a call.
     *
     * @param conditions conditions that must all hold
     * @param limits limits that must all have room, in the order in which they are charged. A document can only have a
     *     {@code state}, a {@code rate_limit}, a budget and a {@code concurrent}, in this order
     * @param validation checks on the arguments, or null
     */
    record Demands(
            List<Condition> conditions,
            List<Limit> limits,
            @Nullable Validation validation) {

        /** No demands. */
        public static final Demands NONE = new Demands(List.of(), List.of(), null);

        /** Copies the lists. */
        public Demands {
            conditions = List.copyOf(conditions);
            limits = List.copyOf(limits);
        }

        /** Returns the first limit of this form, or null. Of a budget, that is the cap on one call if there is one. */
        public @Nullable Limit limit(Limit.Form form) {
            for (Limit limit : limits) {
                if (limit.form() == form) {
                    return limit;
                }
            }
            return null;
        }

        /** Returns whether every call satisfies it. */
        public boolean isEmpty() {
            return conditions.isEmpty() && limits.isEmpty() && (validation == null || validation.isEmpty());
        }
    }
}
