package dev.interlock.policy;

import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The most that may be counted in a window. Each cap of a budget is a limit of its own.
 *
 * @param form how a document writes it
 * @param counter the counter's name within its entry, under which conditions read it; null if it counts under its
 *     rule's name and can't be read
 * @param max the most that may be counted in a window, or the most calls at the same time; null for a {@code state},
 *     whose limits are the conditions on it in the same rule
 * @param window the window; null for a cap on what one call may count, and for calls at the same time
 * @param algorithm how it counts; of no meaning without a window
 * @param scope what it counts separately
 * @param increment how much a call counts if {@code incrementFrom} is null
 * @param incrementFrom where it stands how much a call counts: an argument, or, for an amount that is known only when
 *     the call has ended, a number in its result or {@code usage.<key>}; or null
 * @param charge which calls count
 * @param message what the agent is told if there is no room; null for the rule's message or a built-in message
 * @param place where it, or the rule that it belongs to, stands
 * @param per the values of the call by which it counts separately, besides its scope
 * @param lease how long a call that is never settled keeps its place; null unless the limit is one of calls at the same
 *     time
 * @param hold how much is reserved for a call whose amount is known only when it has ended; null if nothing is, and
 *     where the amount is known before
 */
public record Limit(
        Form form,
        @Nullable String counter,
        @Nullable Amount max,
        @Nullable Window window,
        Algorithm algorithm,
        Scope scope,
        Amount increment,
        @Nullable Path incrementFrom,
        ChargeMode charge,
        @Nullable String message,
        Place place,
        List<PartitionKey> per,
        @Nullable Duration lease,
        @Nullable Amount hold) {

    /** What such a call counts whose amount stays unknown, if it has neither {@code hold} nor {@code max}. */
    public static final Amount UNKNOWN = Amount.MAX;

    /** How long a call that is never settled keeps its place if the policy doesn't say. */
    public static final Duration DEFAULT_LEASE = Duration.ofMinutes(10);

    /** The keys of a document under which limits stand. */
    public enum Form {
        /** {@code state} in a rule: a counter without a {@code max}. */
        STATE,
        /** {@code rate_limit} in a rule: a map, or {@code 5/hour}, which is also a counter. */
        RATE_LIMIT,
        /** A key of {@code spend} in a rule: {@code per_call}, {@code hourly}, … */
        SPEND,
        /** {@code concurrent} in a rule: how many calls may be under way at the same time. */
        CONCURRENT,
        /** An item of an entry's {@code limits}. */
        LIMITS
    }

    /** Refuses a limit that can't be counted, or that lacks a part that its form has. */
    public Limit {
        per = List.copyOf(per);
        if (counter != null && counter.isBlank()) {
            throw new IllegalArgumentException("a counter needs a name");
        }
        boolean afterwards = isAfterwards(incrementFrom);
        if (incrementFrom != null
                && !afterwards
                && incrementFrom.root() != Path.Root.ARGS
                && incrementFrom.root() != Path.Root.PARAMS) {
            throw new IllegalArgumentException(
                    "an amount is read from an argument (args.<name>), or from result.structured.<name> or usage.<key>"
                            + " when the call has ended, not from " + incrementFrom);
        }
        if (incrementFrom != null && !incrementFrom.isSingle()) {
            throw new IllegalArgumentException("an amount is read from one argument, not from many: " + incrementFrom);
        }
        if (hold != null && (!afterwards || hold.micros() == 0)) {
            throw new IllegalArgumentException("'hold' is more than 0, and stands beside an amount that is known only"
                    + " when the call has ended (result.structured.<name>, usage.<key>); it was " + hold);
        }
        if (afterwards && (window == null || algorithm == Algorithm.TOKEN_BUCKET || charge == ChargeMode.FAILURES)) {
            throw new IllegalArgumentException("an amount that is known only when the call has ended is counted in a"
                    + " fixed_window or a sliding_window, and not by 'counts: failures'; it was " + incrementFrom);
        }
        if (algorithm != Algorithm.FIXED_WINDOW && window == Window.Calendar.MONTH) {
            throw new IllegalArgumentException("a " + algorithm.text()
                    + " needs a window of one length, and months differ; write a length such as 30d");
        }
        if (algorithm != Algorithm.FIXED_WINDOW && window instanceof Window.InZone) {
            throw new IllegalArgumentException("a " + algorithm.text() + " has no calendar, and so no zone");
        }
        boolean fixed = algorithm == Algorithm.FIXED_WINDOW;
        boolean ones = increment.equals(Amount.ONE);
        boolean sayable = switch (form) {
            case STATE -> counter != null && max == null && window != null && fixed;
            case RATE_LIMIT ->
                isWhole(max)
                        && window != null
                        && ones
                        && incrementFrom == null
                        && (counter == null || (per.isEmpty() && isShort(counter, window, algorithm, charge)));
            case SPEND ->
                counter == null
                        && max != null
                        && fixed
                        && window != Window.Calendar.MINUTE
                        && !(window instanceof Window.InZone zoned && zoned.unit() == Window.Calendar.MINUTE)
                        && !(window instanceof Window.Length);
            case CONCURRENT ->
                counter == null && isWhole(max) && window == null && fixed && ones && incrementFrom == null;
            case LIMITS -> counter != null && max != null && window != null && ones;
        };
        if (form == Form.CONCURRENT
                ? lease == null || lease.isNegative() || lease.isZero() || lease.compareTo(Window.Length.MAX) > 0
                : lease != null) {
            throw new IllegalArgumentException(
                    "calls at the same time need a lease of more than 0 and at most 366 days, and no other limit has"
                            + " one; it was " + lease);
        }
        if (charge == ChargeMode.FAILURES && (form != Form.LIMITS || algorithm == Algorithm.TOKEN_BUCKET)) {
            throw new IllegalArgumentException(
                    "only an item of 'limits' counts failures, by a fixed_window or a sliding_window");
        }
        if (!sayable || (message != null && form != Form.LIMITS)) {
            throw new IllegalArgumentException("'" + form.name().toLowerCase(Locale.ROOT)
                    + "' can't be a limit with the counter " + counter + ", the max " + max + ", the window "
                    + (window == null ? null : window.text()) + ", the increment " + increment + " or "
                    + incrementFrom + ", the algorithm " + algorithm.text() + " and the message " + message);
        }
    }

    /** A limit that counts separately by its scope alone. */
    public Limit(
            Form form,
            @Nullable String counter,
            @Nullable Amount max,
            @Nullable Window window,
            Algorithm algorithm,
            Scope scope,
            Amount increment,
            @Nullable Path incrementFrom,
            ChargeMode charge,
            @Nullable String message,
            Place place) {
        this(form, counter, max, window, algorithm, scope, increment, incrementFrom, charge, message, place, List.of());
    }

    /** A limit of what is counted in a window, or in one call. */
    public Limit(
            Form form,
            @Nullable String counter,
            @Nullable Amount max,
            @Nullable Window window,
            Algorithm algorithm,
            Scope scope,
            Amount increment,
            @Nullable Path incrementFrom,
            ChargeMode charge,
            @Nullable String message,
            Place place,
            List<PartitionKey> per) {
        this(form, counter, max, window, algorithm, scope, increment, incrementFrom, charge, message, place, per, null);
    }

    /** A limit of amounts that are known before the call, or of calls at the same time. */
    public Limit(
            Form form,
            @Nullable String counter,
            @Nullable Amount max,
            @Nullable Window window,
            Algorithm algorithm,
            Scope scope,
            Amount increment,
            @Nullable Path incrementFrom,
            ChargeMode charge,
            @Nullable String message,
            Place place,
            List<PartitionKey> per,
            @Nullable Duration lease) {
        this(
                form,
                counter,
                max,
                window,
                algorithm,
                scope,
                increment,
                incrementFrom,
                charge,
                message,
                place,
                per,
                lease,
                null);
    }

    /** The same limit, counting separately by these values of the call besides its scope. */
    public Limit per(List<PartitionKey> keys) {
        return new Limit(
                form,
                counter,
                max,
                window,
                algorithm,
                scope,
                increment,
                incrementFrom,
                charge,
                message,
                place,
                keys,
                lease,
                hold);
    }

    /** The same limit, reserving so much for a call whose amount is known only when it has ended. */
    public Limit holding(@Nullable Amount reserved) {
        return new Limit(
                form,
                counter,
                max,
                window,
                algorithm,
                scope,
                increment,
                incrementFrom,
                charge,
                message,
                place,
                per,
                lease,
                reserved);
    }

    /** Returns whether it is known only when a call has ended how much it counts. */
    public boolean isAfterwards() {
        return isAfterwards(incrementFrom);
    }

    /** Returns whether a path leads to an amount that can be known only when a call has ended. */
    private static boolean isAfterwards(@Nullable Path from) {
        return from != null
                && switch (from.root()) {
                    case USAGE -> true;
                    case RESULT ->
                        switch (from.member(0)) {
                            case "text", "is_error" -> false;
                            case "structured" -> from.steps().size() > 1;
                            default -> true;
                        };
                    default -> false;
                };
    }

    /**
     * Returns {@code concurrent}: at most {@code max} calls at the same time.
     *
     * @param lease how long a call that is never settled keeps its place
     */
    public static Limit concurrent(long max, Scope scope, List<PartitionKey> per, Duration lease, Place place) {
        return new Limit(
                Form.CONCURRENT,
                null,
                Amount.of(max),
                null,
                Algorithm.FIXED_WINDOW,
                scope,
                Amount.ONE,
                null,
                ChargeMode.SENT,
                null,
                place,
                per,
                lease);
    }

    /** Returns {@code rate_limit: 5/hour}. Its counter is named after the window, so an entry may have one for each. */
    public static Limit calls(long max, Window.Calendar window, Scope scope, Place place) {
        Amount most = Amount.of(max);
        Algorithm fixed = Algorithm.FIXED_WINDOW;
        ChargeMode charge = ChargeMode.SUCCESS;
        return new Limit(
                Form.RATE_LIMIT, counterOf(window), most, window, fixed, scope, Amount.ONE, null, charge, null, place);
    }

    /**
     * Returns {@code spend}: first the cap on one call, if there is one, then one limit for each other cap.
     *
     * @param perCall the most that one call may cost, or null
     * @param caps the most that may be spent in each calendar unit, in the order in which they are reported
     * @param from the argument that holds what a call costs; null if each call costs {@code perCall}
     */
    public static List<Limit> budget(
            @Nullable Amount perCall,
            Map<Window.Calendar, Amount> caps,
            @Nullable Path from,
            ChargeMode charge,
            Scope scope,
            Place place) {
        return budget(perCall, caps, null, from, charge, scope, place);
    }

    /**
     * Returns the same with calendar units by the clock of a zone.
     *
     * @param zone the zone, or null for UTC
     */
    public static List<Limit> budget(
            @Nullable Amount perCall,
            Map<Window.Calendar, Amount> caps,
            @Nullable ZoneId zone,
            @Nullable Path from,
            ChargeMode charge,
            Scope scope,
            Place place) {
        if (perCall == null && (from == null || caps.isEmpty())) {
            throw new IllegalArgumentException("a budget needs 'per_call', or else 'from' and at least one cap");
        }
        Amount cost = perCall == null || from != null ? Amount.ONE : perCall;
        List<Limit> budget = new ArrayList<>();
        if (perCall != null) {
            budget.add(cap(perCall, null, cost, from, charge, scope, place));
        }
        caps.forEach(
                (unit, max) -> budget.add(cap(max, Window.Calendar.in(unit, zone), cost, from, charge, scope, place)));
        return List.copyOf(budget);
    }

    private static Limit cap(
            Amount max,
            @Nullable Window window,
            Amount cost,
            @Nullable Path from,
            ChargeMode charge,
            Scope scope,
            Place place) {
        return new Limit(Form.SPEND, null, max, window, Algorithm.FIXED_WINDOW, scope, cost, from, charge, null, place);
    }

    /** Returns the counter's name, or the path of its place. */
    public String label() {
        return counter == null ? place.path() : counter;
    }

    /** Returns the most that one call may count, or null if this is a limit of another kind. */
    public @Nullable Amount perCall() {
        return form == Form.SPEND && window == null ? max : null;
    }

    /**
     * Returns whether a condition of the same rule is the limit of this counter.
     *
     * @param owner how the paths of the counters of the rule's entry begin after {@code state}
     */
    public boolean isLimitedBy(Condition condition, String owner) {
        Path path = condition.path();
        return (condition.operator() == Operator.LT || condition.operator() == Operator.LTE)
                && path.root() == Path.Root.STATE
                && path.member(1).equals(counter)
                && path.member(0).equals(owner);
    }

    private static String counterOf(Window window) {
        return "_rate_" + window.text();
    }

    private static boolean isShort(String counter, Window window, Algorithm algorithm, ChargeMode charge) {
        return window instanceof Window.Calendar
                && counter.equals(counterOf(window))
                && algorithm == Algorithm.FIXED_WINDOW
                && charge == ChargeMode.SUCCESS;
    }

    private static boolean isWhole(@Nullable Amount max) {
        return max != null && max.compareTo(Amount.ONE) >= 0 && max.micros() % Amount.ONE_MICROS == 0;
    }
}
