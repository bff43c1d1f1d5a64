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
     * @param rateLimit a limit on calls, or null
     * @param state a counter, or null
     * @param spend a budget, or null
     * @param validation checks on the arguments, or null
     */
    record Demands(
            List<Condition> conditions,
            @Nullable RateLimit rateLimit,
            @Nullable Counter state,
            @Nullable Spend spend,
            @Nullable Validation validation) {

        /** No demands. */
        public static final Demands NONE = new Demands(List.of(), null, null, null, null);

        /** Copies the conditions. */
        public Demands {
            conditions = List.copyOf(conditions);
        }

        /** Returns whether every call satisfies it. */
        public boolean isEmpty() {
            return conditions.isEmpty()
                    && rateLimit == null
                    && state == null
                    && spend == null
                    && (validation == null || validation.isEmpty());
        }
    }
}
