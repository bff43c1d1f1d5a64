package dev.interlock.policy;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One rule of an entry. */
public sealed interface Rule {

    /** Its name, or null if it has none; its {@link #place()} then stands for it. */
    @Nullable
    String name();

    /** What the agent is told when this rule denies, or null for a message of ours. */
    @Nullable
    String message();

    /** Whether it is enforced. */
    Mode mode();

    /** Where it stands. */
    Place place();

    /** The name, or the path of its place. */
    default String label() {
        String name = name();
        return name == null ? place().path() : name;
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

    /** The call is denied, always. */
    record Deny(@Nullable String name, @Nullable String message, Mode mode, Place place) implements Rule {}

    /**
     * If the conditions hold, or can't be compared, the call needs a person's yes; and then it must satisfy the rest of
     * the demands, too.
     *
     * @param demands when it asks, and what else holds for the calls that it asks about
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
     * What a rule asks of a call.
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

        /** Nothing. */
        public static final Demands NONE = new Demands(List.of(), null, null, null, null);

        /** Copies the conditions. */
        public Demands {
            conditions = List.copyOf(conditions);
        }

        /** Whether every call satisfies it. */
        public boolean isEmpty() {
            return conditions.isEmpty()
                    && rateLimit == null
                    && state == null
                    && spend == null
                    && (validation == null || validation.isEmpty());
        }
    }
}
